// attack: Reads the host's files, as a module and as text.
// needs: host_files=hidden|closed
const fs = require("fs");
for (const place of ["/etc/shadow", "/etc/passwd", "@SECRET_FILE@", "@TEST_FILE@", "/proc/1/environ"]) {
    try {
        if (fs.readFileSync(place).length) console.log("ESCAPED read", place);
    } catch {}
    try {
        require(place);
        console.log("ESCAPED loaded", place);
    } catch (error) {
        if (String(error).includes("@SECRET@")) console.log("ESCAPED parsed", place);
    }
}
console.log("tried");
