// "Five streams to feel": recorded streams of one answer at their true pace, with what the bench finds of each.
"use strict";

function janusStreamsFigure() {
    const { element, player } = Interactive;

    Interactive.mount("streams", ({ question, streams }, stage) => {
        const end = Math.max(...streams.map(one => one.pieces.at(-1)[0])) / 1000 + 0.5;
        const cards = streams.map(one => {
            const text = element("p", { class: "ia-text" });
            const result = element("p", { class: "ia-found" });
            const card = element("section", { class: "ia-card" },
                element("p", { class: "ia-name" }, one.name), element("p", { class: "ia-note" }, one.note), text, result);
            return { card, text, result, shown: -1 };
        });
        const played = player({
            end,
            paces: [["1×", 1], ["3×", 3]],
            show: at => streams.forEach((one, n) => show(one, cards[n], at)),
        });
        stage.replaceChildren(
            element("p", { class: "ia-question" }, `“${question}”`),
            ...played.controls,
            element("div", { class: "ia-cards" }, ...cards.map(one => one.card)),
        );

        // Words of the thinking and of the answer that are there by now, in one element each: a redraw costs little.
        function show(one, card, at) {
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

        played.draw();
    });
}

janusStreamsFigure();
