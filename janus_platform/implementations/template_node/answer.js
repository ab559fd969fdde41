"use strict";
// The implementation proper: what it thinks and says, piece by piece.

const { call } = require("./services.js");

/** Pairs of field and text, reasoning_content or content, for a conversation of `{role, content}`. */
async function* answer(messages, context) {
  const question = messages.at(-1).content;
  yield ["reasoning_content", `Searching for: ${question} `];
  let found;
  try {
    found = await call("https://search.janus.rodeo/search", { query: question, num_results: 3 }, context);
  } catch (error) {
    yield ["reasoning_content", `Search cannot be asked: ${error.message}. `];
  }
  const results = found?.status === 200 ? found.body.results : [];
  if (!results.length) {
    yield* say(`My search gave me no page${found ? ` (${found.status})` : ""}.`);
    return;
  }
  yield* say(`${results[0].snippet}\n\nSources:\n`);
  for (const { title, url } of results) yield ["content", `- [${title}](${url})\n`];
}

function* say(text) {
  for (const word of text.split(/(?<=\s)/)) yield ["content", word];
}

module.exports = { answer };
