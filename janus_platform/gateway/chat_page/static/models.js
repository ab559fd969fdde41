// Who answers: the list of implementations, and a second one beside the first where the reader compares.

import { $, element, say, short } from "./dom.js";
import { FACTS } from "./facts.js";
import { request } from "./stream.js";

// A link may choose the implementation: /#model=NAME. It counts once, then the reader chooses.
let linked = new URLSearchParams(location.hash.slice(1)).get("model");
const [first, second] = [$("model"), $("other-model")];
const ARROW = 20; // Pixels that browsers keep for the arrow of a list.

/** The implementations that answer, one or two. */
export const chosen = () => (isComparing() ? [first.value, second.value] : [first.value]);

export const isComparing = () => $("compare").getAttribute("aria-pressed") === "true";

/** Chooses those of a conversation that are still there. */
export function choose(names) {
  select(names);
  if (names.length) compare(names.length > 1);
}

function select(names) {
  [first, second].forEach((field, column) => {
    if ([...field.options].some(({ value }) => value === names[column])) field.value = names[column];
  });
}

function compare(isOn) {
  $("compare").setAttribute("aria-pressed", String(isOn));
  $("other").hidden = !isOn;
  document.documentElement.classList.toggle("comparing", isOn);
  if (isOn && second.value === first.value) {
    const other = [...second.options].find(({ value }) => value !== first.value && value !== FACTS.defaultModel);
    second.value = (other ?? second.options[0]).value;
  }
  wholeNames();
}

/** A name that its field cuts, as on a phone, stands below in full. */
function wholeNames() {
  for (const field of [first, second]) {
    const shown = field.selectedOptions[0]?.textContent ?? "";
    const pen = element("canvas").getContext("2d");
    const { font, paddingLeft, paddingRight } = getComputedStyle(field);
    pen.font = font;
    const room = field.clientWidth - Number.parseFloat(paddingLeft) - Number.parseFloat(paddingRight) - ARROW;
    const whole = $(`${field.id}-whole`);
    whole.hidden = pen.measureText(shown).width <= room;
    whole.textContent = shown;
  }
}

/** Fetches the list; `wantKey` is called where the gateway wants a key first. */
export async function listModels({ key, wantKey }) {
  const before = [linked || first.value, second.value];
  try {
    const { data } = await (await request("v1/models", { key })).json();
    const names = data.filter((entry) => typeof entry?.id === "string" && entry.id);
    for (const field of [first, second]) {
      field.replaceChildren(...names.map(({ id, root }) => {
        const now = typeof root === "string" && root !== id ? ` (now ${short(root, 60)})` : "";
        return element("option", { value: id }, short(id, 60) + now);
      }));
    }
    if (linked && !names.some(({ id }) => id === linked)) say(`There is no implementation ${short(linked, 60)}.`);
    select(before);
    linked = "";
    wholeNames();
  } catch (error) {
    if (error.kind === 401) wantKey();
    else say("The list of implementations could not be loaded.");
  }
}

export function startModels() {
  $("compare").addEventListener("click", () => {
    compare(!isComparing());
    say(isComparing() ? "Two implementations answer side by side." : "One implementation answers.");
  });
  for (const field of [first, second]) field.addEventListener("change", wholeNames);
  addEventListener("resize", wholeNames);
}
