// "One byte": change the code, the allow-list, the log or the token, and see which register and which check notices.
// The registers are worked out here as janus_platform/attestation/registers.py does; the signature is not: the figure
// keeps what was signed and compares. A test holds registers and checks against the platform's own verifier.
"use strict";

const JanusAttestation = (() => {
    const MASK = (1n << 64n) - 1n;
    const hex = bytes => Array.from(bytes, byte => byte.toString(16).padStart(2, "0")).join("");
    const unhex = text => Uint8Array.from(text.match(/../g) ?? [], pair => parseInt(pair, 16));
    const utf8 = text => new TextEncoder().encode(text);

    // SHA-512's constants: the first 64 bits of the fractional parts of the cube roots of the first 80 primes, and of
    // the square roots of the ninth to sixteenth, with which SHA-384 begins (FIPS 180-4, 4.2.3 and 5.3.4).
    function rootBits(prime, power) {
        const target = BigInt(prime) << BigInt(64 * power);
        let low = 0n;
        let high = 1n << 70n;
        while (high - low > 1n) {
            const middle = (low + high) >> 1n;
            if (middle ** BigInt(power) <= target) low = middle;
            else high = middle;
        }
        return low & MASK;
    }

    const primes = [];
    for (let n = 2; primes.length < 80; n += 1) if (primes.every(prime => n % prime)) primes.push(n);
    const K = primes.map(prime => rootBits(prime, 3));
    const H384 = primes.slice(8, 16).map(prime => rootBits(prime, 2));
    const rotated = (x, n) => ((x >> n) | (x << (64n - n))) & MASK;

    /** SHA-384 of bytes, 48 bytes. */
    function sha384(bytes) {
        const padded = new Uint8Array((((bytes.length + 16) >> 7) + 1) << 7);
        padded.set(bytes);
        padded[bytes.length] = 0x80;
        const view = new DataView(padded.buffer);
        view.setBigUint64(padded.length - 8, BigInt(bytes.length) * 8n);
        const state = [...H384];
        const w = new Array(80);
        for (let block = 0; block < padded.length; block += 128) {
            for (let t = 0; t < 16; t += 1) w[t] = view.getBigUint64(block + 8 * t);
            for (let t = 16; t < 80; t += 1) {
                const s0 = rotated(w[t - 15], 1n) ^ rotated(w[t - 15], 8n) ^ (w[t - 15] >> 7n);
                const s1 = rotated(w[t - 2], 19n) ^ rotated(w[t - 2], 61n) ^ (w[t - 2] >> 6n);
                w[t] = (w[t - 16] + s0 + w[t - 7] + s1) & MASK;
            }
            let [a, b, c, d, e, f, g, h] = state;
            for (let t = 0; t < 80; t += 1) {
                const s1 = rotated(e, 14n) ^ rotated(e, 18n) ^ rotated(e, 41n);
                const t1 = (h + s1 + ((e & f) ^ (~e & MASK & g)) + K[t] + w[t]) & MASK;
                const s0 = rotated(a, 28n) ^ rotated(a, 34n) ^ rotated(a, 39n);
                const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) & MASK;
                [a, b, c, d, e, f, g, h] = [(t1 + t2) & MASK, a, b, c, (d + t1) & MASK, e, f, g];
            }
            [a, b, c, d, e, f, g, h].forEach((value, n) => (state[n] = (state[n] + value) & MASK));
        }
        return unhex(state.slice(0, 6).map(value => value.toString(16).padStart(16, "0")).join(""));
    }

    // A JSON array as Python writes it: a space behind each comma, and nothing but ASCII.
    function encoded(event) {
        const ascii = text => JSON.stringify(text).replace(/[\u007f-\uffff]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
        return utf8(`[${event.map(ascii).join(", ")}]`);
    }

    /** Each register's value after its events, in hexadecimal. */
    function registers(names, events) {
        const values = Object.fromEntries(names.map(name => [name, new Uint8Array(48)]));
        for (const event of events) values[event[0]] = sha384(Uint8Array.of(...values[event[0]], ...sha384(encoded(event))));
        return Object.fromEntries(names.map(name => [name, hex(values[name])]));
    }

    const codeEvent = text => ["code", "answer.py", `mode 0644, ${utf8(text).length} bytes, sha384 ${hex(sha384(utf8(text)))}`];
    const egressEvents = hosts => [...hosts].sort().map(host => ["egress", host, "allowed"]);

    /** What a node measures before the program starts. */
    function measured({ code, hosts }, fixed) {
        return [codeEvent(code), ...fixed, ...egressEvents(hosts)];
    }

    /** The verifier's checks in their order, each with its result, for evidence of `now` against `golden`. */
    function verify({ names, fixed, golden }, now, tampering) {
        const signed = registers(names, measured(now, fixed));
        const log = measured(tampering === "log" ? golden : now, fixed);
        const replayed = registers(names, log);
        const saved = registers(names, measured(golden, fixed));
        const made = [["token", "passed"], ["algorithm", "passed"], ["certificate chain", "passed"]];
        const statements = ["profile", "nonce", "freshness", "implementation", "event log", "golden values"];
        made.push(["signature", tampering === "token" ? "failed" : "passed"]);
        if (tampering === "token") return { signed, checks: [...made, ...statements.map(name => [name, "not checked"])] };
        const leads = names.every(name => signed[name] === replayed[name]);
        const same = names.every(name => replayed[name] === saved[name]);
        return {
            signed,
            checks: [...made, ["profile", "passed"], ["nonce", tampering === "replay" ? "failed" : "passed"], ["freshness", "passed"],
                ["implementation", "passed"], ["event log", leads ? "passed" : "failed"],
                ["golden values", !leads ? "not checked" : same ? "passed" : "failed"]],
        };
    }

    return { sha384: text => hex(sha384(utf8(text))), registers, measured, verify };
})();

