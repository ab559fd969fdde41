// attack: Looks for keys in Node's own view of the environment and of the command line above it.
// needs: environment=clean
const { execSync } = require("child_process");
let seen = JSON.stringify(process.env) + JSON.stringify(process.report.getReport());
try {
    seen += execSync("env; cat /proc/self/environ /proc/1/environ /proc/1/cmdline; set").toString();
} catch (error) {
    seen += String(error.stdout) + String(error.stderr);
}
if (seen.includes("@SECRET@")) console.log("ESCAPED found the key");
console.log("tried");
