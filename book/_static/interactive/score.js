// "What a score is made of": sliders for one way to answer, and the score that the bench gives it.
// The formulas are those of janus_bench/scoring (answer_score.py, reading.py, cost.py, score.py), for a target that sends
// all its right answers alike; the constants come with the page, from scoring.toml. A test compares the two.
"use strict";

const JanusScore = (() => {
    const LETTERS_PER_PIECE = 8; // "reading " in the bench's own example: seven letters and a space
    const LETTERS_PER_WORD = 6;

    const clamp = value => Math.min(1, Math.max(0, value));

    function logScale(value, { best, worst }) {
        if (value <= 0) return best < worst ? 1 : 0;
        return clamp(Math.log(value / worst) / Math.log(best / worst));
    }

    function percentile(values, percent) {
        const ordered = [...values].sort((a, b) => a - b);
        const rank = ((ordered.length - 1) * percent) / 100;
        const low = Math.floor(rank);
        const high = Math.min(low + 1, ordered.length - 1);
        return ordered[low] + (ordered[high] - ordered[low]) * (rank - low);
    }

    /** The times in seconds at which words of thinking and of the answer arrive. */
    function stream({ first, thinks, gap, stall, words }) {
        const step = gap / 1000;
        const thought = thinks > 0 ? Math.floor(thinks / step) : 0;
        const thinking = Array.from({ length: thought }, (_, n) => first + n * step);
        const start = first + thinks;
        const content = Array.from({ length: words }, (_, n) => start + n * step + (n >= words / 2 ? stall : 0));
        return { thinking, content };
    }

    // Seconds before an empty screen: until the first word, then before each at which all before it is read.
    function waits(times, pace) {
        const each = LETTERS_PER_PIECE / LETTERS_PER_WORD;
        const seconds = [Math.max(0, times[0])];
        let readUntil = times[0];
        for (const at of times) {
            seconds.push(Math.max(0, at - readUntil));
            readUntil = Math.max(readUntil, at) + each / pace;
        }
        return seconds;
    }

    function firstSentence(times, numbers) {
        const seconds = waits(times, numbers.reading_words_per_second);
        let soFar = 0;
        let waited = 0;
        seconds.slice(0, times.length + 1).forEach((wait, n) => {
            if (soFar < numbers.words_of_a_beginning) waited += wait;
            if (n > 0) soFar += LETTERS_PER_PIECE / LETTERS_PER_WORD;
        });
        return Math.max(waited, ...seconds);
    }

    function stalled(times, numbers) {
        const [first, ...later] = waits(times, numbers.reading_words_per_second);
        return Math.max(0, first - numbers.first_wait_seconds) + later.reduce((sum, wait) => sum + wait, 0);
    }

    function asThinkingAllows(measure, { thinking, content }, numbers) {
        const alone = measure(content, numbers);
        const withThinking = measure([...thinking, ...content], numbers);
        return Math.min(alone, Math.max(withThinking, alone - numbers.own_thinking_hides_seconds));
    }

    function speed(shown, table) {
        const numbers = table.speed;
        const sign = asThinkingAllows(firstSentence, shown, table.streaming);
        const sentence = firstSentence(shown.content, table.streaming);
        const parts =
            logScale(sign, numbers.first_token_seconds) * numbers.share.first_token +
            logScale(sentence, numbers.first_content_seconds) * numbers.share.first_content;
        const enough = [shown.content, [...shown.thinking, ...shown.content]].find(
            times => times.length >= numbers.min_tokens_for_rate,
        );
        if (!enough) return parts / (numbers.share.first_token + numbers.share.first_content);
        const rate = Math.max((enough.length - 1) / (enough.at(-1) - enough[0]), enough.length / enough.at(-1));
        return parts + logScale(rate, numbers.tokens_per_second) * numbers.share.tokens_per_second;
    }

    function cost({ usd }, shown, table) {
        const seen = shown.thinking.length + shown.content.length;
        const numbers = table.cost;
        if (usd < (seen * numbers.least_usd_per_million_tokens) / 1e6) return 0;
        return logScale(Math.max(usd, (seen * numbers.usd_per_million_output_tokens) / 1e6), numbers.usd);
    }

    function streaming(shown, table) {
        const numbers = table.streaming;
        const { thinking, content } = shown;
        const spare = numbers.own_thinking_hides_seconds * numbers.reading_words_per_second;
        const thought = (thinking.length * LETTERS_PER_PIECE) / LETTERS_PER_WORD;
        const length = Math.max(content.length + Math.min(thought, spare), numbers.min_words_for_pieces);
        const reading = length / numbers.reading_words_per_second;
        const flow = clamp(1 - asThinkingAllows(stalled, shown, numbers) / (numbers.worst_stall_share * reading));
        const times = [...thinking, ...content];
        const gaps = times.slice(1).map((at, n) => at - times[n]);
        const continuity = flow * logScale(percentile(gaps, 99), numbers.p99_gap_seconds);
        const transparency = thinking.length >= numbers.min_reasoning_words ? 1 : 0;
        const share = numbers.share;
        return continuity * (share.continuity + share.protocol + share.transparency * transparency);
    }

    /** The five categories and the composite, 0 to 100, of a target whose right answers are all alike. */
    function score(settings, table) {
        const shown = stream(settings);
        const right = settings.right / 100;
        const wanted = table.right_enough;
        const enough = Math.min(1, (right / wanted.answered_share) ** wanted.steepness);
        const of = {
            quality: right,
            speed: speed(shown, table) * enough,
            cost: cost(settings, shown, table) * enough,
            streaming: streaming(shown, table) * enough,
            modality: right,
        };
        let composite = 0;
        for (const [name, weight] of Object.entries(table.weights)) composite += 100 * weight * of[name];
        return { composite, parts: Object.fromEntries(Object.entries(of).map(([name, value]) => [name, 100 * value])) };
    }

    return { score, stream };
})();

