"""Small talk, and what no page can answer: each kind recognised as a whole, and answered in its own words.

Only a message that is nothing but one of these counts; one that asks something besides is looked up.
"""

from __future__ import annotations

import re

MAX_CHARACTERS = 160

_ABILITIES = (
    "I look questions up in the pages I can search, quote what they say and name the source. I can also calculate, run "
    "short Python programs, and plot a function or a table's numbers."
)
_TOPICS = (
    "My pages cover this platform and its limits, HTTP and TCP, Python, search and embeddings, confidential computing, "
    "quantum entanglement, tides and a few subjects more."
)
_NAME = "I am research, the baseline implementation of this Janus platform"
# One of these may stand before or after: "Hi, how are you?", "Thanks, bye!".
_OPENING = r"(?:(?:hi|hello|hey|ok(?:ay)?|oh|well|so|and|great|please|good (?:morning|afternoon|evening))\b[\s,.!]*)*"
_CLOSING = r"(?:[\s,]*(?:today|now|then|there|please|janus|friend|mate|doing|so much|very much|a lot|again|for (?:that|this|your help|the help|everything|the answer)))*[\s!.?,:;)(~'’-]*"

_KINDS: tuple[tuple[str, str], ...] = (
    (r"(?:how are (?:you|things)|how(?:'s| is) it going|how do you do|how do you feel|are you (?:ok(?:ay)?|well|fine)|what(?:'s|s| is) up|how have you been|you good)",
     "All my services answer, thank you; beyond that I am a program and feel nothing. What would you like to know?"),
    (r"(?:who are you|what are you|who is this|introduce yourself|tell me about yourself|who am i talking to|what is this|what(?:'s| is) janus chat)",
     f"{_NAME}: a program, not a person, and not a large language model. {_ABILITIES}"),
    (r"(?:what(?:'s|s| is) your name|do you have a name|what (?:should|can|do) i call you|your name)",
     f"{_NAME}. I have no other name."),
    (r"(?:what can (?:you|i) (?:do|ask(?: you)?)|what do you (?:do|know|offer)|how (?:can|do) you help(?: me)?|what are you (?:good at|able to do|for)|help(?: me)?|can you help(?: me)?|what (?:topics|subjects) do you (?:know|cover)|how do (?:you work|i use you)|what are your (?:abilities|capabilities|skills))",
     f"{_ABILITIES} {_TOPICS} I cannot chat freely, give opinions or see today's news."),
    (r"(?:(?:are|r) you (?:really )?(?:chat ?gpt|gpt(?:-?\w+)?|claude|gemini|llama|copilot|an? (?:ai|llm|bot|robot|human|person|machine|real person|(?:large )?language model|program|model)|human|real|alive|sentient|conscious)|is this chat ?gpt|which (?:model|llm|ai) are you|what (?:model|llm|ai) (?:are you|do you use|is this))",
     f"No: {_NAME[0].lower() + _NAME[1:] if not _NAME.startswith('I ') else _NAME}, a program that searches pages and quotes them. By default no "
     "large language model stands behind it, and no person."),
    (r"(?:who (?:made|built|created|wrote|programmed|owns) you|where (?:are|do) you (?:from|come from)|where do you live|how old are you)",
     f"{_NAME}. I came with it, as a program that runs in a sandbox on the machine of whoever started the platform."),
    (r"(?:thanks?|thank (?:you|u)|thx|cheers|many thanks|much appreciated|(?:that(?:'s| is| was) )?(?:very |really )?(?:helpful|great|perfect|awesome|nice|cool|good|wonderful)(?: (?:answer|job|work))?|well done|good job|nice)(?:[\s,]+(?:that (?:helped|was helpful)|you(?:'re| are) (?:great|the best|helpful)))?",
     "You are welcome. Ask on whenever you like."),
    (r"(?:bye(?:[ -]bye)?|good ?bye|see (?:you|ya)(?: (?:later|soon|tomorrow))?|good night|farewell|take care|have a (?:nice|good|great) (?:day|evening|night|weekend)|i(?:'m| am) (?:done|leaving)|that(?:'s| is| will be) all)",
     "Goodbye! The conversation stays here in case you come back."),
    (r"(?:tell (?:me|us) (?:a|another|some) (?:\w+ )?(?:joke|story|riddle|funny story)s?|(?:do you )?know (?:a|any) (?:good )?jokes?|make me laugh|joke|say something funny|sing (?:me )?a song)",
     "A SYN walks into a bar and waits for a SYN-ACK. That is as funny as I get: I quote pages, and none of mine was "
     "written for laughs."),
    (r"(?:yes|no|yep|nope|ok(?:ay)?|sure|fine|alright|all right|i see|got it|understood|hm+|aha|lol|haha+|wow|test(?:ing)?(?: \d)*|ping|sorry|never ?mind)",
     "All right. Ask me something when you are ready, for instance “How do tides work?”"),
    (r"(?:i love you|do you (?:love|like) me|you(?:'re| are) (?:stupid|dumb|useless|bad|wrong|an idiot|not helpful)|you suck|shut up|i hate you)",
     "I am only a program that looks things up, so I take it as a note. If an answer was wrong, ask again in other words, "
     "and check the source that it names."),
    (r"(?:hi|hello|hey|hiya|howdy|yo|greetings|good (?:morning|afternoon|evening|day)|hi there|hello there|hey there|say (?:hi|hello)|hallo|hola|bonjour|ciao|moin|servus|guten tag|salut)",
     "Hello! I answer questions by looking them up: I search, read a page, and tell you what it says and where. "
     "I can also calculate, and plot a function or the numbers of a table. What would you like to know?"),
)  # fmt: skip
_PATTERNS = [(re.compile(rf"\W*{_OPENING}{pattern}{_CLOSING}", re.I), reply) for pattern, reply in _KINDS]

