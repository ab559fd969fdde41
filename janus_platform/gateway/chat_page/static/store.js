// Conversations kept in this browser (IndexedDB): a short list, and each conversation by its id. Nothing is sent anywhere.

import { ConversationError, newId, readConversation, titleOf } from "./conversation.js";

const DATABASE = "janus-chat";
const VERSION = 1;
const MAX_CONVERSATIONS = 500;
const MAX_CHARACTERS = 40_000_000; // Of one conversation with its pictures.

/** Why a conversation could not be kept; `message` says what to do. */
export class StoreError extends Error {}

const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel(DATABASE) : null;
let opening = null;

/** Calls `heard` with `{saved: id}` or `{deleted: [id]}` when another tab has changed something. */
export function onOtherTab(heard) {
  channel?.addEventListener("message", ({ data }) => heard(Object(data)));
}

/** Titles, newest first: `{id, title, updated}`. */
export async function titles() {
  const found = await work("readonly", ({ titles: store }) => store.getAll());
  return found.sort((a, b) => b.updated - a.updated);
}

/** The conversation, or null where it is gone. Raises StoreError where it was kept by a newer page. */
export async function load(id) {
  const kept = await work("readonly", ({ conversations }) => conversations.get(id));
  if (!kept) return null;
  try {
    return readConversation(kept);
  } catch (error) {
    throw error instanceof ConversationError ? new StoreError(error.message) : error;
  }
}

/**
 * Keeps the conversation and gives it its next revision. Where another tab has written it since, or deleted it, it gets
 * an id of its own: neither tab loses anything. Returns whether that happened.
 */
export async function save(conversation) {
  if (sizeOf(conversation) > MAX_CHARACTERS) throw new StoreError("This conversation has become too large to save. Start a new one.");
  const { id, revision, updated } = conversation;
  const title = titleOf(conversation);
  let next = null;
  await work("readwrite", ({ titles: list, conversations }) => {
    const before = list.get(id);
    before.onsuccess = () => {
      const isOurs = (before.result?.revision ?? 0) === revision;
      next = isOurs ? { id, revision: revision + 1 } : { id: newId(), revision: 1 };
      conversations.put({ ...conversation, ...next });
      list.put({ ...next, updated, title });
    };
    const count = list.count();
    count.onsuccess = () => {
      if (count.result > MAX_CONVERSATIONS) count.transaction.abort();
    };
  });
  Object.assign(conversation, next);
  channel?.postMessage({ saved: next.id });
  return next.id !== id;
}

function sizeOf({ turns }) {
  const weigh = ({ text = "", content = "", reasoning = "", data = "", pictures = [], answers = [] }) =>
    text.length + content.length + reasoning.length + data.length + [...pictures, ...answers].reduce((sum, one) => sum + weigh(one), 0);
  return turns.reduce((sum, turn) => sum + weigh(turn), 0);
}

/** Deletes these conversations. */
export async function remove(ids) {
  await work("readwrite", (stores) => {
    for (const store of Object.values(stores)) ids.forEach((id) => store.delete(id));
  });
  channel?.postMessage({ deleted: ids });
}

/** Runs `use` in one transaction over both stores; returns the result of the request that it returns, if any. */
async function work(mode, use) {
  const database = await (opening ??= open());
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(["titles", "conversations"], mode);
    const fail = () => reject(refusal(transaction.error));
    transaction.onabort = fail;
    transaction.onerror = fail;
    const request = use({ titles: transaction.objectStore("titles"), conversations: transaction.objectStore("conversations") });
    transaction.oncomplete = () => resolve(request?.result);
  }).catch((error) => {
    throw error instanceof StoreError ? error : refusal(error);
  });
}

function open() {
  return new Promise((resolve, reject) => {
    const forbidden = (error) => {
      opening = null;
      const newer = error?.name === "VersionError" ? "A newer Janus Chat has saved conversations in this browser. Update the platform." : "";
      reject(new StoreError(newer || "This browser does not let the page save conversations (a private window, or storage is switched off)."));
    };
    try {
      const request = indexedDB.open(DATABASE, VERSION);
      request.onupgradeneeded = () => {
        request.result.createObjectStore("titles", { keyPath: "id" });
        request.result.createObjectStore("conversations", { keyPath: "id" });
      };
      request.onerror = () => forbidden(request.error);
      request.onsuccess = () => {
        const lost = () => { opening = null; };
        // A newer page in another tab may have to change the stores: it need not wait for this one.
        request.result.onversionchange = () => { request.result.close(); lost(); };
        request.result.onclose = lost;
        resolve(request.result);
      };
    } catch (error) {
      forbidden(error);
    }
  });
}

function refusal(error) {
  if (error?.name === "QuotaExceededError") {
    return new StoreError("The browser has no room left to save this conversation. Delete others, or export this one.");
  }
  if (error === null) return new StoreError(`At most ${MAX_CONVERSATIONS} conversations can be saved. Delete some of them.`);
  return new StoreError("The browser could not save this conversation. Export it before you close the page.");
}
