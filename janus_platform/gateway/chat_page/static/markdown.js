// Markdown as it arrives: markdown-it reads it, and its tokens become elements. No markup is ever parsed.

import "./vendor/markdown-it.min.js"; // UMD: it puts `markdownit` into the global scope.
import { element, link, plain, webAddress } from "./dom.js";

// Deeper nesting is shown as it was written: no text needs it, and a tree without end would stop the page.
const MAX_LEVEL = 16; // A list in a list is two levels.
const MAX_OPEN = 40;
const MAX_COLUMNS = 50;
// Emphasis in emphasis and addresses between quotation marks cost markdown-it the square of their length: what is
// longer stays as it was written.
const MAX_TEXT = 10_000;
const MAX_FORMULA = 1_000;
const MAX_FORMULA_LINES = 60;
const INLINE_MATH = /^(?:\$\$[^$]+\$\$|\$(?![\s$])(?:\\[^\n]|[^$\\\n])*(?<!\s)\$(?!\d)|\\\([^\n]+?\\\)|\\\[[^\n]+?\\\])/;

const markdown = globalThis.markdownit({ html: false, linkify: true });
// A reference would change blocks that are drawn already, and models mean neither indented code nor underlined headings.
markdown.disable(["reference", "code", "lheading"]);
markdown.validateLink = (address) => webAddress(address) !== null;
markdown.normalizeLink = (address) => address;
markdown.normalizeLinkText = (text) => text;
// With a user name read as part of an address, `webAddress` refuses the whole, not what is left of it.
markdown.linkify.set({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false, urlAuth: true });
for (const scheme of ["ftp:", "mailto:", "//"]) markdown.linkify.add(scheme, null);
markdown.block.ruler.before("table", "deep", asWritten, { alt: [] });
markdown.core.ruler.before("inline", "long", leaveLong);
markdown.inline.ruler.before("autolink", "br", lineBreak);
markdown.inline.ruler.before("escape", "math", inlineMath);
markdown.block.ruler.before("fence", "math", blockMath, { alt: ["paragraph", "blockquote", "list"] });

/** A block rule: what lies too deep is one paragraph of text. */
function asWritten(state, start, end, silent) {
  if (silent || state.level < MAX_LEVEL) return false;
  state.line = end;
  const text = state.push("text", "", 0);
  text.content = state.getLines(start, end, state.blkIndent, false).trim();
  return true;
}

/** A core rule: a paragraph, heading or cell that is too long is text. */
function leaveLong({ tokens }) {
  for (const token of tokens) {
    if (token.type === "inline" && token.content.length > MAX_TEXT) token.type = "text";
  }
}

/** An inline rule: <br>, the one tag that models write into tables. */
function lineBreak(state, silent) {
  const found = /^<br\s{0,3}\/?>/i.exec(state.src.slice(state.pos, state.pos + 9));
  if (!found) return false;
  if (!silent) state.push("hardbreak", "br", 0);
  state.pos += found[0].length;
  return true;
}

/** An inline rule: $a$, $$a$$, \\(a\\) and \\[a\\]. As in Pandoc, prices are no formulas: no space within the dollars, no digit after. */
function inlineMath(state, silent) {
  const rest = state.src.slice(state.pos, state.pos + MAX_FORMULA);
  const found = INLINE_MATH.exec(rest);
  if (!found) return false;
  if (!silent) state.push("math", "", 0).content = found[0];
  state.pos += found[0].length;
  return true;
}

/** A block rule: a formula of its own lines between $$ and $$, or \\[ and \\]. */
function blockMath(state, start, end, silent) {
  const lineAt = (line) => state.src.slice(state.bMarks[line] + state.tShift[line], state.eMarks[line]).trim();
  const opening = lineAt(start).slice(0, 2);
  const closing = { "$$": "$$", "\\[": "\\]" }[opening];
  if (!closing || state.sCount[start] - state.blkIndent >= 4) return false;
  let last = start;
  const isClosed = (line) => lineAt(line).endsWith(closing) && (line > start || lineAt(line).length >= 4);
  const most = Math.min(end, start + MAX_FORMULA_LINES);
  while (last < most && !isClosed(last)) last += 1;
  if (last >= most || lineAt(start).slice(2).includes(closing) !== (last === start)) return false;
  if (silent) return true;
  const token = state.push("math", "", 0);
  token.content = state.getLines(start, last + 1, state.blkIndent, false).trim();
  token.block = true;
  token.map = [start, last + 1];
  state.line = last + 1;
  return true;
}

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
    const end = lastBlock(this.#rest);
    this.#live = draw(this.#rest.slice(0, end));
    this.#append();
    this.#decorate();
    this.#rest = this.#rest.slice(end);
    this.#live = draw(this.#rest);
    this.#append();
  }

  /** All has come: what was drawn last is not drawn again. */
  end() {
    this.#decorate();
    [this.#rest, this.#live] = ["", []];
  }

  #append() {
    for (const node of this.#live) this.#parent.append(node);
  }

  /** Colours code and sets formulas in what stays as it is; the modules for it are fetched when there is some. */
  #decorate() {
    const within = (selector) => this.#live.flatMap((node) => (node.matches(selector) ? [node] : [...node.querySelectorAll(selector)]));
    for (const [selector, module] of [["code[data-language]", "./highlight.js"], [".math", "./math.js"]]) {
      const found = within(selector);
      // What cannot be fetched, because the gateway has gone, stays as it was written.
      if (found.length) import(module).then(({ decorate }) => found.forEach(decorate), () => {});
    }
  }
}

