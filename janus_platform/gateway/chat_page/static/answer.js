// One answer as it is shown: reasoning, text, pictures, sources, what went wrong, and its trace.

import { element, isBundled, link, paced, plain, short, webAddress } from "./dom.js";
import { MarkdownStream } from "./markdown.js";
import { waterfall } from "./waterfall.js";

const PICTURES = new Set(["image/png", "image/jpeg", "image/webp", "image/gif"]);
const MAX_PICTURE_CHARACTERS = 11_000_000; // base64 of 8 MB
const MAX_PICTURES = 16;
const MAX_SOURCES = 50;
// What a finish_reason other than "stop" means for the reader.
const ENDS = new Map([
  ["length", "The answer ends here because it reached its length limit. Ask for the rest."],
  ["content_filter", "The answer ends here because a filter of the implementation stopped it."],
]);

/** What an answer looks like while it comes and when it has come; `node` is its element. */
export class Answer {
  content = "";
  #reasoning = "";
  #pictures = 0;
  #over = false;
  #reason = "";
  #sources = new Map();

  constructor(number, model) {
    this.model = short(model, 100);
    this.text = element("div", { className: "text" });
    this.stream = new MarkdownStream(this.text);
    this.thoughts = element("div", { className: "thoughts", dir: "auto" });
    this.reasoning = element("details", { className: "reasoning", hidden: true, open: true }, element("summary", {}, "Reasoning"), this.thoughts);
    this.pictures = element("div", { className: "pictures" });
    this.notice = element("p", { className: "notice", hidden: true, dir: "auto" });
    this.waiting = element("p", { className: "waiting" }, "Waiting for the first word …");
    this.name = element("bdi", {}, this.model);
    this.facts = element("span", { className: "facts" });
    this.copy = element("button", { type: "button", className: "copy", hidden: true }, "Copy");
    this.retry = element("button", { type: "button", className: "retry", hidden: true }, "Retry");
    this.foot = element("div", { className: "foot" }, this.copy, this.retry, this.facts);
    const title = element("h2", { id: `answer-${number}` }, element("span", { className: "only-heard" }, `Answer ${number} of `), this.name);
    this.node = element("article", { className: "answer", "aria-labelledby": title.id, "aria-busy": "true" },
      title, this.reasoning, this.waiting, this.text, this.pictures, this.notice, this.foot);
    this.draw = paced(() => { if (!this.#over) this.render(); });
  }

  /** Names the implementation that answers, as the gateway tells it. */
  from(name) {
    if (name) this.name.textContent = short(name, 100);
  }

  /** Takes one chunk of the stream. Whatever in it is not of the expected shape is left out. */
  take(chunk) {
    const { delta, finish_reason: reason } = Object(chunk.choices?.[0]);
    if (typeof reason === "string") this.#reason = reason;
    if (typeof delta?.reasoning_content === "string") this.#reasoning += delta.reasoning_content;
    if (typeof delta?.content === "string" && delta.content) {
      if (!this.content) this.reasoning.open = false;
      this.content += delta.content;
      this.stream.append(delta.content);
    }
    if (Array.isArray(chunk.artifacts)) chunk.artifacts.forEach((artifact) => this.#picture(artifact));
    if (Array.isArray(delta?.annotations)) delta.annotations.forEach((annotation) => this.#source(annotation?.url_citation));
    if (this.content || this.#reasoning || this.#pictures) this.waiting.hidden = true;
    this.draw();
  }

  /** Shows all that has come so far. */
  render() {
    this.reasoning.hidden = !this.#reasoning;
    const thoughts = plain(this.#reasoning);
    if (this.thoughts.textContent !== thoughts) this.thoughts.textContent = thoughts;
    this.stream.render();
  }

  /** The answer is over; `note` says why, where it did not simply end. */
  finish(note = "", kind = "note") {
    this.#over = true;
    this.stream.append("\n");
    this.render();
    this.#gatherSources();
    note ||= ENDS.get(this.#reason) ?? "";
    if (!note && !this.content && !this.#pictures) note = "The answer is empty. Press Retry, or choose another implementation.";
    this.waiting.hidden = true;
    this.notice.hidden = !note;
    this.notice.textContent = short(note, 1500);
    this.notice.classList.toggle("error", kind === "error");
    this.copy.hidden = !this.content;
    this.node.setAttribute("aria-busy", "false");
  }

  /** What a screen reader is told when the answer is over. */
  spoken() {
    const pictures = this.#pictures ? ` With ${this.#pictures} ${this.#pictures === 1 ? "picture" : "pictures"}.` : "";
    return `${this.text.textContent.replaceAll("Copy code", "").slice(0, 3000)}${pictures} ${this.notice.textContent}`.trim();
  }

  /** Adds the waterfall of this answer. */
  addTrace(trace) {
    const drawn = waterfall(trace);
    if (drawn) this.node.append(element("details", { className: "trace" }, element("summary", {}, "Trace"), drawn));
  }

  #picture(artifact) {
    const { type, data } = Object(artifact);
    const name = short(artifact?.name, 100) || "picture";
    const alt = short(artifact?.alt ?? artifact?.description, 500) || `Picture: ${name}`;
    const caption = element("figcaption", {}, element("bdi", {}, name));
    const problem = this.#pictureProblem(type, data);
    if (problem) caption.append(` is not shown: ${problem}.`);
    const figure = element("figure", { dir: "auto" }, caption);
    if (!problem) {
      const shown = element("img", { alt, decoding: "async" });
      shown.addEventListener("error", () => {
        shown.remove();
        caption.append(" is not shown: it is damaged.");
      }, { once: true });
      shown.src = `data:${type};base64,${data}`;
      figure.prepend(shown);
    }
    if (this.#pictures < MAX_PICTURES) this.pictures.append(figure);
    this.#pictures = Math.min(this.#pictures + 1, MAX_PICTURES);
  }

  #pictureProblem(type, data) {
    if (!PICTURES.has(type)) return "only PNG, JPEG, WebP and GIF are";
    if (typeof data !== "string" || !data) return "it holds nothing";
    if (data.length > MAX_PICTURE_CHARACTERS) return "it is larger than 8 MB";
    return /^[A-Za-z0-9+/]+={0,2}$/.test(data) ? "" : "it is damaged";
  }

  #source(citation) {
    const href = webAddress(citation?.url);
    if (href && this.#sources.size < MAX_SOURCES) this.#sources.set(href, short(citation.title, 200) || href);
  }

  /** Shows cited addresses, and the list below a last line "Sources:", as the answer's list of sources. */
  #gatherSources() {
    const last = this.text.lastElementChild;
    const title = last?.previousElementSibling;
    if (last?.matches("ul, ol") && title && /^(sources|references):?$/i.test(title.textContent.trim())) {
      for (const item of last.children) {
        // The text above refers to a numbered source by its mark, so the mark stays.
        const mark = /^\s*\[\d{1,3}\]\s/.exec(item.textContent)?.[0].trim();
        item.querySelectorAll("a").forEach((a) => this.#source({ url: a.dataset.address ?? a.href, title: [mark, a.textContent].filter(Boolean).join(" ") }));
      }
      const isComplete = [...last.children].every((item) => item.querySelector("a"));
      if (isComplete) [last, title].forEach((node) => node.remove());
    }
    if (!this.#sources.size) return;
    const items = [...this.#sources].map(([href, name]) => {
      const host = new URL(href).host + (isBundled(href) ? ", bundled page" : "");
      return element("li", { dir: "auto" }, link(href, name), " ", element("small", {}, host));
    });
    const heading = element("h3", {}, "Sources");
    this.notice.before(element("div", { className: "sources" }, heading, element("ul", {}, ...items)));
  }
}
