// Conversations as files: written as JSON or Markdown, read from JSON.

import { ConversationError, newId, readConversation, titleOf } from "./conversation.js";
import { element } from "./dom.js";

const KIND = "janus-chat";
const MAX_BYTES = 100_000_000;
const MAX_CONVERSATIONS = 500;

/** The text of a file that `readFile` reads again. */
export const asJson = (conversations) => `${JSON.stringify({ kind: KIND, conversations }, null, 1)}\n`;

/** The conversation as Markdown to read or print; pictures are named, as their data is in the JSON only. */
export function asMarkdown(conversation) {
  const lines = [`# ${titleOf(conversation)}`, `*Janus Chat, ${new Date(conversation.updated).toISOString().slice(0, 16).replace("T", " ")} UTC*`];
  if (conversation.system.trim()) lines.push("## System prompt", quoted(conversation.system));
  for (const { text, pictures, answers } of conversation.turns) {
    lines.push("## Question", text, ...pictures.map(pictured));
    for (const answer of answers) {
      lines.push(`## Answer of ${answer.by || answer.model}`);
      if (answer.reasoning) lines.push(quoted(`Reasoning: ${answer.reasoning}`));
      lines.push(answer.content, ...answer.pictures.map(pictured), answer.note && `*${answer.note}*`);
      if (answer.sources.length) lines.push(answer.sources.map(({ title, url }) => `- [${title || url}](<${url}>)`).join("\n"));
    }
  }
  return `${lines.filter(Boolean).join("\n\n")}\n`;
}

const quoted = (text) => text.split("\n").map((line) => `> ${line}`).join("\n");
const pictured = ({ name, alt }) => `*[Picture: ${[name, alt].filter(Boolean).join(", ")}]*`;

/** The conversations of a file, each with an id of its own. Raises ConversationError where it holds none. */
export async function readFile(file) {
  if (file.size > MAX_BYTES) throw new ConversationError("The file is larger than 100 MB.");
  let content;
  try {
    content = JSON.parse(await file.text());
  } catch {
    throw new ConversationError("The file is not JSON. Choose one that Janus Chat exported.");
  }
  const { kind, conversations } = Object(content);
  if (kind !== KIND || !Array.isArray(conversations)) throw new ConversationError("The file contains no conversations from Janus Chat.");
  if (conversations.length > MAX_CONVERSATIONS) throw new ConversationError(`The file contains more than ${MAX_CONVERSATIONS} conversations.`);
  return conversations.map((one) => ({ ...readConversation(one), id: newId(), revision: 0 }));
}

/** Hands `text` to the reader as a file. */
export function download(text, name, type) {
  const href = URL.createObjectURL(new Blob([text], { type }));
  element("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}

/** A file name from a title: letters and digits of any script, at most 50. */
export const fileName = (title, suffix) => `${title.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "").slice(0, 50) || "conversation"}.${suffix}`;
