// "Ranking": BM25's k1 and b, and meaning against words, on the bundled pages.
// The formula is that of SQLite's FTS5, which the search service ranks with; a test compares the two.
"use strict";

const JanusRanking = (() => {
    /** BM25 of one page: `counts` says how often it holds each term, `terms` in how many documents each stands. */
    function bm25({ counts, length }, terms, { documents, average }, k1, b) {
        let score = 0;
        counts.forEach((count, n) => {
            const holding = terms[n].documents;
            const rare = Math.max(1e-6, Math.log((documents - holding + 0.5) / (holding + 0.5)));
            score += (rare * count * (k1 + 1)) / (count + k1 * (1 - b + (b * length) / average));
        });
        return score;
    }

    /** The pages with their scores by words, by meaning and together, best first. Each part counts up to 1. */
    function ranked({ terms, pages }, collection, { k1, b, meaning }) {
        const scored = pages.map(page => ({ page, words: count(page) ? bm25(page, terms, collection, k1, b) : 0 }));
        const best = Math.max(1e-9, ...scored.map(one => one.words));
        const nearest = Math.max(1e-9, ...pages.map(page => page.cosine));
        for (const one of scored) {
            one.total = (1 - meaning) * (one.words / best) + meaning * (one.page.cosine / nearest);
        }
        return scored.sort((x, y) => y.total - x.total || x.page.title.localeCompare(y.page.title));
    }

    const count = page => page.counts.reduce((sum, one) => sum + one, 0);

    return { bm25, ranked };
})();

function janusRankingFigure() {
    const { element, button } = Interactive;
    const SLIDERS = [
        ["k1", "k1: how much a repeated word adds", 0, 3, 0.05, value => value.toFixed(2)],
        ["b", "b: how much a long page is held back", 0, 1, 0.05, value => value.toFixed(2)],
        ["meaning", "Words or meaning", 0, 1, 0.05, value => `${Math.round(100 * (1 - value))} % words, ${Math.round(100 * value)} % meaning`],
    ];
    const SHOWN = 8;

    Interactive.mount("ranking", ({ queries, documents, average, defaults }, stage) => {
        const settings = { ...defaults };
        let query = queries[0];

        const choice = element("select", { id: "ranking-query" });
        queries.forEach((one, n) => choice.append(element("option", { value: n }, one.query)));
        choice.addEventListener("change", () => {
            query = queries[choice.value];
            draw();
        });
        const shows = [];
        const controls = SLIDERS.map(([name, label, min, max, step, written]) => {
            const id = `ranking-${name}`;
            const input = element("input", { type: "range", id, min, max, step });
            const output = element("output", { for: id });
            input.addEventListener("input", () => {
                settings[name] = Number(input.value);
                draw();
            });
            shows.push(() => {
                input.value = settings[name];
                output.textContent = written(settings[name]);
                input.setAttribute("aria-valuetext", output.textContent);
            });
            return element("div", { class: "ia-slider" }, element("label", { for: id }, label), output, input);
        });
        const list = element("ol", { class: "ia-ranks" });
        const terms = element("p", { class: "ia-hint" });
        const said = element("p", { class: "ia-hint", role: "status" });
        stage.replaceChildren(
            element("div", { class: "ia-buttons" }, element("label", { for: "ranking-query" }, "Question"), choice,
                button("As the service ranks", () => {
                    Object.assign(settings, defaults);
                    draw();
                })),
            element("div", { class: "ia-columns" }, element("div", {}, ...controls, terms), element("div", {}, list, said)),
        );

        let first = "";
        function draw() {
            for (const show of shows) show();
            terms.textContent = `Words in the index: ${query.terms.map(one => `${one.term} (in ${one.documents})`).join(", ")}; ${documents} pages.`;
            const before = new Map([...list.children].map(row => [row.dataset.url, row.getBoundingClientRect().top]));
            const ranks = JanusRanking.ranked(query, { documents, average }, settings).slice(0, SHOWN);
            list.replaceChildren(...ranks.map(row));
            if (!Interactive.calm()) for (const row of list.children) slide(row, before.get(row.dataset.url));
            const leader = ranks[0].page.title;
            if (leader !== first) said.textContent = `First: ${leader}.`;
            first = leader;
        }

        function row({ page, words, total }) {
            const bar = element("span", { class: "ia-track" }, element("span", { class: "ia-fill", style: `width:${(100 * total).toFixed(1)}%` }));
            const figures = `BM25 ${words.toFixed(2)} · cosine ${page.cosine.toFixed(2)} · ${page.length} words`;
            const made = element("li", {}, element("span", { class: "ia-title" }, page.title), bar, element("span", { class: "ia-points" }, figures));
            made.dataset.url = page.url;
            return made;
        }

        // From where the row stood before to where it stands now.
        function slide(row, from) {
            const way = from === undefined ? 0 : from - row.getBoundingClientRect().top;
            if (way) row.animate([{ transform: `translateY(${way}px)` }, { transform: "none" }], { duration: 200, easing: "ease-out" });
        }

        draw();
    });
}

if (typeof module !== "undefined") module.exports = JanusRanking;
else janusRankingFigure();
