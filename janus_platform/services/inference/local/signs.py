"""Signs of what a sentence does: it gives a reason, defines, points elsewhere, or leans on another."""

from __future__ import annotations

import re

from janus_platform.services.inference.local.stemming import content_stems

# Words that say little of what a question is about.
COMMON = frozenset(
    content_stems(
        """
        good best better big large small great new old long short thing day today year time lot kind
        type sort place part number amount go take give know need want look start begin end run set many several allow
        exactly actually used really call called two first typical usual usually quickly fast please one maximum
        minimum most get getting onto into consist contain fail win won lose see never ever world bad safe dangerous
        main enough full real happen become keep put try ask tell say think help move bring provide include continue
        learn change lead follow stop create read add open offer appear wait serve send expect build stay fall reach
        remain possible important interesting easy hard simple common normal general special certain everything
        something anything nothing someone human life years month week hour minute second knows various mostly often
        always sometimes matter matters suit suits each every higher high lower low back along around another away
        care
        """
    )
)
REASONS = re.compile(
    r"\b(?:because|since|due to|caused? by|causes|owing to|results? (?:of|from)|comes? from|the reason|so that"
    r"|therefore"
    r"|otherwise|without (?:it|them|this)|would|so (?:a|the|it|each|every|no))\b",
    re.I,
)
DEFINITION = re.compile(
    r"\b(?:is|are|was|were) (?=an? |the |one |what |how )|\b(?:means|refers to|describes|stands for|defines"
    r"|says that|states"
    r" that|protects? |turns? |stores? |returns? |lets |let |measures? |shows? |asks? |gives? |names )"
)
# A question of the text itself, a quotation, an announcement, a pointer to elsewhere: never quoted.
REASON_HEADINGS = re.compile(r"\b(?:why|caus|reason|origin|background|purpose)\w*", re.I)
# "The Earth turns beneath them": a pronoun before anything that is asked about.
POINTING = re.compile(
    r"\A(?:[\w'’,()-]++ ){1,7}?(?:them|they|these|those|this|it|its|their)\b"
    r"|\A(?:[\w'’,()-]++ ){1,12}?that (?:question|way|case|reason|problem|object|rule)\b",
    re.I,
)
ASIDE = re.compile(
    r"^(?:who|what|which|when|where|why|how|is|are|do|does|did|can|should|will|would)\b[^.]*[?]$|\bthis (?:page"
    r"|article|section|chapter|table|figure|notebook|cell|recipe|list)\b|^[\"“][^\"”]*[\"”]\.?$"
    # A heading or a promise that ends like a sentence: "How a name becomes an address."
    r"|^(?:what|where|how|which|why|who)\b[^.?,;:]*\.$"
    r"|^(?:Sources?|See|Related|Background|More)\b|\b(?:below|above)[.:]$|\b(?:next|following|last) (?:page|cell)\b"
    r"|\b(?:has|have) their own page\b|\b(?:is|are) (?:explained|described|discussed|treated) (?:under|on|in)\b"
    r"|\bis the subject of\b|\bsee (?:also )?\w|\b(?:is|are) on the page about\b",
    re.I,
)
LEANING = re.compile(
    r"(?:It|Its|This|That|These|Those|They|Them|Their|Such|He|She|His|Her|However|But|And|So|Then|Instead|Therefore|Both|Here"
    r"|There|Thus|Also|Hence|Otherwise|Of these|One of them|The (?:first|second|third|last|other|others|former"
    r"|latter|same"
    r"|two|three|result|rest)|Neither|Either|Each of|In (?:this|that|these) |For (?:this|that)|With (?:this|that"
    r"|it)|Nor|Yet"
    r"|Afterwards|Some of|Most of them|Two of|All of|On (?:this|the way)|At (?:this|that))\b"
)