function janusByteFigure() {
    const { element, button } = Interactive;
    const WAYS = [
        ["none", "Nothing"], ["log", "The log"], ["token", "The token"], ["replay", "An old answer, sent again"],
    ];
    const WHY = {
        signature: "the token was changed after it was signed",
        nonce: "it answers another question than ours",
        "event log": "the log does not lead to the signed registers",
        "golden values": "something else was measured than was saved",
    };

    Interactive.mount("byte", (given, stage) => {
        const now = { code: given.golden.code, hosts: [...given.golden.hosts] };
        let tampering = "none";

        const code = element("textarea", { id: "byte-code", rows: given.golden.code.split("\n").length, spellcheck: "false" });
        code.value = now.code;
        code.addEventListener("input", () => {
            now.code = code.value;
            draw();
        });
        const host = element("input", { type: "checkbox", id: "byte-host" });
        host.addEventListener("change", () => {
            now.hosts = host.checked ? [...given.golden.hosts, given.host] : [...given.golden.hosts];
            draw();
        });
        const one = button("Change one byte", () => {
            now.code = now.code.replace(/\d/, digit => String((Number(digit) + 1) % 10));
            code.value = now.code;
            draw();
        });
        const back = button("As saved", () => {
            Object.assign(now, { code: given.golden.code, hosts: [...given.golden.hosts] });
            code.value = now.code;
            host.checked = false;
            tampering = "none";
            draw();
        });
        const ways = WAYS.map(([name, label]) =>
            button(label, () => {
                tampering = name;
                draw();
            }),
        );
        const values = element("dl", { class: "ia-registers" });
        const checks = element("ul", { class: "ia-checks" });
        const said = element("p", { class: "ia-hint", role: "status" });
        stage.replaceChildren(element("div", { class: "ia-columns" },
            element("div", {},
                element("label", { for: "byte-code" }, "answer.py, as it starts"), code,
                element("p", { class: "ia-buttons" }, one, back),
                element("p", {}, host, " ", element("label", { for: "byte-host" }, `let it reach ${given.host}`)),
                element("p", { class: "ia-hint" }, "And on the way to the verifier, somebody changes:"),
                element("div", { class: "ia-buttons" }, ...ways)),
            element("div", {}, values, checks, said)));

        const saved = JanusAttestation.registers(given.names, JanusAttestation.measured(given.golden, given.fixed));

        function draw() {
            ways.forEach((way, n) => way.setAttribute("aria-pressed", String(WAYS[n][0] === tampering)));
            const { signed, checks: made } = JanusAttestation.verify(given, now, tampering);
            values.replaceChildren(...given.names.flatMap(name => {
                const changed = signed[name] !== saved[name];
                const value = element("code", {}, `${signed[name].slice(0, 16)}…`);
                return [element("dt", {}, name), element("dd", changed ? { class: "ia-changed" } : {}, value, changed ? " another value" : "")];
            }));
            checks.replaceChildren(...made.map(([name, result]) => {
                const because = result === "failed" ? `: ${WHY[name]}` : "";
                return element("li", { class: `ia-${result.replace(" ", "-")}` }, `${name}: ${result}${because}`);
            }));
            const failed = made.filter(([, result]) => result === "failed").map(([name]) => name);
            said.textContent = failed.length ? `Noticed by: ${failed.join(", ")}.` : "Every check passes. Whether the node measured honestly, none can tell.";
        }

        draw();
    });
}

if (typeof module !== "undefined") module.exports = JanusAttestation;
else janusByteFigure();
