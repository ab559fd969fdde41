// "Five streams to feel": recorded streams of one answer at their true pace, with what the bench finds of each.
"use strict";

function janusStreamsFigure() {
    const { element, button } = Interactive;
    const PACES = [["1×", 1], ["3×", 3]];

    Interactive.mount("streams", ({ question, streams }, stage) => {
        const end = Math.max(...streams.map(one => one.pieces.at(-1)[0])) / 1000 + 0.5;
        let at = 0; // seconds since the question was sent
        let playing = false;
        let pace = 1;

        const play = button("Play", () => {
            if (at >= end) at = 0;
            playing = !playing;
            before = null;
            if (playing) requestAnimationFrame(tick);
            draw();
        });
        const scrub = element("input", { type: "range", min: 0, max: end.toFixed(1), step: 0.1, "aria-label": "Seconds since the question" });
        scrub.addEventListener("input", () => {
            at = Number(scrub.value);
            draw();
        });
        const clock = element("output", { class: "ia-clock" });
        const paces = PACES.map(([label, value]) =>
            button(label, () => {
                pace = value;
                draw();
            }),
        );
        const cards = streams.map(one => {
            const text = element("p", { class: "ia-text" });
            const result = element("p", { class: "ia-found" });
            const card = element("section", { class: "ia-card" },
                element("h4", {}, one.name), element("p", { class: "ia-note" }, one.note), text, result);
            return { card, text, result, shown: -1 };
        });
        stage.replaceChildren(
            element("p", { class: "ia-question" }, `“${question}”`),
            element("div", { class: "ia-buttons" }, play, button("From the start", () => {
                at = 0;
                draw();
            }), element("span", { class: "ia-group" }, ...paces), clock),
            scrub,
            element("div", { class: "ia-cards" }, ...cards.map(one => one.card)),
        );

        // Words of the thinking and of the answer that are there by now, in one element each: a redraw costs little.
        function show(one, card) {
            const count = one.pieces.findIndex(([ms]) => ms > at * 1000);
            const arrived = count < 0 ? one.pieces.length : count;
            if (arrived === card.shown) return;
            card.shown = arrived;
            const pieces = one.pieces.slice(0, arrived);
            const of = kind => pieces.filter(piece => piece[1] === kind).map(piece => piece[2]).join("");
            const thinking = element("span", { class: "ia-thinking" }, of("reasoning"));
            card.text.replaceChildren(thinking, " ", of("content"));
            const over = arrived === one.pieces.length;
            card.card.classList.toggle("ia-over", over);
            card.result.textContent = over
                ? `Speed ${one.speed.toFixed(0)} · streaming ${one.streaming.toFixed(0)}. First sentence after ${one.sentence} s, ` +
                  `${one.stalled} s waited before an empty screen.`
                : "";
        }

        function draw() {
            play.textContent = playing ? "Pause" : at >= end ? "Play again" : "Play";
            paces.forEach((one, n) => one.setAttribute("aria-pressed", String(PACES[n][1] === pace)));
            scrub.value = at;
            scrub.setAttribute("aria-valuetext", `${at.toFixed(1)} seconds`);
            clock.textContent = `${at.toFixed(1)} s`;
            streams.forEach((one, n) => show(one, cards[n]));
        }

        let before = null;
        function tick(now) {
            if (!playing) return;
            if (before !== null) at = Math.min(end, at + ((now - before) / 1000) * pace);
            before = now;
            if (at >= end) playing = false;
            draw();
            requestAnimationFrame(tick);
        }
        draw();
    });
}

janusStreamsFigure();
