"use strict";
// The way to the platform services: HTTPS through the proxy that HTTPS_PROXY names, the only way out there is.
// Node trusts the platform's certificates because NODE_EXTRA_CA_CERTS names them; its own `fetch` reads the proxy
// variables from 22.21 and 24.5 on, this works from 18 on.

const http = require("node:http");
const https = require("node:https");
const tls = require("node:tls");

const TIMEOUT_MS = 30_000;
const MAX_BYTES = 5_000_000;

/** Posts `body` as JSON; `{status, body}` of the answer. Rejects when nobody answers. */
async function call(address, body, { traceparent, signal } = {}) {
  const url = new URL(address);
  const content = JSON.stringify(body);
  // Named by hand: over a tunnel, Node would add the port, and the proxy lets a request name its own host alone.
  const headers = { host: url.host, "content-type": "application/json", "content-length": Buffer.byteLength(content) };
  // With the context of the request that it serves, the call shows in that request's trace.
  if (traceparent) headers.traceparent = traceparent;
  const socket = process.env.HTTPS_PROXY && (await tunnel(url.hostname, url.port || 443));
  const options = { method: "POST", headers, signal, timeout: TIMEOUT_MS };
  if (socket) options.createConnection = () => socket;
  return new Promise((resolve, reject) => {
    const request = https.request(url, options, (response) => read(response).then(resolve, reject));
    request.once("timeout", () => request.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
    request.once("error", reject);
    request.end(content);
  });
}

/** A TLS connection to `host` through the proxy (RFC 9110, CONNECT). */
function tunnel(host, port) {
  const proxy = new URL(process.env.HTTPS_PROXY);
  const credentials = [proxy.username, proxy.password].map(decodeURIComponent).join(":");
  const headers = { host: `${host}:${port}`, "proxy-authorization": `Basic ${Buffer.from(credentials).toString("base64")}` };
  return new Promise((resolve, reject) => {
    const options = { host: proxy.hostname, port: proxy.port, method: "CONNECT", path: `${host}:${port}`, headers };
    const request = http.request({ ...options, timeout: TIMEOUT_MS });
    request.once("connect", (response, socket) => {
      if (response.statusCode === 200) return resolve(tls.connect({ socket, servername: host }));
      socket.destroy();
      reject(new Error(`the egress proxy answered ${response.statusCode}`));
    });
    request.once("timeout", () => request.destroy(new Error("the egress proxy does not answer")));
    request.once("error", reject);
    request.end();
  });
}

async function read(response) {
  const parts = [];
  let size = 0;
  for await (const part of response) {
    size += part.length;
    if (size > MAX_BYTES) throw new Error("the answer is too large");
    parts.push(part);
  }
  const text = Buffer.concat(parts).toString("utf8");
  return { status: response.statusCode, body: text ? JSON.parse(text) : null };
}

module.exports = { call };
