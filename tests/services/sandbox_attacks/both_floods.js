// attack: Talks without end on both streams at once.
// needs: time=limited
// ends: output
const { writeSync } = require("fs");
const line = "x".repeat(10_000);
for (;;) for (const stream of [1, 2]) { try { writeSync(stream, line); } catch {} }
