// "A request on its way": the recorded events of one request, played over the drawing of the platform.
"use strict";

function janusRequestFigure() {
    const { element, player, shape } = Interactive;
    const ROW = 24;
    const LABELS = 130;

    /** For each part of the drawing, the milliseconds in which it has the request. */
    function busyTimes({ spans, pieces }) {
        const of = name => spans.filter(span => span[0] === name);
        const [gateway] = of("gateway");
        const [node] = of("node");
        const [called] = of("implementation");
        const services = spans.filter(([name]) => !["gateway", "node", "implementation"].includes(name));
        const third = (node[1] - gateway[1]) / 2;
        const busy = {
            client: [[0, gateway[1]], ...pieces.map(([ms]) => [ms, ms + 12])],
            checks: [[gateway[1], gateway[1] + third]],
            router: [[gateway[1] + third, node[1]]],
            balancer: [[node[1], called[1]]],
            node: [[called[1], called[2]]],
            proxy: services.map(([, from, to]) => [from, to]),
        };
        for (const [name, from, to] of services) (busy[name] ??= []).push([from, to]);
        return busy;
    }

    Interactive.mount("request", (recorded, stage) => {
        const { question, pieces, spans } = recorded;
        const WIDTH = Math.min(690, stage.clientWidth); // a unit is a pixel, so that letters keep their size on a phone
        const end = Math.max(...spans.map(span => span[2]), pieces.at(-1)[0]) + 10;
        const busy = busyTimes(recorded);
        const drawings = [...stage.querySelectorAll("svg")];
        const boxes = Object.keys(busy).map(name => [busy[name], drawings.map(one => one.querySelector(`[data-part="${name}"]`))]);
        const text = element("p", { class: "ia-text ia-answer" });
        const said = element("p", { class: "ia-hint" });
        const moments = [...new Set([...spans.flatMap(([, from, to]) => [from, to]), pieces[0][0],
            pieces.find(piece => piece[1] === "content")[0]])].sort((x, y) => x - y).map(ms => ms / 1000);

        const x = ms => LABELS + (ms / end) * (WIDTH - LABELS - 8);
        const bars = spans.map(([name, from, to], n) => {
            const label = shape("text", { x: 0, y: n * ROW + 17, class: "ia-label" }, name);
            const bar = shape("rect", { x: x(from), y: n * ROW + 5, width: Math.max(2, x(to) - x(from)), height: ROW - 10, rx: 3, class: "ia-bar" });
            return [label, bar];
        });
        const head = shape("line", { y1: 0, y2: spans.length * ROW, class: "ia-playhead" });
        const waterfall = shape("svg", { viewBox: `0 0 ${WIDTH} ${spans.length * ROW}`, class: "ia-waterfall", role: "img",
            "aria-label": `Waterfall: ${spans.map(([name, from, to]) => `${name} ${from.toFixed(0)} to ${to.toFixed(0)} ms`).join(", ")}` },
        ...bars.flat(), head);

        const played = player({
            end: end / 1000,
            paces: [["1/20", 0.05], ["1/5", 0.2], ["1×", 1]],
            moments,
            digits: 3,
            show(at) {
                const ms = at * 1000;
                for (const [times, found] of boxes) {
                    const active = times.some(([from, to]) => ms >= from && ms < to);
                    for (const box of found) box?.classList.toggle("ia-active", active);
                }
                spans.forEach(([, from, to], n) => bars[n][1].classList.toggle("ia-over-now", ms >= from && ms < to));
                head.setAttribute("x1", x(ms));
                head.setAttribute("x2", x(ms));
                const arrived = pieces.filter(piece => piece[0] <= ms);
                const of = kind => arrived.filter(piece => piece[1] === kind).map(piece => piece[2]).join("");
                text.replaceChildren(element("span", { class: "ia-thinking" }, of("reasoning")), " ", of("content"));
                said.textContent = now(ms);
            },
        });

        function now(ms) {
            if (ms >= end - 10) return "The last piece has come; the trace is whole.";
            const open = spans.filter(([, from, to]) => ms >= from && ms < to).map(span => span[0]);
            const deepest = open.at(-1);
            if (!deepest) return "The request is on its way to the gateway.";
            return deepest === "implementation" ? "The implementation is working; no service is asked." : `Now in: ${deepest}.`;
        }

        stage.append(element("div", {}, element("p", { class: "ia-question" }, `“${question}”`), ...played.controls, said, waterfall, text));
        played.draw();
    });
}

janusRequestFigure();
