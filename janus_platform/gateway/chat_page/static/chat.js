// Janus Chat: the conversation, and what the buttons and keys do.

import { Answer } from "./answer.js";
import { element, plain, short, useBundledWeb } from "./dom.js";
import { AskError, chunks, request } from "./stream.js";

const $ = (id) => document.getElementById(id);
const [turns, question, model, keyField] = [$("turns"), $("question"), $("model"), $("key")];
const TRACE_PAUSES = [0, 100, 400, 1500];
let messages = [];
let current = null; // The answer that is coming: {answer, controller}.
let count = 0;

const stored = (store, name, value) => {
  try {
    return value === undefined ? store.getItem(name) : store.setItem(name, value);
  } catch {
    return null; // Storage may be switched off: then nothing is remembered.
  }
};
const say = (text) => { $("announcer").textContent = text; };

async function ask() {
  turns.querySelectorAll(".retry").forEach((button) => { button.hidden = true; });
  const answer = new Answer((count += 1), model.value);
  const controller = new AbortController();
  current = { answer, controller };
  turns.append(answer.node);
  show();
  say("Waiting for the answer.");
  const started = performance.now();
  const history = messages;
  try {
    await receive(answer, controller.signal, started);
    answer.finish();
    say(`Answer: ${answer.spoken()}`);
  } catch (error) {
    failed(answer, error);
  }
  if (messages === history && answer.content) messages.push({ role: "assistant", content: answer.content });
  answer.copy.addEventListener("click", () => copy(answer.copy, answer.content));
  answer.retry.addEventListener("click", () => retry(answer));
  answer.retry.hidden = false;
  if (current?.answer === answer) current = null;
  show();
}

async function receive(answer, signal, started) {
  const body = JSON.stringify({ model: model.value, messages, stream: true });
  const headers = { "content-type": "application/json", accept: "text/event-stream" };
  const response = await request("v1/chat/completions", { method: "POST", body, headers, signal, key: keyField.value });
  answer.from(response.headers.get("x-janus-implementation"));
  let first = null;
  try {
    for await (const chunk of chunks(response)) {
      first ??= performance.now() - started;
      answer.take(chunk);
      follow();
    }
  } finally {
    const seconds = (ms) => `${(ms / 1000).toFixed(2)} s`;
    if (first !== null) answer.facts.textContent = `first event ${seconds(first)} · ${seconds(performance.now() - started)}`;
    if (!signal.aborted) trace(answer, response.headers.get("x-request-id"));
  }
}

function failed(answer, error) {
  const isStop = error.name === "AbortError";
  if (!isStop && !(error instanceof AskError)) console.error(error);
  const text = isStop ? "Stopped." : error instanceof AskError ? error.message : "This page failed. Reload it and ask again.";
  answer.finish(text, isStop ? "note" : "error");
  say(isStop ? "Stopped." : `The answer failed. ${plain(text)}`);
  if (error.kind === 401) wantKey();
  if (error.kind === 404) listModels();
  if (error.wait) countDown(answer.retry, error.wait);
}

/** The trace of an answer, once the platform has all of it. */
async function trace(answer, id) {
  for (const pause of TRACE_PAUSES) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    const found = await request(`v1/traces/${encodeURIComponent(id ?? "")}`, { key: keyField.value })
      .then((response) => response.json()).catch(() => null);
    if (!found) return;
    if (found.complete || pause === TRACE_PAUSES.at(-1)) {
      answer.addTrace(found);
      follow();
      return;
    }
  }
}

function retry(answer) {
  if (current) return;
  if (answer.content) messages.pop();
  answer.node.remove();
  question.focus();
  ask();
}

function countDown(button, seconds) {
  const end = performance.now() + 1000 * seconds;
  const tick = () => {
    const left = Math.ceil((end - performance.now()) / 1000);
    button.disabled = left > 0;
    button.textContent = left > 0 ? `Retry in ${left} s` : "Retry";
    if (left > 0 && button.isConnected) setTimeout(tick, 250);
  };
  tick();
}

