// Asks the gateway and reads its answer event by event (server-sent events, WHATWG HTML section 9.2).

/** Why an answer did not come; `message` says what to do. `kind` is a status such as 404, "network", "cut" or "event". */
export class AskError extends Error {
  constructor(kind, message, { code = "", wait = 0 } = {}) {
    super(message);
    Object.assign(this, { kind, code, wait });
  }
}

const HINTS = new Map([
  [401, "This gateway needs an API key. Enter it below, then press Retry."],
  [404, "Choose another implementation above, then press Retry."],
  [413, "The conversation has grown too long. Start a new one."],
  [429, "Too many requests. Wait until you can press Retry."],
]);
const MAX_WAIT_SECONDS = 600;

/** A request of the gateway; `path` is relative to the page. Raises AskError where nothing answers, or an error does. */
export async function request(path, { key, ...options } = {}) {
  const headers = { ...options.headers, ...(key ? { authorization: `Bearer ${key}` } : {}) };
  let response;
  try {
    response = await fetch(path, { ...options, headers, cache: "no-store", redirect: "error" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new AskError("network", "The gateway cannot be reached. Start it with `janus up`, then press Retry.");
  }
  if (!response.ok) throw await refusal(response);
  return response;
}

async function refusal(response) {
  const body = await response.json().catch(() => null);
  const said = message(body?.error) || `The gateway answered with status ${response.status}.`;
  const wait = Number.parseInt(response.headers.get("retry-after") ?? "", 10);
  const more = { code: body?.error?.code, wait: Math.min(MAX_WAIT_SECONDS, wait > 0 ? wait : 0) };
  const hint = HINTS.get(response.status) ?? "Press Retry.";
  return new AskError(response.status, `${said} ${hint}`, more);
}

const message = (error) => (typeof error?.message === "string" ? error.message.slice(0, 1000) : "");

/** The chunks of a streamed answer, each the parsed JSON object. Raises AskError for an error event or a cut. */
export async function* chunks(response) {
  let finished = false;
  for await (const data of events(response.body)) {
    if (data === "[DONE]") return;
    const chunk = parsed(data);
    if (chunk.error) throw new AskError("event", `${message(chunk.error) || "The answer failed."} Press Retry.`);
    finished ||= typeof chunk.choices?.[0]?.finish_reason === "string";
    yield chunk;
  }
  if (!finished) throw cut();
}

const cut = () => new AskError("cut", "The connection was lost before the answer was complete. Press Retry.");

function parsed(data) {
  try {
    return Object(JSON.parse(data));
  } catch {
    throw new AskError("event", "The answer contains something that is not JSON. Press Retry, or choose another implementation.");
  }
}

/** The data of each event. A line is joined once, when its end has come: events may hold pictures of megabytes. */
async function* events(body) {
  let line = [];
  let data = [];
  for await (const text of texts(body)) {
    const [first, ...rest] = text.split(/\r\n|\n|\r/);
    line.push(first);
    for (const next of rest) {
      const whole = line.join("");
      line = [next];
      if (whole.startsWith("data:")) data.push(whole.slice(whole[5] === " " ? 6 : 5));
      if (whole === "" && data.length) {
        yield data.join("\n");
        data = [];
      }
    }
  }
}

/** The decoded text, piece by piece; a CR at the end of a piece waits, as it may be half of an end of line. */
async function* texts(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      const text = held + value;
      held = text.endsWith("\r") ? "\r" : "";
      yield held ? text.slice(0, -1) : text;
    }
    if (held) yield held;
  } catch (error) {
    throw error.name === "AbortError" ? error : cut();
  } finally {
    reader.cancel().catch(() => {}); // Nobody reads on after an error: the connection is given back.
  }
}
