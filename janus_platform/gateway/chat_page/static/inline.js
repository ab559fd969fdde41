// Markdown inside a line (CommonMark 0.31, chapter 6): code, emphasis, links, breaks. Linear in the length of the text.

import { element, link, plain, webAddress } from "./dom.js";

const SPECIAL = /[\\`*_~[!<&\n]|https?:\/\//gi;
const TARGET = /\(\s*(?:<([^<>\n]{0,2000})>|([^\s()]*(?:\([^\s()]*\)[^\s()]*)*))(?:\s{1,9}(?:"[^"]{0,300}"|'[^']{0,300}'))?\s{0,9}\)/y;
const BARE = /https?:\/\/[^\s<>"`|\\^{}[\]]{1,2000}/iy;
const TAG = /<(?:(https?:\/\/[^\s<>]{1,2000})|br\s{0,3}\/?)>/iy;
const ENTITY = /&(amp|lt|gt|quot|apos|nbsp|#39);/y;
const ENTITIES = new Map(Object.entries({ amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00A0", "#39": "'" }));
// Deeper nesting is shown as it was written: no text needs it, and a tree without end would stop the page.
const MAX_OPEN = 12;

/** A piece of text as a fragment. Inside a link's label `links` is false. */
export function inline(text, links = true) {
  return build(new Scanner(text, links).tokens());
}

/** Cuts text into strings, nodes, and runs of emphasis characters. */
class Scanner {
  constructor(text, links) {
    Object.assign(this, { text, links, at: 0, found: [] });
  }

  tokens() {
    const { text, found } = this;
    while (this.at < text.length) {
      SPECIAL.lastIndex = this.at;
      const next = SPECIAL.exec(text)?.index ?? text.length;
      if (next > this.at) found.push(text.slice(this.at, next));
      this.at = next;
      if (next < text.length) this.special(text[next]);
    }
    return found;
  }

  special(character) {
    const { text, at } = this;
    if (character === "\\") return this.escaped(text[at + 1]);
    if (character === "`") return this.code();
    if (character === "\n") return this.lineEnd();
    if (character === "[") return this.link(at, at);
    if (character === "!") return text[at + 1] === "[" ? this.link(at, at + 1) : this.take("!");
    if (character === "<") return this.tag();
    if (character === "&") return this.entity();
    return "*_~".includes(character) ? this.run(character) : this.bare();
  }

  take(token, length = token.length) {
    this.found.push(token);
    this.at += length;
  }

  match(pattern) {
    pattern.lastIndex = this.at;
    return pattern.exec(this.text);
  }

  escaped(next) {
    if (next === "\n") this.take(element("br"), 2);
    else if (next !== undefined && /[!-/:-@[-`{-~]/.test(next)) this.take(next, 2);
    else this.take("\\");
  }

  lineEnd() {
    const last = this.found.at(-1);
    const hard = typeof last === "string" && last.endsWith("  ");
    this.take(hard ? element("br") : "\n", 1);
  }

  code() {
    this.fences ??= fences(this.text);
    const length = this.fences.lengths.get(this.at) ?? 1;
    const closing = this.fences.next(length, this.at);
    if (closing === undefined) return this.take("`".repeat(length));
    const inner = this.text.slice(this.at + length, closing).replaceAll("\n", " ");
    const padded = inner.startsWith(" ") && inner.endsWith(" ") && inner.trim();
    this.take(element("code", {}, plain(padded ? inner.slice(1, -1) : inner)), closing + length - this.at);
  }

  link(start, bracket) {
    this.brackets ??= brackets(this.text);
    const end = this.brackets.get(bracket);
    TARGET.lastIndex = end + 1;
    const target = this.links && end !== undefined ? TARGET.exec(this.text) : null;
    const href = target && webAddress(target[1] ?? target[2]);
    if (!href) return this.take(this.text.slice(start, bracket + 1));
    const length = end + 1 + target[0].length - start;
    const label = this.text.slice(bracket + 1, end);
    // A picture from elsewhere would tell its server who reads what: it becomes a link.
    const shown = start < bracket ? `Picture: ${plain(label) || href}` : label ? inline(label, false) : href;
    this.take(link(href, shown), length);
  }

  tag() {
    const found = this.match(TAG);
    if (!found) return this.take("<");
    const href = found[1] && this.links ? webAddress(found[1]) : null;
    this.take(href ? link(href, plain(found[1])) : found[1] ? found[0] : element("br"), found[0].length);
  }

  entity() {
    const found = this.match(ENTITY);
    this.take(found ? ENTITIES.get(found[1]) : "&", found ? found[0].length : 1);
  }

  bare() {
    let url = this.match(BARE)?.[0] ?? this.text.slice(this.at, this.at + 4);
    url = url.replace(/[.,;:!?'*_~]{1,50}$/, "");
    if (url.endsWith(")") && !url.includes("(")) url = url.replace(/\){1,50}[.,;:!?]{0,9}$/, "");
    const href = this.links ? webAddress(url) : null;
    this.take(href ? link(href, plain(url)) : url, url.length);
  }

  run(character) {
    const { text, at } = this;
    let end = at + 1;
    while (text[end] === character) end += 1;
    const count = end - at;
    if (count > 3 || (character === "~" && count !== 2)) return this.take(text.slice(at, end));
    const [before, after] = [text[at - 1] ?? " ", text[end] ?? " "];
    const left = flanks(before, after);
    const right = flanks(after, before);
    const inWord = character === "_";
    this.found.push({
      character, count, opens: [], closes: [],
      canOpen: left && (!inWord || !right || isPunctuation(before)),
      canClose: right && (!inWord || !left || isPunctuation(after)),
    });
    this.at = end;
  }
}

const isPunctuation = (character) => /[\p{P}\p{S}]/u.test(character);

/** Whether a run between `outer` and `inner` leans on `inner` (CommonMark: left-flanking). */
function flanks(outer, inner) {
  return !/\s/.test(inner) && (!isPunctuation(inner) || /\s/.test(outer) || isPunctuation(outer));
}

/** The runs of backticks: the length of the one at a place, and where the next of a length begins. */
function fences(text) {
  const lengths = new Map();
  const places = new Map();
  for (const { 0: run, index } of text.matchAll(/`+/g)) {
    lengths.set(index, run.length);
    if (!places.has(run.length)) places.set(run.length, { at: 0, starts: [] });
    places.get(run.length).starts.push(index);
  }
  // Asked for growing places only: each start is passed once.
  const next = (length, after) => {
    const runs = places.get(length);
    while (runs && runs.starts[runs.at] <= after) runs.at += 1;
    return runs?.starts[runs.at];
  };
  return { lengths, next };
}

/** Where the bracket that begins at a place ends. */
function brackets(text) {
  const ends = new Map();
  const open = [];
  for (const { 0: found, index } of text.matchAll(/\\.|[[\]]/gs)) {
    if (found === "[") open.push(index);
    else if (found === "]" && open.length) ends.set(open.pop(), index);
  }
  return ends;
}

/** Pairs the runs of emphasis characters and makes the tree. */
function build(tokens) {
  const open = [];
  for (const token of tokens) {
    if (!token.character) continue;
    if (token.canClose) pair(token, open);
    if (token.canOpen && token.count && open.length < MAX_OPEN) open.push(token);
  }
  const root = document.createDocumentFragment();
  const path = [root];
  for (const token of tokens) {
    if (!token.character) {
      path.at(-1).append(typeof token === "string" ? plain(token) : token);
      continue;
    }
    path.length -= token.closes.length;
    if (token.count) path.at(-1).append(token.character.repeat(token.count));
    for (const tag of token.opens) {
      const made = element(tag);
      path.at(-1).append(made);
      path.push(made);
    }
  }
  return root;
}

function pair(closer, open) {
  while (closer.count) {
    const index = open.findLastIndex((opener) => opener.character === closer.character);
    if (index < 0) return;
    const opener = open[index];
    const used = Math.min(2, opener.count, closer.count);
    const tag = closer.character === "~" ? "del" : used === 2 ? "strong" : "em";
    opener.count -= used;
    closer.count -= used;
    opener.opens.unshift(tag);
    closer.closes.push(tag);
    open.length = opener.count ? index + 1 : index;
  }
}
