// Formulas: Temml reads TeX, and its tree becomes MathML elements. Fetched when an answer has a formula.

import { element } from "./dom.js";
import temml from "./vendor/temml.min.js";

const MATHML = "http://www.w3.org/1998/Math/MathML";
const ELEMENTS = new Set(("math menclose merror mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow ms mspace "
  + "msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder munderover").split(" "));
const ATTRIBUTES = new Set(("accent accentunder columnalign columnspan depth dir display displaystyle fence form height "
  + "largeop linethickness lspace mathcolor mathsize mathvariant maxsize minsize movablelimits notation rowspan rspace scriptlevel "
  + "separator stretchy symmetric voffset width").split(" "));
const STYLES = new Set(("border borderBottom borderLeft borderRight borderTop color display fontWeight height margin math-depth mathDepth padding "
  + "paddingBottom paddingLeft paddingRight paddingTop textAlign width").split(" "));
const MAX_NODES = 2_000;
const OPTIONS = { throwOnError: true, trust: false, strict: false, maxExpand: 100, maxSize: [10, 10], annotate: false };

document.head.append(element("link", { rel: "stylesheet", href: "chat/vendor/Temml-Local.css" }));

/** Puts MathML in the place of the TeX in an element; what is not understood stays as it was written. */
export function decorate(place) {
  const source = place.textContent;
  const [, opening, tex] = /^(\$\$?|\\[([])([^]*?)(?:\$\$?|\\[)\]])$/.exec(source) ?? [];
  if (tex === undefined) return;
  try {
    const displayMode = opening === "$$" || opening === "\\[";
    const left = { nodes: MAX_NODES };
    place.replaceChildren(drawn(temml.__renderToMathMLTree(tex, { ...OPTIONS, macros: {}, displayMode }), left));
    // Copied, and read by programs that know no MathML, it is the TeX.
    place.title = source.slice(0, 300);
    place.classList.add("set");
    // One that is wider than its line scrolls within it, by keyboard too.
    const room = place.closest("p, li, td, th, .text")?.clientWidth;
    place.classList.toggle("wide", displayMode || place.firstChild.getBoundingClientRect().width > room);
    if (place.scrollWidth > place.clientWidth && place.clientWidth) Object.assign(place, { tabIndex: 0, role: "group", ariaLabel: "Formula" });
  } catch {
    place.replaceChildren(source);
  }
}

/** The MathML node of one node of Temml's tree. Raises RangeError where the tree is too large. */
function drawn(node, left) {
  left.nodes -= 1;
  if (left.nodes < 0) throw new RangeError("too many nodes");
  if (typeof node.text === "string") return document.createTextNode(node.text);
  const children = (node.children ?? []).map((child) => drawn(child, left));
  if (!ELEMENTS.has(node.type)) {
    const rest = document.createDocumentFragment();
    rest.append(...children);
    return rest;
  }
  const made = document.createElementNS(MATHML, node.type);
  for (const [name, value] of Object.entries(node.attributes ?? {})) if (ATTRIBUTES.has(name)) made.setAttribute(name, value);
  for (const [name, value] of Object.entries(node.style ?? {})) if (STYLES.has(name)) made.style[name] = value;
  for (const name of node.classes ?? []) if (/^(?:tml|wbk|chr|ff|math)[\w-]*$/.test(name)) made.classList.add(name);
  made.append(...children);
  return made;
}
