// Markdown as it arrives: markdown-it reads it, and its tokens become elements. No markup is ever parsed.

import "./markdown-it.min.js"; // UMD: it puts `markdownit` into the global scope.
import { element, link, plain, webAddress } from "./dom.js";

// Deeper nesting is shown as it was written: no text needs it, and a tree without end would stop the page.
const MAX_LEVEL = 16; // A list in a list is two levels.
const MAX_OPEN = 40;
const MAX_COLUMNS = 50;
// Emphasis in emphasis and addresses between quotation marks cost markdown-it the square of their length: what is
// longer stays as it was written.
const MAX_TEXT = 10_000;

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
    for (const node of draw(this.#rest.slice(0, end))) this.#parent.append(node);
    this.#rest = this.#rest.slice(end);
    this.#live = draw(this.#rest);
    for (const node of this.#live) this.#parent.append(node);
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
    const body = element("pre", shown, element("code", {}, plain(content.replace(/\n$/, ""))));
    return element("div", { className: "code" }, element("div", { className: "code-bar" }, element("span", {}, language), copy), body);
  },
};
