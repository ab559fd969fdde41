// One request for one answer: sent, received as it streams, timed, and its trace fetched.

import { plain, say } from "./dom.js";
import { AskError, chunks, request } from "./stream.js";

const TRACE_PAUSES = [0, 100, 400, 1500];

/** Fills `answer` with what `model` says to `messages`. Returns an AskError where it failed, else null. */
export async function receive(answer, { model, messages, key, signal, moved, isOneOfTwo }) {
  const started = performance.now();
  let [first, last, response] = [null, null, null];
  try {
    const body = JSON.stringify({ model, messages, stream: true, stream_options: { include_usage: true } });
    const headers = { "content-type": "application/json", accept: "text/event-stream" };
    response = await request("v1/chat/completions", { method: "POST", body, headers, signal, key });
    answer.from(response.headers.get("x-janus-implementation"));
    for await (const chunk of chunks(response)) {
      const { content, reasoning_content: reasoning } = Object(chunk.choices?.[0]?.delta);
      if (content || reasoning || chunk.artifacts) {
        last = performance.now();
        first ??= last;
      }
      answer.take(chunk);
      moved();
    }
    timed();
    answer.finish();
    say(`Answer${isOneOfTwo() ? ` of ${answer.name.textContent}` : ""}: ${answer.spoken()}`);
    return null;
  } catch (error) {
    timed();
    return failed(answer, error);
  } finally {
    if (response && !signal.aborted) trace(answer, response.headers.get("x-request-id"), { key, moved });
  }

  function timed() {
    if (first !== null) Object.assign(answer.record, { first: first - started, streamed: last - first, total: performance.now() - started });
  }
}

function failed(answer, error) {
  const isStop = error.name === "AbortError";
  if (!isStop && !(error instanceof AskError)) console.error(error);
  const text = isStop ? "Stopped." : error instanceof AskError ? error.message : "Something went wrong on this page. Reload it and ask again.";
  answer.finish(text, isStop ? "note" : "error");
  say(isStop ? "Stopped." : `The answer failed. ${plain(text)}`);
  if (error.wait) countDown(answer.retry, error.wait);
  return isStop ? null : error;
}

/** The trace of an answer, once the platform has all of it. */
async function trace(answer, id, { key, moved }) {
  for (const pause of TRACE_PAUSES) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    const found = await request(`v1/traces/${encodeURIComponent(id ?? "")}`, { key })
      .then((response) => response.json()).catch(() => null);
    if (!found) return;
    if (found.complete || pause === TRACE_PAUSES.at(-1)) {
      await answer.addTrace(found);
      moved();
      return;
    }
  }
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
