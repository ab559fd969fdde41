// One answer as it is shown: reasoning, text, pictures, sources, what went wrong, and its trace.

import { MAX_ANSWER_PICTURES, picture as readPicture, pictureProblem } from "./conversation.js";
import { element, isBundled, link, paced, plain, short, webAddress } from "./dom.js";
import { MarkdownStream } from "./markdown.js";

const MAX_SOURCES = 50;
const MEASURABLE_MS = 20; // What came in less time came at once: its rate says nothing.
// What a finish_reason other than "stop" means for the reader.
const ENDS = new Map([
  ["length", "The answer ends here because it reached its length limit. Ask for the rest."],
  ["content_filter", "The answer ends here because one of the implementation's filters stopped it."],
]);

/** What an answer looks like while it comes and when it has come; `node` is its element, `record` what is kept of it. */
export class Answer {
  record;
  #pictures = 0;
  #over = false;
  #reason = "";
  #sources = new Map();

  constructor(number, model) {
    this.record = { model: short(model, 200), by: "", content: "", reasoning: "", pictures: [], sources: [], note: "", kind: "note", ended: false };
    this.text = element("div", { className: "text" });
    this.stream = new MarkdownStream(this.text);
    this.thoughts = element("div", { className: "thoughts", dir: "auto" });
    this.reasoning = element("details", { className: "reasoning", hidden: true, open: true }, element("summary", {}, "Reasoning"), this.thoughts);
    this.pictures = element("div", { className: "pictures" });
    this.notice = element("p", { className: "notice", hidden: true, dir: "auto" });
    this.waiting = element("p", { className: "waiting" }, "Waiting for the first word …");
    this.name = element("bdi", {}, this.record.model);
    this.facts = element("span", { className: "facts" });
    this.copy = element("button", { type: "button", className: "copy", hidden: true }, "Copy");
    this.retry = element("button", { type: "button", className: "retry", hidden: true }, "Retry");
    this.foot = element("div", { className: "foot" }, this.copy, this.retry, this.facts);
    const title = element("h2", { id: `answer-${number}` }, element("span", { className: "only-heard" }, `Answer ${number} of `), this.name);
    this.node = element("article", { className: "answer", "aria-labelledby": title.id, "aria-busy": "true" },
      title, this.reasoning, this.waiting, this.text, this.pictures, this.notice, this.foot);
    this.draw = paced(() => { if (!this.#over) this.render(); });
  }

  /** An answer that was kept, as it was. */
  static restored(number, record) {
    const answer = new Answer(number, record.model);
    const { by, content, reasoning, pictures, sources, note, kind, first, streamed, total, tokens, ended } = record;
    answer.from(by);
    answer.take({ choices: [{ delta: { content, reasoning_content: reasoning, annotations: sources.map((source) => ({ url_citation: source })) } }], artifacts: pictures });
    Object.assign(answer.record, { first, streamed, total, tokens });
    answer.finish(ended ? note : "The page was closed before this answer was complete. Press Retry.", ended ? kind : "error");
    return answer;
  }

  /** Names the implementation that answers, as the gateway tells it. */
  from(name) {
    if (!name) return;
    this.record.by = short(name, 200);
    this.name.textContent = this.record.by;
  }

  /** Takes one chunk of the stream. Whatever in it is not of the expected shape is left out. */
  take(chunk) {
    const { record } = this;
    const { delta, finish_reason: reason } = Object(chunk.choices?.[0]);
    if (typeof reason === "string") this.#reason = reason;
    if (typeof delta?.reasoning_content === "string") record.reasoning += delta.reasoning_content;
    if (typeof delta?.content === "string" && delta.content) {
      if (!record.content) this.reasoning.open = false;
      record.content += delta.content;
      this.stream.append(delta.content);
    }
    const tokens = chunk.usage?.completion_tokens;
    if (Number.isSafeInteger(tokens) && tokens > 0) record.tokens = tokens;
    if (Array.isArray(chunk.artifacts)) chunk.artifacts.forEach((artifact) => this.#picture(artifact));
    if (Array.isArray(delta?.annotations)) delta.annotations.forEach((annotation) => this.#cited(annotation?.url_citation));
    if (record.content || record.reasoning || this.#pictures) this.waiting.hidden = true;
    this.draw();
  }

  /** Shows all that has come so far. */
  render() {
    this.reasoning.hidden = !this.record.reasoning;
    const thoughts = plain(this.record.reasoning);
    if (this.thoughts.textContent !== thoughts) this.thoughts.textContent = thoughts;
    this.stream.render();
  }

  /** The answer is over; `note` says why, where it did not simply end. */
  finish(note = "", kind = "note") {
    const { record } = this;
    this.#over = true;
    this.stream.append("\n");
    this.render();
    this.stream.end();
    this.#gatherSources();
    note ||= ENDS.get(this.#reason) ?? "";
    if (!note && !record.content && !this.#pictures) note = "The answer is empty. Press Retry, or choose another implementation.";
    Object.assign(record, { note: short(note, 1500), kind, ended: true });
    this.waiting.hidden = true;
    this.notice.hidden = !note;
    this.notice.textContent = record.note;
    this.notice.classList.toggle("error", kind === "error");
    this.facts.textContent = speed(record);
    this.copy.hidden = !record.content;
    this.node.setAttribute("aria-busy", "false");
  }

  /** What a screen reader is told when the answer is over. */
  spoken() {
    const pictures = this.#pictures ? ` With ${this.#pictures} ${this.#pictures === 1 ? "picture" : "pictures"}.` : "";
    return `${this.text.textContent.replaceAll("Copy code", "").slice(0, 3000)}${pictures} ${this.notice.textContent}`.trim();
  }

  /** Adds the waterfall of this answer. */
  async addTrace(trace) {
    const drawn = await import("./waterfall.js").then(({ waterfall }) => waterfall(trace), () => null);
    if (drawn) this.node.append(element("details", { className: "trace" }, element("summary", {}, "Trace"), drawn));
  }

  #cited(citation) {
    if (this.#source(citation)) this.record.sources.push({ url: citation.url, title: short(citation.title, 200) });
  }

  #picture(artifact) {
    const { type, data } = Object(artifact);
    const name = short(artifact?.name, 100) || "picture";
    const alt = short(artifact?.alt ?? artifact?.description, 500) || `Picture: ${name}`;
    const caption = element("figcaption", {}, element("bdi", {}, name));
    const problem = pictureProblem(type, data);
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
    if (this.#pictures >= MAX_ANSWER_PICTURES) return;
    this.#pictures += 1;
    this.pictures.append(figure);
    const kept = readPicture({ ...artifact, alt: artifact?.alt ?? artifact?.description });
    if (kept) this.record.pictures.push(kept);
  }

  /** Whether the citation is one more source. */
  #source(citation) {
    const href = webAddress(citation?.url);
    if (!href || this.#sources.size >= MAX_SOURCES) return false;
    this.#sources.set(href, short(citation.title, 200) || href);
    return true;
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

/** How quickly an answer came: ms to its first token, from there to its last, and in all; tokens as they were reported. */
function speed({ first, streamed, total, tokens }) {
  if (first === undefined || total === undefined) return "";
  const seconds = (ms) => `${(ms / 1000).toFixed(2)} s`;
  const rate = tokens > 1 && streamed > MEASURABLE_MS ? `${Math.round((1000 * (tokens - 1)) / streamed)} tokens/s` : "";
  return [`first token ${seconds(first)}`, rate, `${seconds(total)} in all`].filter(Boolean).join(" · ");
}