# What no page answers, whatever it says: the kind of question decides.
_OUT_OF_REACH: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b(?:what(?:'s| is) the time|what time is it|current time|time is it (?:now|in)|what(?:'s| is) (?:the |today['’]?s )?date|what day is (?:it|today)|which day is it)\b(?! ?complexity)", re.I),
     "I have no clock to read you: I only search pages, and none of them knows the present time or date."),
    (re.compile(r"\b(?:weather|forecast|temperature (?:outside|today|tomorrow)|(?:will|is) it (?:going to )?(?:rain|snow|raining|snowing))\b(?=.*\b(?:today|tomorrow|now|tonight|in|here|outside|week|weekend|like)\b|\W*$)", re.I),
     "I cannot tell you the weather: I search a fixed set of pages and see nothing of today. A weather service will."),
    (re.compile(r"\b(?:latest|today['’]?s|current|breaking|recent) (?:news|headlines|events|score|price|stock|exchange rate)|\b(?:news|happened|happening) (?:today|yesterday|right now|this (?:week|morning))\b|\b(?:stock|share|bitcoin|gold|oil) price\b|\bprice of (?:bitcoin|gold|oil|\w+ (?:stock|shares?))\b|\bwho won (?:yesterday|last night|today)\b", re.I),
     "I cannot tell you today's news or prices: I search a fixed set of pages, and they do not change by the day."),
    (re.compile(r"\b(?:should|may|can|shall) i (?:take|eat|drink|stop taking|use|mix|combine)\b.*\b(?:pills?|aspirin|ibuprofen|paracetamol|tablets?|medicine|medication|drugs?|antibiotics?|vitamins?|supplements?|alcohol|pain|headache|fever|cold|flu|pregnan\w*)\b|\b(?:my|a|have) (?:headache|fever|chest pain|rash|symptoms?|diagnosis|doctor|blood pressure|depression|anxiety)\b|\b(?:treat|cure|dosage|dose of|side effects?)\b", re.I),
     "I cannot give medical advice. Please ask a doctor or pharmacist; in an emergency, call your local emergency number."),
    (re.compile(r"\b(?:should i|shall i) (?:buy|sell|invest|sue|divorce|quit|marry|vote|borrow|move|learn|study|break up|leave)\b|\b(?:legal|financial|investment|tax|relationship) advice\b|\bwhat should i (?:do with my|invest|wear|eat|cook|name|buy|study|watch|read)\b|\b(?:buy|sell|invest in) (?:\w+ )?(?:stocks?|shares|bitcoin|crypto\w*|gold)\b", re.I),
     "I cannot advise you on that: I quote pages, and a decision of yours needs someone who knows your situation."),
    (re.compile(r"\bwhat(?:'s| is| are| do) (?:your|you) (?:opinions?|thoughts?|views?|favou?rite|think|feel|prefer|like|believe)\b|\b(?:do|would) you (?:think|believe|prefer|like|agree|want|feel|enjoy|dream|have (?:feelings|friends|a favou?rite))\b|\bin your opinion\b|\bwhat(?:'s| is) the meaning of life\b|\bwho (?:should|would) (?:i|you) vote\b|\bis there (?:a )?god\b|\b(?:which|who) is (?:the )?(?:better|best) (?:party|president|politician|religion|team|singer|band|movie|film)\b", re.I),
     "I have no opinions or tastes: I look things up and quote them. Ask me what a page says about it, and I will search."),
    (re.compile(r"^\W*(?:please |can you |could you |would you )*(?:write|compose|make up|create|draft|generate) (?:me )?(?:an? |the |some )?(?:\w+ ){0,2}(?:poem|story|song|haiku|essay|novel|letter|email|e-mail|speech|limerick|lyrics|cv|cover letter|blog post|tweet|rap)\b", re.I),
     "I cannot write that: I quote what pages say and make nothing up. A language model can; I can look the subject up."),
    (re.compile(r"^\W*(?:please |can you |could you |would you )*translate\b|\bhow (?:do|would) (?:you|i) say .{1,60} in (?:french|german|spanish|italian|chinese|japanese|russian|latin|english|portuguese)\b", re.I),
     "I cannot translate: I quote pages in the language they are written in, which is English."),
    (re.compile(r"\b(?:turn (?:on|off)|set (?:an? )?(?:alarm|timer|reminder)|remind me|send (?:an? )?(?:e-?mail|message|text)|book (?:me )?an? (?:flight|table|hotel)|order (?:me )?(?:an? )?(?:pizza|taxi|uber|food)|call (?:my|me)|play (?:some )?music|open the)\b", re.I),
     "I cannot do that: I only answer here, by searching pages, calculating and plotting."),
)  # fmt: skip


def reply_to(text: str) -> str | None:
    """The answer to a message that is small talk, or that no page can answer by its kind; None for any other."""
    line = " ".join(text.split())
    if len(line) > MAX_CHARACTERS:
        return None
    if not re.search(r"\w", line):
        return "I see no question yet. What would you like to know?"
    for pattern, reply in _PATTERNS:
        if pattern.fullmatch(line):
            return reply
    return next((reply for pattern, reply in _OUT_OF_REACH if pattern.search(line)), None)
