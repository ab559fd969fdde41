// The conversation on the screen: questions and answers, asked, stopped, asked again, changed, and kept as they come.

import { Answer } from "./answer.js";
import { receive } from "./asking.js";
import { messagesFor, newConversation } from "./conversation.js";
import { $, copy, element, plain, say } from "./dom.js";
import { shown } from "./tray.js";

const KEEP_EVERY_MS = 1_500; // While an answer streams.
const turns = $("turns");

/** The conversation and what is running in it. `parts`: `models()`, `key()`, `keep(conversation)`, `edit(at, turn)`, `failed(error)`. */
export class Talk {
  conversation = newConversation();
  #parts;
  #running = new Map(); // The record of each answer that is coming: what stops it.
  #count = 0;
  #replaced = null; // The turns before a question was changed.
  #keeping = 0;

  constructor(parts) {
    this.#parts = parts;
  }

  get isRunning() {
    return this.#running.size > 0;
  }

  /** Shows a conversation in place of the present one. */
  open(conversation) {
    this.stop();
    this.#running.clear();
    [this.conversation, this.#replaced, this.#count] = [conversation, null, 0];
    turns.replaceChildren(...conversation.turns.map((turn, at) => this.#restored(turn, at)));
    this.show();
  }

  stop() {
    for (const controller of this.#running.values()) controller.abort();
  }

  /** Asks; `at` is the number of the question that this one replaces. Returns whether it was sent. */
  ask({ text, pictures, at = null }) {
    if (this.isRunning) return false;
    const { conversation } = this;
    this.#replaced = null;
    if (at !== null && at < conversation.turns.length) {
      this.#replaced = [...conversation.turns];
      conversation.turns.length = at;
      [...turns.children].slice(at).forEach((node) => node.remove());
    }
    const models = this.#parts.models();
    conversation.models = models;
    const turn = { text, pictures, answers: [] };
    conversation.turns.push(turn);
    const node = this.#turn(turn, conversation.turns.length - 1);
    turns.append(node);
    say("Waiting for the answer.");
    models.forEach((model, column) => this.#answer(turn, node.lastChild, column, model));
    return true;
  }

  /** Brings buttons and welcome in line with what is going on. */
  show() {
    const isEmpty = !this.conversation.turns.length;
    $("stop").hidden = !this.isRunning;
    $("send").hidden = this.isRunning;
    $("welcome").hidden = !isEmpty;
    document.documentElement.classList.toggle("empty", isEmpty);
    document.documentElement.classList.toggle("running", this.isRunning);
    this.#buttons();
    if (!isEmpty) follow(true);
  }

  /** Asks for the answer of a column, in place of one that is there. */
  async #answer(turn, box, column, model) {
    const answer = new Answer((this.#count += 1), model);
    const controller = new AbortController();
    const { conversation } = this;
    const before = { ...conversation, turns: conversation.turns.slice(0, conversation.turns.indexOf(turn)) };
    const messages = messagesFor({ ...before, turns: [...before.turns, { ...turn, answers: [] }] }, column);
    turn.answers[column] = answer.record;
    this.#running.set(answer.record, controller);
    if (box.children[column]) box.children[column].replaceWith(answer.node);
    else box.append(answer.node);
    this.#wire(answer, turn, box, column);
    this.show();
    this.#keep(conversation);
    const moved = () => {
      if (this.conversation !== conversation) return;
      follow();
      if (performance.now() - this.#keeping > KEEP_EVERY_MS) this.#keep(conversation);
    };
    const isOneOfTwo = () => box.children.length > 1;
    const error = await receive(answer, { model, messages, key: this.#parts.key(), signal: controller.signal, moved, isOneOfTwo });
    this.#running.delete(answer.record);
    if (conversation.turns.includes(turn)) this.#keep(conversation);
    if (this.conversation !== conversation) return;
    if (error) this.#parts.failed(error);
    this.show();
  }

  #keep(conversation) {
    this.#keeping = performance.now();
    conversation.updated = Date.now();
    this.#parts.keep(conversation);
  }

  /** The element of a turn: the question, and a box for its answers. */
  #turn(turn, at) {
    const title = element("h2", { className: "only-heard" }, "You asked");
    const pictures = element("div", { className: "asked-pictures" }, turn.pictures.map(shown));
    const edit = element("button", { type: "button", className: "edit", "aria-label": "Edit your question" }, "Edit");
    const copies = element("button", { type: "button", "aria-label": "Copy your question" }, "Copy");
    edit.addEventListener("click", () => { if (!this.isRunning) this.#parts.edit(at, turn); });
    copies.addEventListener("click", () => copy(copies, turn.text));
    const asked = element("article", { className: "asked" }, title,
      turn.pictures.length ? pictures : [], turn.text ? element("p", { dir: "auto" }, plain(turn.text)) : [],
      element("div", { className: "foot" }, edit, turn.text ? copies : []));
    return element("div", { className: "turn" }, asked, element("div", { className: "answers" }));
  }

  #restored(turn, at) {
    const node = this.#turn(turn, at);
    turn.answers.forEach((record, column) => {
      const answer = Answer.restored((this.#count += 1), record);
      this.#wire(answer, turn, node.lastChild, column);
      node.lastChild.append(answer.node);
    });
    return node;
  }

  #wire(answer, turn, box, column) {
    answer.copy.addEventListener("click", () => copy(answer.copy, answer.record.content));
    answer.retry.addEventListener("click", () => {
      if (this.isRunning) return;
      $("question").focus();
      this.#replaced = null;
      say("Waiting for the answer.");
      const models = this.#parts.models();
      this.#answer(turn, box, column, models[column] ?? models[0]);
    });
  }

  /** The last answers can be asked for again; a changed question can be undone. */
  #buttons() {
    const last = turns.lastElementChild;
    for (const button of turns.querySelectorAll(".retry")) {
      button.hidden = this.isRunning || !last.contains(button);
      if (!button.disabled) button.textContent = button.closest(".answer").querySelector(".notice").hidden ? "Regenerate" : "Retry";
    }
    for (const box of turns.querySelectorAll(".answers")) box.classList.toggle("pair", box.children.length > 1);
    turns.querySelector(".undo")?.remove();
    if (!this.#replaced || !last) return;
    const undo = element("button", { type: "button" }, "Undo");
    undo.addEventListener("click", () => {
      const conversation = Object.assign(this.conversation, { turns: this.#replaced });
      this.open(conversation);
      this.#keep(conversation);
      say("The conversation is as it was before.");
      $("question").focus();
    });
    const left = this.#replaced.length - this.conversation.turns.length;
    const told = left > 0 ? `The question was changed; ${left} later ${left === 1 ? "question is" : "questions are"} gone. ` : "The question was changed. ";
    last.firstChild.append(element("p", { className: "undo" }, told, undo));
  }
}

/** Keeps the end in view for a reader who is there. */
export function follow(always = false) {
  const page = document.documentElement;
  if (always || page.scrollHeight - window.innerHeight - window.scrollY < 200) window.scrollTo(0, page.scrollHeight);
}
