// Colours for code: highlight.js reads it, and its tokens become elements. Fetched when an answer has code.

import core from "./vendor/highlight/core.min.js";
import { element } from "./dom.js";

const MAX_CHARACTERS = 20_000; // Longer code stays plain: it would hold up the page.
const MAX_DEPTH = 20;
// The file of each language, and the names by which models call it.
const FILES = Object.entries({
  bash: "bash sh shell zsh console", c: "c h", cpp: "cpp c++ cc hpp", css: "css", diff: "diff patch", dockerfile: "dockerfile docker",
  go: "go golang", ini: "ini toml", java: "java", javascript: "javascript js jsx mjs", json: "json jsonc", markdown: "markdown md",
  python: "python py python3", r: "r", ruby: "ruby rb", rust: "rust rs", sql: "sql", typescript: "typescript ts tsx",
  xml: "xml html svg", yaml: "yaml yml",
});
const LANGUAGES = new Map(FILES.flatMap(([file, names]) => names.split(" ").map((name) => [name, file])));

/** Colours the text of a `code` element with a `data-language` that is known here. */
export async function decorate(code) {
  const name = LANGUAGES.get(code.dataset.language);
  const text = code.textContent;
  if (!name || text.length > MAX_CHARACTERS) return;
  try {
    if (!core.getLanguage(name)) core.registerLanguage(name, (await import(`./vendor/highlight/${name}.min.js`)).default);
    const tree = core.highlight(text, { language: name, ignoreIllegals: true })._emitter.root;
    const nodes = tree.children.map((child) => drawn(child, 0));
    if (nodes.map((node) => node.textContent ?? node).join("") === text) code.replaceChildren(...nodes);
  } catch {
    // It stays plain.
  }
}

/** The node of one token: text, or a span with a class for its kind. */
function drawn(token, depth) {
  if (typeof token === "string") return document.createTextNode(token);
  const nodes = depth < MAX_DEPTH ? token.children.map((child) => drawn(child, depth + 1)) : [];
  const kind = /^[a-z]+/.exec(token.scope ?? "")?.[0];
  return element("span", kind ? { className: `hl-${kind}` } : {}, nodes);
}
