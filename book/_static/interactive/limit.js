// "A rate limit's window": send requests, see the window slide, hit 429, and wait as told.
// The window is that of janus_platform/services/framework/rate_limit.py; a test compares the two.
"use strict";

class SlidingWindow {
    constructor({ requests, seconds }) {
        Object.assign(this, { requests, seconds, ends: [] });
    }

    /** Count one request at `now` (seconds); a refused one is not counted. */
    take(now) {
        while (this.ends.length && now >= this.ends[0]) this.ends.shift();
        const allowed = this.ends.length < this.requests;
        if (allowed) this.ends.push(now + this.seconds);
        return { allowed, remaining: this.requests - this.ends.length, wait: this.wholeSeconds(now) };
    }

    wholeSeconds(now) {
        const seconds = Math.max(1, Math.ceil(this.ends[0] - now));
        return now + seconds >= this.ends[0] ? seconds : seconds + 1;
    }
}

function janusLimitFigure() {
    const { element, button, shape } = Interactive;
    const PAST = 90; // seconds that are drawn
    const WIDTH = 640;
    const HEIGHT = 96;
    const BASE = 64;

    Interactive.mount("limit", ({ services }, stage) => {
        let limit = services[0];
        let window_ = new SlidingWindow(limit);
        let now = 0; // seconds on the figure's own clock
        let sent = []; // { at, allowed }
        let pace = Interactive.calm() ? 0 : 1;
        let last = null; // of the latest answer

        const choice = element("select", { id: "limit-service" });
        for (const [n, service] of services.entries()) choice.append(element("option", { value: n }, service.name));
        choice.addEventListener("change", () => {
            limit = services[choice.value];
            window_ = new SlidingWindow(limit);
            sent = [];
            last = null;
            draw();
        });

        function send(count) {
            for (let n = 0; n < count; n += 1) {
                last = window_.take(now);
                sent.push({ at: now, allowed: last.allowed, lane: n });
            }
            draw();
        }

        function pass(seconds) {
            now += seconds;
            sent = sent.filter(one => one.at > now - PAST);
            draw();
        }

        const wait = button("Wait as told", () => {
            const told = last?.wait ?? 1;
            last = null;
            pass(told);
            send(1);
        });
        const paces = [["Pause", 0], ["1×", 1], ["10×", 10]].map(([label, value]) =>
            button(label, () => {
                pace = value;
                draw();
            }),
        );
        const picture = shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", class: "ia-timeline" });
        const head = element("pre", { class: "ia-head" });
        const said = element("p", { class: "ia-hint", role: "status" });
        stage.replaceChildren(
            element("div", { class: "ia-buttons" },
                element("label", { for: "limit-service" }, "Service"), choice,
                button("Send one", () => send(1)), button("Send ten", () => send(10)), wait,
                button("+10 s", () => pass(10)), element("span", { class: "ia-group" }, ...paces)),
            picture, head, said,
        );

        const x = at => ((at - (now - PAST)) / PAST) * (WIDTH - 16);

        function draw() {
            paces.forEach((one, n) => one.setAttribute("aria-pressed", String([0, 1, 10][n] === pace)));
            wait.disabled = !last || last.allowed;
            const from = Math.max(0, x(now - limit.seconds));
            picture.replaceChildren(
                shape("rect", { x: from, y: 8, width: x(now) - from, height: BASE, rx: 4, class: "ia-window" }),
                shape("line", { x1: 0, x2: WIDTH, y1: BASE + 8, y2: BASE + 8, class: "ia-axis" }),
                label(from + 4, `${limit.seconds} s ago`, "start"), label(x(now), "now", "end"),
            );
            for (const { at, allowed, lane } of sent) {
                const y = BASE - (lane % 10) * 5;
                picture.append(allowed
                    ? shape("circle", { cx: x(at), cy: y, r: 3.5, class: "ia-sent" })
                    : shape("path", { d: `M${x(at) - 3} ${y - 3}l6 6m0-6l-6 6`, class: "ia-refused" }));
            }
            const counted = window_.ends.filter(end => end > now).length;
            picture.setAttribute("aria-label", `${counted} of ${limit.requests} requests in the last ${limit.seconds} seconds`);
            const left = limit.requests - counted;
            head.textContent = last
                ? `HTTP/1.1 ${last.allowed ? "200 OK" : "429 Too Many Requests"}\n` +
                  `RateLimit-Policy: "caller";q=${limit.requests};w=${limit.seconds}\n` +
                  `RateLimit: "caller";r=${last.remaining};t=${last.wait}` +
                  (last.allowed ? "" : `\nRetry-After: ${last.wait}`)
                : `RateLimit-Policy: "caller";q=${limit.requests};w=${limit.seconds}`;
            const free = window_.ends.find(end => end > now);
            said.textContent = left
                ? `${counted} of ${limit.requests} requests are in the window; ${left} more may be sent now.`
                : `The window is full. The oldest request leaves it in ${Math.ceil(free - now)} s, and one more may be sent then.`;
        }

        function label(at, text, anchor) {
            const made = shape("text", { x: at, y: HEIGHT - 6, "text-anchor": anchor, class: "ia-label" });
            made.textContent = text;
            return made;
        }

        let before = null;
        let seen = false;
        function tick(at) {
            if (!seen) return;
            if (before !== null && pace) pass((Math.min(250, at - before) / 1000) * pace);
            before = at;
            requestAnimationFrame(tick);
        }
        new IntersectionObserver(entries => {
            seen = entries.at(-1).isIntersecting;
            before = null;
            if (seen) requestAnimationFrame(tick);
        }).observe(stage);
        draw();
    });
}

if (typeof module !== "undefined") module.exports = { SlidingWindow };
else janusLimitFigure();
