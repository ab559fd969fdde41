// Janus Chat: puts its parts together.

import { Composer } from "./composer.js";
import { newConversation } from "./conversation.js";
import { $, copy, say, useBundledWeb } from "./dom.js";
import { choose, chosen, listModels, startModels } from "./models.js";
import { Panel } from "./panel.js";
import { key, showSystemPrompt, startSettings, systemPrompt, wantKey } from "./settings.js";
import { request } from "./stream.js";
import { Talk } from "./talk.js";

const list = () => listModels({ key: key(), wantKey });
const composer = new Composer((question) => {
  const isSent = talk.ask(question);
  if (isSent) panel.tell(""); // What was told before has been read.
  return isSent;
});
const talk = new Talk({
  models: chosen,
  key,
  keep: (conversation) => panel.keep(conversation),
  edit: (at, turn) => composer.edit(at, turn),
  failed: ({ kind }) => {
    if (kind === 401) wantKey();
    if (kind === 404) list();
  },
});
const panel = new Panel({ current: () => talk.conversation, open, begin });

function open(conversation) {
  talk.open(conversation);
  composer.leave();
  showSystemPrompt(conversation.system);
  choose(conversation.models);
  panel.opened();
  panel.tell("");
  panel.list();
}

function begin() {
  open(newConversation({ system: systemPrompt() }));
  say("New conversation.");
}

/** A suggested question; some come with a picture. */
async function suggested(button) {
  if (button.dataset.picture) {
    const blob = await (await request(button.dataset.picture)).blob();
    await composer.add([new File([blob], button.dataset.picture.split("/").at(-1), { type: blob.type })]);
  }
  composer.question.value = button.textContent;
  composer.send();
}

/** The sources of an answer may be pages that come with the platform: then their links lead to them. */
async function listBundledWeb() {
  const { hosts } = await request("web").then((response) => response.json()).catch(() => ({}));
  if (Array.isArray(hosts)) useBundledWeb(hosts);
}

function stop() {
  talk.stop();
  composer.question.focus();
}

async function start() {
  startSettings({
    changed: list,
    prompted: (text) => {
      talk.conversation.system = text;
      if (talk.conversation.turns.length) panel.keep(talk.conversation);
    },
  });
  startModels();
  $("stop").addEventListener("click", stop);
  $("new").addEventListener("click", begin);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && talk.isRunning && !document.querySelector("dialog:modal")) stop();
  });
  document.addEventListener("click", ({ target }) => {
    if (target.matches?.(".copy-code")) copy(target, target.closest(".code").querySelector("pre").textContent);
    if (target.matches?.(".example")) suggested(target);
  });
  // What is kept comes back after a reload; what is not would be lost without a word.
  addEventListener("beforeunload", (event) => {
    if (panel.wouldLose) event.preventDefault();
  });
  showSystemPrompt(systemPrompt());
  talk.conversation.system = systemPrompt();
  listBundledWeb();
  const listed = list();
  const before = await panel.start();
  // Nobody waited with the first question until the old conversation was there.
  if (before && !talk.conversation.turns.length) {
    open(before);
    await listed;
    if (!location.hash) choose(before.models);
  }
}

talk.show();
start();
