// The trace of an answer as a waterfall: a table that reads as one, with a bar in each row.

import { element, short } from "./dom.js";

const KNOWN = new Set("gateway node implementation search web_proxy inference code_sandbox vector_index".split(" "));
const MARKS = new Map([["first_reasoning", "first reasoning"], ["first_content", "first content"]]);
const MAX_ROWS = 100;

/** An element that shows `trace` (`trace.schema.json`), or null where it holds no span. */
export function waterfall(trace) {
  const spans = Array.isArray(trace?.spans) ? trace.spans.filter(isSpan).slice(0, MAX_ROWS) : [];
  if (!spans.length) return null;
  const start = Math.min(...spans.map((span) => span.start_ns));
  const total = Math.max(...spans.map((span) => span.end_ns)) - start || 1;
  const marks = spans.flatMap(({ events }) => (Array.isArray(events) ? events : [])).flatMap((event) =>
    MARKS.has(event?.name) ? [{ name: MARKS.get(event.name), at: event.at_ns - start }] : []);
  const parents = new Map(spans.map((span) => [span.span_id, span.parent_id]));
  const head = ["Part", "Starts after", "Takes", "When"].map((name) => element("th", { scope: "col" }, name));
  const body = element("tbody", {}, ...spans.map((span) => row(span, { start, total, marks, parents })));
  const caption = element("caption", {}, summary(spans, total, marks));
  const table = element("table", { className: "waterfall" }, caption, element("thead", {}, element("tr", {}, ...head)), body);
  return element("div", { className: "table", tabIndex: 0, role: "group", "aria-label": "Trace of this answer" }, table);
}

const isSpan = (span) => Number.isFinite(span?.start_ns) && Number.isFinite(span?.end_ns) && typeof span.name === "string";
const milliseconds = (nanoseconds) => `${(nanoseconds / 1e6).toFixed(1)} ms`;

function summary(spans, total, marks) {
  const seen = marks.map(({ name, at }) => `${name} after ${milliseconds(at)}`);
  const services = spans.filter((span) => !["client", "gateway", "node", "implementation"].includes(span.name)).length;
  return [`${milliseconds(total)} in all`, ...seen, `${services} service ${services === 1 ? "call" : "calls"}`].join(" · ");
}

function row(span, { start, total, marks, parents }) {
  const name = short(span.name, 60).replaceAll("_", " ");
  const lane = element("div", { className: "lane", "aria-hidden": "true" });
  for (const { at } of marks) lane.append(placed("mark", at / total, 0));
  const bar = placed("bar", (span.start_ns - start) / total, (span.end_ns - span.start_ns) / total);
  if (KNOWN.has(span.name)) bar.classList.add(span.name);
  lane.append(bar);
  const heading = element("th", { scope: "row", className: `depth-${depth(span.span_id, parents)}` }, name);
  const status = span.attributes?.["http.response.status_code"];
  if (status >= 400) heading.append(element("span", { className: "failed" }, ` ${Number(status)}`));
  const numbers = [span.start_ns - start, span.end_ns - span.start_ns].map((at) => element("td", {}, milliseconds(at)));
  return element("tr", {}, heading, ...numbers, element("td", {}, lane));
}

function placed(className, left, width) {
  const made = element("div", { className });
  made.style.left = `${100 * left}%`;
  if (width) made.style.width = `${100 * width}%`;
  return made;
}

function depth(id, parents) {
  let found = 0;
  for (let at = parents.get(id); parents.has(at) && found < 4; at = parents.get(at)) found += 1;
  return found;
}
