"use strict";
// An implementation: the endpoints of the contract, around `answer`. Node.js 18 or later, no packages.
// Environment: HOST, PORT, JANUS_IMPLEMENTATION.

const http = require("node:http");
const { randomUUID } = require("node:crypto");
const { answer } = require("./answer.js");

const NAME = process.env.JANUS_IMPLEMENTATION ?? "mine";
const MAX_BODY_BYTES = 10_000_000;

// What `answer` does not do is refused when a request asks for it: an answer that ignores it would mislead.
const UNSUPPORTED = ["response_format", "tool_choice", "stop", "logprobs", "top_logprobs", "logit_bias", "modalities",
  "audio", "functions", "function_call", "web_search_options"];
const NOTHING = ["null", "false", "[]", "{}", '"none"', '"auto"', '["text"]', '{"type":"text"}'];

function unsupported(body) {
  if (![undefined, null, 1].includes(body.n)) return "n";
  return UNSUPPORTED.find((field) => field in body && !NOTHING.includes(JSON.stringify(body[field])));
}

async function readBody(request) {
  const parts = [];
  let size = 0;
  for await (const part of request) {
    size += part.length;
    if (size > MAX_BODY_BYTES) throw new Error("too large");
    parts.push(part);
  }
  return JSON.parse(Buffer.concat(parts).toString("utf8"));
}

function textOf(content) {
  if (typeof content === "string") return content;
  return content.filter((part) => part.type === "text").map((part) => part.text).join(" ");
}

function sendJson(response, status, value) {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(value));
}

function refuse(response, message, param) {
  sendJson(response, 400, { error: { message, type: "invalid_request_error", param, code: null } });
}

/** At most `limit` pieces of content; the rest is cut off with finish_reason "length". */
async function* bounded(pieces, limit) {
  let left = limit;
  for await (const [field, text] of pieces) {
    if (field === "content" && left-- === 0) return yield ["finish_reason", "length"];
    yield [field, text];
  }
}

async function chat(request, response) {
  let body, messages;
  try {
    body = await readBody(request);
    messages = body.messages.map(({ role, content }) => ({ role, content: textOf(content ?? "") }));
    if (!messages.length) throw new Error("none");
  } catch {
    return refuse(response, "Send messages.", "messages");
  }
  const field = unsupported(body);
  if (field) return refuse(response, `\`${field}\` is not supported here. Leave it out.`, field);

  const left = new AbortController(); // The client may leave before the answer is whole.
  response.on("close", () => left.abort());
  const { traceparent } = request.headers;
  const pieces = bounded(answer(messages, { traceparent, signal: left.signal }),
    body.max_completion_tokens ?? body.max_tokens ?? Infinity);
  const head = { id: `chatcmpl-${randomUUID()}`, created: Math.floor(Date.now() / 1000), model: NAME };
  await (body.stream ? stream(response, head, pieces) : whole(response, head, pieces));
}

async function stream(response, head, pieces) {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  const send = (delta, finish_reason = null) => {
    const chunk = { ...head, object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason }] };
    return response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  };
  let finish = "stop";
  for await (const [field, text] of pieces) {
    if (field === "finish_reason") finish = text;
    else send({ [field]: text });
  }
  send({}, finish);
  response.end("data: [DONE]\n\n");
}

async function whole(response, head, pieces) {
  const message = { role: "assistant", content: "" };
  let finish_reason = "stop";
  for await (const [field, text] of pieces) {
    if (field === "finish_reason") finish_reason = text;
    else message[field] = (message[field] ?? "") + text;
  }
  sendJson(response, 200, { ...head, object: "chat.completion", choices: [{ index: 0, message, finish_reason }] });
}

const server = http.createServer((request, response) => {
  const route = `${request.method} ${request.url.split("?")[0]}`;
  if (route === "GET /health") return sendJson(response, 200, { status: "ok" });
  if (route === "GET /v1/models") return sendJson(response, 200, { object: "list", data: [{ id: NAME, object: "model" }] });
  if (route !== "POST /v1/chat/completions") return refuse(response, `There is no ${route}.`, null);
  chat(request, response).catch((error) => {
    console.error(error.stack);
    response.destroy(); // Half an answer is not passed off as a whole one.
  });
});
server.listen(Number(process.env.PORT ?? 9000), process.env.HOST ?? "127.0.0.1");
