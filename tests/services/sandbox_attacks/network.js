// attack: Connects with everything that Node offers: sockets, HTTP, fetch, DNS, datagrams.
// needs: network=none
const dgram = require("dgram"), dns = require("dns"), http = require("http"), net = require("net");
const escaped = (what) => console.log("ESCAPED", what);
const quiet = () => {};
process.on("uncaughtException", quiet);
net.connect(@PORT@, "127.0.0.1", () => escaped("tcp")).on("error", quiet);
net.connect("@UNIX_SOCKET@", () => escaped("unix")).on("error", quiet);
http.get("http://127.0.0.1:@PORT@/", () => escaped("http")).on("error", quiet);
fetch("http://169.254.169.254/").then(() => escaped("fetch"), quiet);
dns.lookup("example.com", (error) => error || escaped("dns"));
const sender = dgram.createSocket("udp4").on("error", quiet);
try {
    sender.send("@SECRET@", @UDP_PORT@, "127.0.0.1", () => sender.close());
} catch {}
setTimeout(() => { console.log("tried"); process.exit(); }, 1000);