/** Where the last block of whole lines begins. What comes can change that block only, or begin another. */
function lastBlock(text) {
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  const tokens = [];
  markdown.block.parse(whole.replaceAll("\r", " "), markdown, {}, tokens);
  const line = tokens.findLast(({ level, map }) => level === 0 && map)?.map[0] ?? 0;
  let at = 0;
  for (let passed = 0; passed < line; passed += 1) at = whole.indexOf("\n", at) + 1;
  return at;
}

/** The nodes that Markdown becomes. */
function draw(text) {
  const open = [{ nodes: [] }];
  drawAll(markdown.parse(text, {}), open);
  return open[0].nodes;
}

/** Draws tokens into the last of `open`: the tokens whose end is still to come, each with the nodes that stand in it. */
function drawAll(tokens, open) {
  for (const token of tokens) {
    if (token.type === "inline") {
      drawAll(token.children, open);
    } else if (token.nesting > 0) {
      const nodes = open.length > MAX_OPEN ? open.at(-1).nodes : [];
      open.push({ token, nodes });
    } else if (token.nesting < 0) {
      const { token: opening, nodes } = open.pop();
      const outer = open.at(-1).nodes;
      if (nodes !== outer) outer.push((ELEMENTS[opening.type] ?? plainElement)(nodes, opening));
    } else {
      const isInLink = open.some((one) => one.token?.type === "link_open");
      open.at(-1).nodes.push(LEAVES[token.type]?.(token, isInLink) ?? plain(token.content));
    }
  }
}

const plainElement = (nodes, { tag }) => element(tag, {}, nodes);
const textElement = (nodes, { tag }) => element(tag, { dir: "auto" }, nodes);
const cell = (nodes, token) => {
  const align = /\w+$/.exec(token.attrGet("style") ?? "left")[0];
  return element(token.tag, { className: `to-${align}`, dir: "auto" }, nodes);
};

const ELEMENTS = {
  paragraph_open: textElement,
  // An answer stands below a second-level heading of the page.
  heading_open: (nodes, { tag }) => element(`h${Math.min(Number(tag[1]) + 2, 6)}`, { dir: "auto" }, nodes),
  ordered_list_open: (nodes, token) => element("ol", { start: Number(token.attrGet("start") ?? 1) }, nodes),
  list_item_open: ([first, ...rest]) => {
    const opening = first?.localName === "p" ? [...first.childNodes] : first ? [first] : [];
    return element("li", { dir: "auto" }, opening, rest);
  },
  table_open: (nodes) =>
    element("div", { className: "table", tabIndex: 0, role: "group", "aria-label": "Table" }, element("table", {}, nodes)),
  tr_open: (nodes) => element("tr", {}, nodes.slice(0, MAX_COLUMNS)),
  th_open: cell,
  td_open: cell,
  s_open: (nodes) => element("del", {}, nodes),
  link_open: (nodes, token) => {
    const href = webAddress(token.attrGet("href"));
    return link(href, nodes.length ? nodes : plain(href));
  },
};

const LEAVES = {
  softbreak: () => "\n",
  hardbreak: () => element("br"),
  hr: () => element("hr"),
  math: ({ content, block }) => element(block ? "div" : "span", { className: "math" }, plain(content)),
  code_inline: ({ content }) => element("code", {}, plain(content)),
  // A picture from elsewhere would tell its server who reads what: it becomes a link.
  image: (token, isInLink) => {
    const href = webAddress(token.attrGet("src"));
    const shown = `Picture: ${plain(token.content) || href}`;
    return isInLink ? shown : link(href, shown);
  },
  fence: ({ info, content }) => {
    const language = plain(info.trim().split(/\s/)[0].slice(0, 30));
    const copy = element("button", { type: "button", className: "copy-code" }, "Copy code");
    const shown = { tabIndex: 0, role: "group", "aria-label": language ? `Code, ${language}` : "Code" };
    const code = element("code", language ? { "data-language": language.toLowerCase() } : {}, plain(content.replace(/\n$/, "")));
    const body = element("pre", shown, code);
    return element("div", { className: "code" }, element("div", { className: "code-bar" }, element("span", {}, language), copy), body);
  },
};
