// Markdown as it arrives: blocks become elements, a finished block is never drawn again. No markup is ever parsed.

import { element, plain } from "./dom.js";
import { inline } from "./inline.js";

const FENCE = /^ {0,3}(`{3,}|~{3,})\s*([^`]*)$/;
const HEADING = /^ {0,3}(#{1,6})(?=\s|$)(.*)$/;
const RULE = /^ {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$/;
const ITEM = /^ *([-*+]|\d{1,9}[.)])(?: +(.*))?$/;
const QUOTE = /^ {0,3}> ?/;
const DIVIDER = /^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/;
const MAX_DEPTH = 8;
const MAX_COLUMNS = 50;

/** Draws Markdown into `parent` piece by piece: `append` takes text, `render` shows all that has come. */
export class MarkdownStream {
  #parent;
  #rest = "";
  #live = [];

  constructor(parent) {
    this.#parent = parent;
  }

  append(text) {
    this.#rest += text;
  }

  render() {
    for (const node of this.#live) node.remove();
    const whole = this.#rest.slice(0, this.#rest.lastIndexOf("\n") + 1);
    const done = split(lines(whole));
    // What comes can change the last block only, or begin another.
    if (done.length > 1) {
      for (const block of done.slice(0, -1)) this.#parent.append(draw(block, 0));
      this.#rest = this.#rest.split("\n").slice(done.at(-1).start).join("\n");
    }
    this.#live = split(lines(this.#rest)).map((block) => draw(block, 0));
    for (const node of this.#live) this.#parent.append(node);
  }
}

const lines = (text) =>
  text.split("\n").map((line) => line.replace(/\r$/, "").replace(/^[ \t]+/, (indent) => indent.replaceAll("\t", "    ")));
const isBlank = (line) => line.trim() === "";
const indentOf = (line) => line.length - line.trimStart().length;

/** The blocks of some lines, in order. A block is `{type, start, lines, …}`. */
function split(all) {
  const blocks = [];
  for (let at = 0; at < all.length; ) {
    if (isBlank(all[at])) {
      at += 1;
      continue;
    }
    const block = READERS.map((read) => read(all, at)).find(Boolean) ?? paragraph(all, at);
    blocks.push({ ...block, start: at });
    at = block.end;
  }
  return blocks;
}

function fence(all, at) {
  const opening = FENCE.exec(all[at]);
  if (!opening) return null;
  const [, mark, info] = opening;
  const closing = (line) => line.trim().length >= mark.length && [...line.trim()].every((c) => c === mark[0]);
  let end = at + 1;
  while (end < all.length && !closing(all[end])) end += 1;
  const indent = indentOf(all[at]);
  const inner = all.slice(at + 1, end).map((line) => line.slice(Math.min(indent, indentOf(line))));
  return { type: "fence", language: info.trim().split(/\s/)[0].slice(0, 30), lines: inner, end: end + 1 };
}

function heading(all, at) {
  const found = HEADING.exec(all[at]);
  return found && { type: "heading", level: found[1].length, text: found[2].trim().replace(/\s#+$/, ""), end: at + 1 };
}

const rule = (all, at) => (RULE.test(all[at]) ? { type: "rule", end: at + 1 } : null);

function quote(all, at) {
  let end = at;
  while (end < all.length && QUOTE.test(all[end])) end += 1;
  return end > at ? { type: "quote", lines: all.slice(at, end).map((line) => line.replace(QUOTE, "")), end } : null;
}

const isTable = (all, at) => all[at].includes("|") && at + 1 < all.length && all[at + 1].includes("-") && DIVIDER.test(all[at + 1]);

function table(all, at) {
  if (!isTable(all, at)) return null;
  let end = at + 2;
  while (end < all.length && all[end].includes("|") && !isBlank(all[end])) end += 1;
  const align = cells(all[at + 1]).map((cell) =>
    cell.endsWith(":") ? (cell.startsWith(":") ? "center" : "right") : "left");
  return { type: "table", align, rows: [all[at], ...all.slice(at + 2, end)].map(cells), end };
}

function cells(line) {
  const found = [""];
  for (const [piece] of line.trim().replace(/^\|/, "").matchAll(/\\\||\||[^\\|]+|\\/g)) {
    if (piece === "|") found.push("");
    else found[found.length - 1] += piece === "\\|" ? "|" : piece;
  }
  if (found.length > 1 && isBlank(found.at(-1))) found.pop();
  return found.slice(0, MAX_COLUMNS).map((cell) => cell.trim());
}

function list(all, at) {
  const first = itemOf(all[at]);
  if (!first || first.indent > 3) return null;
  const items = [];
  let end = at;
  for (; end < all.length; end += 1) {
    const line = all[end];
    const item = itemOf(line);
    const inside = indentOf(line) - first.indent >= 2;
    if (isBlank(line)) {
      const next = goesOn(all, end, first);
      if (!next) break;
      items.at(-1).push("");
      end = next - 1;
    } else if (item && !inside && item.kind === first.kind && !RULE.test(line)) {
      items.push([item.text]);
    } else if (inside) {
      items.at(-1).push(line.slice(Math.min(indentOf(line), first.indent + first.width)));
    } else if (items.at(-1).at(-1) !== "" && !begins(all, end)) {
      items.at(-1).push(line);
    } else {
      break;
    }
  }
  return { type: "list", number: first.number, items, end };
}

function itemOf(line) {
  const found = ITEM.exec(line);
  if (!found) return null;
  const mark = found[1];
  return {
    indent: indentOf(line),
    width: mark.length + 1,
    kind: mark.at(-1),
    number: mark.length > 1 ? Number.parseInt(mark, 10) : null,
    text: found[2] ?? "",
  };
}

/** The line where the list goes on after the blank lines at `at`, or 0. */
function goesOn(all, at, first) {
  let next = at;
  while (next < all.length && isBlank(all[next])) next += 1;
  if (next === all.length) return 0;
  const inside = indentOf(all[next]) - first.indent >= 2;
  return inside || (itemOf(all[next])?.kind === first.kind && !RULE.test(all[next])) ? next : 0;
}

const READERS = [fence, heading, rule, quote, table, list];

/** Whether a block other than a paragraph begins here: it may follow a paragraph without a blank line. */
function begins(all, at) {
  const line = all[at];
  const item = itemOf(line);
  const startsList = item && item.indent <= 3 && item.text && (item.number === null || item.number === 1);
  return [FENCE, HEADING, RULE, QUOTE].some((pattern) => pattern.test(line)) || startsList || isTable(all, at);
}

function paragraph(all, at) {
  let end = at + 1;
  while (end < all.length && !isBlank(all[end]) && !begins(all, end)) end += 1;
  const text = all.slice(at, end).map((line) => line.trimStart()).join("\n");
  return { type: "paragraph", text: text.trimEnd(), end };
}

/** A block as an element; what lies deeper than MAX_DEPTH is shown as it was written. */
function draw(block, depth) {
  return DRAWERS[block.type](block, depth + 1);
}

function inner(all, depth) {
  if (depth >= MAX_DEPTH) return [element("p", {}, plain(all.join("\n")))];
  return split(all).map((block) => draw(block, depth));
}

const DRAWERS = {
  paragraph: ({ text }) => element("p", { dir: "auto" }, inline(text)),
  // An answer stands below a second-level heading of the page.
  heading: ({ level, text }) => element(`h${Math.min(level + 2, 6)}`, { dir: "auto" }, inline(text)),
  rule: () => element("hr"),
  quote: ({ lines: quoted }, depth) => element("blockquote", {}, inner(quoted, depth)),
  fence: ({ language, lines: code }) => {
    const name = plain(language);
    const copy = element("button", { type: "button", className: "copy-code" }, "Copy code");
    const shown = { tabIndex: 0, role: "group", "aria-label": name ? `Code, ${name}` : "Code" };
    const body = element("pre", shown, element("code", {}, plain(code.join("\n"))));
    return element("div", { className: "code" }, element("div", { className: "code-bar" }, element("span", {}, name), copy), body);
  },
  table: ({ align, rows: [head, ...rows] }) => {
    const cell = (tag) => (text, column) =>
      element(tag, { className: `to-${align[column] ?? "left"}`, dir: "auto" }, inline(text ?? ""));
    const row = (tag, values) => element("tr", {}, head.map((_, column) => cell(tag)(values[column], column)));
    const body = element("tbody", {}, rows.map((values) => row("td", values)));
    const made = element("table", {}, element("thead", {}, row("th", head)), body);
    return element("div", { className: "table", tabIndex: 0, role: "group", "aria-label": "Table" }, made);
  },
  list: ({ number, items }, depth) => {
    const drawn = items.map((item) => {
      const [first, ...rest] = inner(item, depth);
      const opening = first?.localName === "p" ? [...first.childNodes] : first ? [first] : [];
      return element("li", { dir: "auto" }, opening, rest);
    });
    return number === null ? element("ul", {}, drawn) : element("ol", { start: number }, drawn);
  },
};
