// The field for the question: keys, pictures by button, paste and drop, and a question of before to be changed.

import { $, say } from "./dom.js";
import { Tray } from "./tray.js";

/** The composer; `send` gets `{text, pictures, at}`, where `at` is the number of the question that it replaces, or null. */
export class Composer {
  #tray;
  #at = null;
  #before = null;
  #send;
  #adding = null; // The pictures that are being read.

  constructor(send) {
    this.#send = send;
    this.question = $("question");
    this.#tray = new Tray($("tray"), (text) => this.#problem(text));
    $("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.question.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.send();
    });
    $("attach").addEventListener("click", () => $("files").click());
    $("files").addEventListener("change", () => {
      this.add([...$("files").files]);
      $("files").value = "";
    });
    this.question.addEventListener("paste", (event) => {
      const files = [...event.clipboardData.files];
      if (!files.length) return;
      event.preventDefault();
      this.add(files);
    });
    $("cancel-edit").addEventListener("click", () => this.cancel());
    this.#takeDrops();
  }

  async add(files) {
    const adding = Promise.resolve(this.#adding).then(() => this.#tray.add(files));
    this.#adding = adding;
    await adding;
    if (this.#adding === adding) this.#adding = null;
    this.question.focus();
  }

  async send() {
    if (this.#adding) await this.#adding;
    const [text, pictures] = [this.question.value, this.#tray.pictures];
    if (!text.trim() && !pictures.length) return;
    const at = this.#at;
    if (!this.#send({ text, pictures, at })) return;
    this.cancel();
  }

  /** Puts an earlier question into the field, to be changed and sent in place of it. */
  edit(at, { text, pictures }) {
    this.#before ??= { text: this.question.value, pictures: this.#tray.pictures };
    this.#at = at;
    this.question.value = text;
    this.#tray.put(pictures);
    $("editing").hidden = false;
    say("Edit the question, then send it. Everything after it will be replaced.");
    this.question.focus();
  }

  /** Empties the field, or, when an earlier question was in it, puts back what was being written before. */
  cancel() {
    const { text, pictures } = this.#before ?? { text: "", pictures: [] };
    [this.#at, this.#before] = [null, null];
    this.question.value = text;
    this.#tray.put(pictures);
    this.#problem("");
    $("editing").hidden = true;
    this.question.focus();
  }

  /** Another conversation is shown: its questions are not those that were being edited; a draft stays. */
  leave() {
    if (this.#at !== null) this.cancel();
    this.question.focus();
  }

  #problem(text) {
    $("problem").hidden = !text;
    $("problem").textContent = text;
    if (text) say(text);
  }

  #takeDrops() {
    const page = document.documentElement;
    const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
    addEventListener("dragover", (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      page.classList.add("dropping");
    });
    addEventListener("dragleave", (event) => {
      if (!event.relatedTarget) page.classList.remove("dropping");
    });
    addEventListener("drop", (event) => {
      page.classList.remove("dropping");
      if (!hasFiles(event)) return;
      event.preventDefault();
      this.add([...event.dataTransfer.files]);
    });
  }
}