function send(text) {
  if (current || !text.trim()) return;
  messages.push({ role: "user", content: text });
  const title = element("h2", { className: "only-heard" }, "You asked");
  turns.append(element("article", { className: "asked" }, title, element("p", { dir: "auto" }, plain(text))));
  question.value = "";
  ask();
}

function startAnew() {
  current?.controller.abort();
  current = null;
  messages = [];
  count = 0;
  turns.replaceChildren();
  show();
  say("New conversation.");
  question.focus();
}

/** Brings buttons and welcome in line with what is going on. */
function show() {
  $("stop").hidden = !current;
  $("send").hidden = Boolean(current);
  $("welcome").hidden = turns.childElementCount > 0;
  document.documentElement.classList.toggle("empty", turns.childElementCount === 0);
  follow(true);
}

/** Keeps the end in view for a reader who is there. */
function follow(always = false) {
  const page = document.documentElement;
  if (always || page.scrollHeight - window.innerHeight - window.scrollY < 200) window.scrollTo(0, page.scrollHeight);
}

async function copy(button, text) {
  const done = await navigator.clipboard?.writeText(text).then(() => true, () => false);
  const before = button.textContent;
  button.textContent = done ? "Copied" : "Not allowed here";
  say(button.textContent);
  setTimeout(() => { button.textContent = before; }, 1500);
}

// A link may choose the implementation: /#model=NAME. It counts once, then the reader chooses.
let linked = new URLSearchParams(location.hash.slice(1)).get("model");

async function listModels() {
  const chosen = linked || model.value;
  try {
    const { data } = await (await request("v1/models", { key: keyField.value })).json();
    const names = data.filter((entry) => typeof entry?.id === "string" && entry.id);
    model.replaceChildren(...names.map(({ id, root }) => {
      const now = typeof root === "string" && root !== id ? ` (now ${short(root, 60)})` : "";
      return element("option", { value: id }, short(id, 60) + now);
    }));
    if (names.some(({ id }) => id === chosen)) model.value = chosen;
    else if (linked) say(`There is no implementation ${short(linked, 60)}.`);
    linked = "";
  } catch (error) {
    if (error.kind === 401) wantKey();
    else say("The list of implementations could not be loaded.");
  }
}

/** The sources of an answer may be pages that come with the platform: then their links lead to them. */
async function listBundledWeb() {
  const { hosts } = await request("web").then((response) => response.json()).catch(() => ({}));
  if (Array.isArray(hosts)) useBundledWeb(hosts);
}

function wantKey() {
  $("key-row").hidden = false;
  keyField.focus();
}

function darken(isDark) {
  document.documentElement.dataset.theme = isDark ? "dark" : "light";
  $("theme").setAttribute("aria-pressed", String(isDark));
}

function start() {
  const theme = stored(localStorage, "janus.theme");
  darken(theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);
  $("theme").addEventListener("click", () => {
    darken($("theme").getAttribute("aria-pressed") !== "true");
    stored(localStorage, "janus.theme", document.documentElement.dataset.theme);
  });
  keyField.value = stored(sessionStorage, "janus.key") ?? "";
  $("key-row").hidden = !keyField.value;
  keyField.addEventListener("change", () => {
    stored(sessionStorage, "janus.key", keyField.value);
    listModels();
  });
  $("composer").addEventListener("submit", (event) => {
    event.preventDefault();
    send(question.value);
  });
  question.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send(question.value);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && current) stop();
  });
  document.addEventListener("click", ({ target }) => {
    if (target.matches?.(".copy-code")) copy(target, target.closest(".code").querySelector("pre").textContent);
    if (target.matches?.(".example")) send(target.textContent);
  });
  $("stop").addEventListener("click", stop);
  $("new").addEventListener("click", startAnew);
  // Nothing is kept of a conversation: a reload would lose it without a word.
  addEventListener("beforeunload", (event) => {
    if (messages.length > 0) event.preventDefault();
  });
  listModels();
  listBundledWeb();
  show();
}

function stop() {
  current?.controller.abort();
  question.focus();
}

start();