function janusScoreFigure() {
    const SLIDERS = [
        ["first", "First words after", 0.05, 20, value => `${value.toPrecision(2)} s`],
        ["thinks", "Thinking shown first", 0, 10, value => `${value.toFixed(1)} s`],
        ["gap", "Between two words", 5, 1000, value => `${value.toPrecision(value < 100 ? 2 : 3)} ms`],
        ["stall", "A pause in the middle", 0, 20, value => `${value.toFixed(1)} s`],
        ["words", "Words in an answer", 13, 400, value => `${value}`],
        ["usd", "Price of an answer", 0.00001, 0.1, value => `$${Number(value.toPrecision(2)).toFixed(5).replace(/0+$/, "")}`],
        ["right", "Answers that are right", 0, 100, value => `${value} %`],
    ];
    const LOGARITHMIC = new Set(["first", "gap", "words", "usd"]);
    const WHOLE = new Set(["words", "right"]);
    const STEPS = 200;
    const NAMES = { first: "earlier first words", thinks: "thinking shown", gap: "shorter gaps", stall: "no pause",
        words: "another length", usd: "a lower price", right: "more right answers" };

    function toValue(name, low, high, step) {
        const part = step / STEPS;
        const value = LOGARITHMIC.has(name) ? low * (high / low) ** part : low + (high - low) * part;
        return WHOLE.has(name) ? Math.round(value) : value;
    }

    function toStep(name, low, high, value) {
        const part = LOGARITHMIC.has(name) ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
        return Math.round(part * STEPS);
    }

    const { element, button } = Interactive;

    function mount({ table, presets }, stage) {
        const settings = { ...presets[0].settings };
        const inputs = new Map();
        const controls = element("div", { class: "ia-controls" });
        for (const [name, label, low, high, written] of SLIDERS) {
            const id = `score-${name}`;
            const input = element("input", { type: "range", id, min: 0, max: STEPS, step: 1 });
            const output = element("output", { for: id });
            input.addEventListener("input", () => {
                settings[name] = toValue(name, low, high, Number(input.value));
                draw();
            });
            inputs.set(name, () => {
                input.value = toStep(name, low, high, settings[name]);
                output.textContent = written(settings[name]);
                input.setAttribute("aria-valuetext", output.textContent);
            });
            controls.append(element("div", { class: "ia-slider" }, element("label", { for: id }, label), output, input));
        }
        const buttons = element("div", { class: "ia-buttons", role: "group", "aria-label": "Ways to answer" });
        for (const preset of presets) {
            const choose = () => {
                Object.assign(settings, preset.settings);
                draw();
            };
            buttons.append(button(preset.name, choose));
        }
        const total = element("p", { class: "ia-total", role: "status" });
        const bars = element("dl", { class: "ia-bars" });
        const hint = element("p", { class: "ia-hint" });
        const result = element("div", { class: "ia-result" }, total, bars, hint);
        stage.replaceChildren(buttons, element("div", { class: "ia-columns" }, controls, result));

        function draw() {
            for (const show of inputs.values()) show();
            const { composite, parts } = JanusScore.score(settings, table);
            total.textContent = `${composite.toFixed(1)} of 100`;
            bars.replaceChildren(
                ...Object.entries(table.weights).flatMap(([name, weight]) => {
                    const most = 100 * weight;
                    const points = weight * parts[name];
                    const fill = element("span", { class: "ia-fill", style: `width:${parts[name].toFixed(1)}%` });
                    const width = (100 * weight) / Math.max(...Object.values(table.weights));
                    const track = element("span", { class: "ia-track", style: `width:${width.toFixed(1)}%` }, fill);
                    const figures = element("span", { class: "ia-points" }, `${points.toFixed(1)} of ${most.toFixed(0)}`);
                    return [element("dt", {}, name), element("dd", {}, track, figures)];
                }),
            );
            hint.textContent = advice(composite);
        }

        // Which slider, moved by a tenth of its way, gains the most.
        function advice(composite) {
            let best = ["", 0.05];
            for (const [name, , low, high] of SLIDERS) {
                if (name === "words") continue;
                const at = toStep(name, low, high, settings[name]);
                for (const step of [at - STEPS / 10, at + STEPS / 10]) {
                    const moved = toValue(name, low, high, Math.min(STEPS, Math.max(0, step)));
                    const gain = JanusScore.score({ ...settings, [name]: moved }, table).composite - composite;
                    if (gain > best[1]) best = [name, gain];
                }
            }
            return best[0] ? `What would help most now: ${NAMES[best[0]]} (a tenth of the slider: +${best[1].toFixed(1)}).`
                : "No slider gains more than a twentieth of a point.";
        }

        draw();
    }

    Interactive.mount("score", mount);
}

if (typeof module !== "undefined") module.exports = JanusScore;
else janusScoreFigure();
