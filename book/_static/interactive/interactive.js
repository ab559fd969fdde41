// What the figures that a reader moves share: making elements, reading the figure's data, and a switch to slow motion.
"use strict";

const Interactive = {
    /** An element with attributes and children. Text stays text: nothing here is parsed as HTML. */
    element(tag, attributes = {}, ...children) {
        const made = document.createElement(tag);
        for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
        made.append(...children);
        return made;
    },

    /** An element of a drawing. */
    shape(tag, attributes = {}, ...children) {
        const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
        for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
        made.append(...children);
        return made;
    },

    button(label, onClick, attributes = {}) {
        const made = Interactive.element("button", { type: "button", ...attributes }, label);
        made.addEventListener("click", onClick);
        return made;
    },

    /**
     * Controls that move a time from 0 to `end` seconds: play, from the start, paces, a slider and a clock. `show(at)`
     * draws a moment. With `moments`, "Next step" goes to the next of them.
     */
    player({ end, paces, show, moments = [], digits = 1 }) {
        const { element, button } = Interactive;
        let at = 0;
        let playing = false;
        let pace = paces[0][1];
        let before = null;

        const go = to => {
            at = Math.min(end, Math.max(0, to));
            draw();
        };
        const play = button("Play", () => {
            if (at >= end) at = 0;
            playing = !playing;
            before = null;
            if (playing) requestAnimationFrame(tick);
            draw();
        });
        const step = button("Next step", () => {
            playing = false;
            go(moments.find(moment => moment > at + 1e-9) ?? end);
        });
        const choices = paces.map(([label, value]) =>
            button(label, () => {
                pace = value;
                draw();
            }),
        );
        const scrub = element("input", { type: "range", min: 0, max: end, step: end / 500, "aria-label": "Seconds since the question" });
        scrub.addEventListener("input", () => go(Number(scrub.value)));
        const clock = element("output", { class: "ia-clock" });

        function draw() {
            play.textContent = playing ? "Pause" : at >= end ? "Play again" : "Play";
            choices.forEach((one, n) => one.setAttribute("aria-pressed", String(paces[n][1] === pace)));
            scrub.value = at;
            scrub.setAttribute("aria-valuetext", `${at.toFixed(digits)} seconds`);
            clock.textContent = `${at.toFixed(digits)} s`;
            show(at);
        }

        function tick(now) {
            if (!playing) return;
            if (before !== null) at = Math.min(end, at + ((now - before) / 1000) * pace);
            before = now;
            if (at >= end) playing = false;
            draw();
            requestAnimationFrame(tick);
        }

        const row = element("div", { class: "ia-buttons" }, play, button("From the start", () => go(0)),
            ...(moments.length ? [step] : []), element("span", { class: "ia-group" }, ...choices), clock);
        return { controls: [row, scrub], draw };
    },

    /** Whether the reader asked the system for less motion. */
    calm: () => matchMedia("(prefers-reduced-motion: reduce)").matches,

    /** Give each figure of that name to `mount`, with the data that the page holds for it and the place to draw in. */
    mount(name, mount) {
        for (const figure of document.querySelectorAll(`[data-interactive=${name}]`)) {
            const data = JSON.parse(figure.querySelector("script[type='application/json']").textContent);
            mount(data, figure.querySelector(".ia-stage"));
        }
    },
};
