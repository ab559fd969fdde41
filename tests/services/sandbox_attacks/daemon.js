// attack: Leaves a detached child behind.
// needs: leftovers=none
const { spawn } = require("child_process");
spawn("sleep", ["@MARK@"], { detached: true, stdio: "ignore" }).unref();
console.log("tried");
