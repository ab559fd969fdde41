// Elements without markup: everything that is shown goes through these functions, and text stays text.

/**
 * A new element; `properties` are set as properties (`role`, `data-*` and `aria-*` as attributes). Children are nodes,
 * text, or lists of them: a list may be longer than a call can have arguments.
 */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  // Children first: with `dir="auto"` set, Chromium looks at all of them again for each that is added.
  for (const child of children.flat()) made.append(child);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "role") made.setAttribute(name, value);
    else made[name] = value;
  }
  return made;
}

/** The URL as a string if it is an absolute http or https address without a user name, else null. */
export function webAddress(text) {
  if (typeof text !== "string" || text.length > 2000 || !/^https?:\/\/[^\s\p{Cc}\p{Cf}\\]+$/iu.test(text)) return null;
  try {
    const url = new URL(text);
    // https://bank.example@evil.example leads to evil.example: nobody needs such a link.
    return url.username || url.password ? null : url.href;
  } catch {
    return null;
  }
}

/** The element with that id. */
export const $ = (id) => document.getElementById(id);

/** Tells a screen reader. */
export const say = (text) => { $("announcer").textContent = text; };

/** Reads, writes (with a value) or deletes (with null) what the browser remembers; null where it may remember nothing. */
export function remembered(store, name, value) {
  try {
    const place = window[store];
    if (value === null) return place.removeItem(name);
    return value === undefined ? place.getItem(name) : place.setItem(name, value);
  } catch {
    return null;
  }
}

/** Copies `text` and says on the button for a moment whether that was allowed. */
export async function copy(button, text) {
  const done = await navigator.clipboard?.writeText(text).then(() => true, () => false);
  const before = button.textContent;
  button.textContent = done ? "Copied" : "Not allowed here";
  say(button.textContent);
  setTimeout(() => { button.textContent = before; }, 1500);
}

let bundledHosts = new Set();

/** Links to pages of these hosts lead to the copies that this platform serves: the sites themselves are not real. */
export function useBundledWeb(hosts) {
  bundledHosts = new Set(hosts);
}

/** Whether the address is one of a page that comes with the platform. */
export const isBundled = (href) => bundledHosts.has(new URL(href).host);

/** A link to another site, which learns nothing of this page; `href` must come from `webAddress`. */
export function link(href, ...children) {
  const { host, pathname, hash } = new URL(href);
  const leads = isBundled(href)
    ? { href: `web/${host}${pathname}${hash}`, title: `${href} (the page that comes with this platform)`, "data-address": href }
    : { href, title: href };
  return element("a", { ...leads, target: "_blank", rel: "noopener noreferrer" }, ...children);
}

/** Text without the characters that would turn the reading order of what follows (Unicode TR 9, embeddings, overrides). */
export const plain = (text) => text.replace(/[\u202A-\u202E]/g, "\uFFFD");

/** At most `limit` characters of whatever came, as plain text. */
export const short = (value, limit) => plain(typeof value === "string" ? value : "").slice(0, limit);

/** Calls `draw` when asked to, but never so often that drawing takes more than a quarter of the time. */
export function paced(draw) {
  let waiting = false;
  let pause = 0;
  return () => {
    if (waiting) return;
    waiting = true;
    setTimeout(() => requestAnimationFrame(() => {
      const started = performance.now();
      waiting = false;
      draw();
      pause = 3 * (performance.now() - started);
    }), pause);
  };
}
