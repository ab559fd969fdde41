// The pictures of a question: those that are to be sent, with what describes them, and those that were.

import { element } from "./dom.js";
import { FACTS } from "./facts.js";

/** An element that shows a picture of a question. */
export const shown = ({ name, alt, type, data }) =>
  element("img", { alt: alt || `Picture: ${name}`, title: name, decoding: "async", src: `data:${type};base64,${data}` });

/** The pictures that will go with the next question, below the question's field. */
export class Tray {
  pictures = [];
  #box;
  #say;

  /** `box` shows them; `say` tells the reader, by sight and by ear, what went wrong. */
  constructor(box, say) {
    this.#box = box;
    this.#say = say;
  }

  /** Takes the files that are pictures and says why the others are not taken. */
  async add(files) {
    const problems = [];
    const reading = await import("./pictures.js").catch(() => null);
    if (!reading) {
      this.#say("The gateway cannot be reached. Start it with `janus up`, then add the picture again.");
      return;
    }
    for (const file of files) {
      if (this.pictures.length >= FACTS.maxPictures) {
        problems.push(`A question may have at most ${FACTS.maxPictures} pictures.`);
        break;
      }
      try {
        this.pictures.push(await reading.readPicture(file));
      } catch (error) {
        if (!(error instanceof reading.PictureError)) throw error;
        problems.push(error.message);
      }
    }
    this.show();
    this.#say(problems.join(" "));
  }

  /** Takes pictures that were read before. */
  put(pictures) {
    this.pictures = pictures.map((picture) => ({ ...picture }));
    this.show();
  }

  /** Gives the pictures away. */
  take() {
    const taken = this.pictures;
    this.put([]);
    return taken;
  }

  show() {
    this.#box.hidden = !this.pictures.length;
    this.#box.replaceChildren(...this.pictures.map((picture) => this.#item(picture)));
  }

  #item(picture) {
    const preview = shown(picture);
    const alt = element("input", { type: "text", maxLength: 500, value: picture.alt, placeholder: "Describe it (optional)", "aria-label": `Description of ${picture.name} for people who cannot see it` });
    alt.addEventListener("input", () => {
      picture.alt = alt.value;
      preview.alt = alt.value || `Picture: ${picture.name}`;
    });
    const remove = element("button", { type: "button", "aria-label": `Remove ${picture.name}` }, "Remove");
    remove.addEventListener("click", () => {
      this.pictures = this.pictures.filter((one) => one !== picture);
      this.show();
      document.getElementById("question").focus();
    });
    return element("li", {}, preview, element("div", {}, element("bdi", {}, picture.name), alt), remove);
  }
}
