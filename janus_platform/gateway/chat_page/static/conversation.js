// A conversation as data: what is kept, exported and sent. What comes from a file or an older page is checked here.

import { plain, webAddress } from "./dom.js";
import { FACTS } from "./facts.js";

export const FORMAT = 1;
export const PICTURE_TYPES = new Set(["image/png", "image/jpeg", "image/webp", "image/gif"]);
export const MAX_PICTURE_CHARACTERS = 11_000_000; // base64 of 8 MB
export const MAX_ANSWER_PICTURES = 16;
const MAX_TURNS = 1_000;
const MAX_TEXT = 2_000_000;
const MAX_SOURCES = 50;
const TITLE_LENGTH = 60;
const ROOM_AROUND_PICTURES = 500_000; // Bytes of a request that are kept for its text.

/** Why something is no conversation of this page; `message` says it to the reader. */
export class ConversationError extends Error {}

/** An identifier that no other conversation has; `crypto.randomUUID` is missing on a page without https. */
export const newId = () => [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

export function newConversation({ system = "" } = {}) {
  const now = Date.now();
  return { format: FORMAT, id: newId(), revision: 0, created: now, updated: now, title: "", system, models: [], turns: [] };
}

/** The title in the list: the first question, in one line. */
export function titleOf({ title, turns }) {
  const text = (title || turns[0]?.text || "").replace(/\s+/g, " ").trim();
  if (!text) return turns[0]?.pictures.length ? "A picture" : "New conversation";
  return text.length > TITLE_LENGTH ? `${text.slice(0, TITLE_LENGTH - 1).trimEnd()}…` : text;
}

/**
 * The messages of a request for `column`, 0 or 1: the system prompt, and each turn with that column's answer. Of many
 * pictures the newest are sent, as many as a request may hold; the others are named.
 */
export function messagesFor({ system, turns }, column) {
  let [places, bytes] = [FACTS.maxPictures, FACTS.maxBodyBytes - ROOM_AROUND_PICTURES];
  const fits = new Set();
  for (const picture of turns.flatMap(({ pictures }) => pictures).reverse()) {
    places -= 1;
    bytes -= picture.data.length + 100;
    if (places >= 0 && bytes >= 0) fits.add(picture);
  }
  const said = turns.flatMap(({ text, pictures, answers }) => {
    const answer = (answers[column] ?? answers[0])?.content;
    const question = { role: "user", content: pictures.length ? parts(text, pictures, fits) : text };
    return answer ? [question, { role: "assistant", content: answer }] : [question];
  });
  return system.trim() ? [{ role: "system", content: system }, ...said] : said;
}

function parts(text, pictures, fits) {
  const left = pictures.filter((picture) => !fits.has(picture)).map(({ name }) => `[An earlier picture: ${name}]`);
  const words = [text, ...left].filter(Boolean).join("\n");
  const shown = pictures.filter((picture) => fits.has(picture)).map(({ type, data }) =>
    ({ type: "image_url", image_url: { url: `data:${type};base64,${data}` } }));
  return words ? [{ type: "text", text: words }, ...shown] : shown;
}

/** A conversation made of whatever `value` is, field by field. Raises ConversationError where it is none. */
export function readConversation(value) {
  const { format, id, revision, created, updated, title, system, models, turns } = Object(value);
  if (Number.isInteger(format) && format > FORMAT) throw new ConversationError("This conversation was written by a newer Janus Chat. Update the platform to open it.");
  if (!Number.isInteger(format) || format < 1 || !Array.isArray(turns)) throw new ConversationError("This is not a conversation from Janus Chat.");
  if (turns.length > MAX_TURNS) throw new ConversationError(`This conversation has more than ${MAX_TURNS} questions.`);
  const now = Date.now();
  return {
    format: FORMAT,
    id: /^[0-9a-f]{24}$/.test(id) ? id : newId(),
    revision: Number.isSafeInteger(revision) && revision > 0 ? revision : 0,
    created: moment(created, now),
    updated: moment(updated, now),
    title: text(title, 200),
    system: text(system),
    models: list(models, 2).map((name) => text(name, 200)).filter(Boolean),
    turns: turns.map((turn) => ({
      text: text(turn?.text),
      pictures: list(turn?.pictures, FACTS.maxPictures).map(picture).filter(Boolean),
      answers: list(turn?.answers, 2).map(answer),
    })),
  };
}

function answer(value) {
  const { model, by, content, reasoning, pictures, sources, note, kind, first, streamed, total, tokens, ended } = Object(value);
  return {
    model: text(model, 200),
    by: text(by, 200),
    content: text(content),
    reasoning: text(reasoning),
    pictures: list(pictures, MAX_ANSWER_PICTURES).map(picture).filter(Boolean),
    sources: list(sources, MAX_SOURCES).filter((one) => webAddress(one?.url)).map(({ url, title }) => ({ url, title: text(title, 200) })),
    note: text(note, 1500),
    kind: kind === "error" ? "error" : "note",
    ...Object.fromEntries(Object.entries({ first, streamed, total, tokens }).filter(([, number]) => Number.isFinite(number) && number >= 0)),
    ended: ended === true,
  };
}

/** The picture, or null: its data must be base64 of a type that the page shows. */
export function picture(value) {
  const { name, alt, type, data } = Object(value);
  if (pictureProblem(type, data)) return null;
  return { name: text(name, 100) || "picture", alt: text(alt, 500), type, data };
}

/** Why a picture cannot be shown, or an empty string. */
export function pictureProblem(type, data) {
  if (!PICTURE_TYPES.has(type)) return "only PNG, JPEG, WebP and GIF are";
  if (typeof data !== "string" || !data) return "it holds nothing";
  if (data.length > MAX_PICTURE_CHARACTERS) return "it is larger than 8 MB";
  return /^[A-Za-z0-9+/]+={0,2}$/.test(data) ? "" : "it is damaged";
}

const moment = (value, now) => (Number.isFinite(value) && value > 0 && value <= now ? value : now);
const list = (value, most) => (Array.isArray(value) ? value.slice(0, most) : []);
const text = (value, most = MAX_TEXT) => (typeof value === "string" ? plain(value).slice(0, most) : "");
