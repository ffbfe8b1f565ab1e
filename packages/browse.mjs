// Has a headless Chromium load pages in both forms and compares what it sees:
// `browse.mjs FOLDER STORE URL PAGE…`, where `lastly serve` serves the store at URL. Prints a line of JSON for each.
//
// Compared, without addresses and hosts: every request, but for icons, with what came of it, the console, exceptions, the
// fonts and their state, the images and their sizes, what the page says in `window.seen`, and a picture of it unless it
// lies in a package.

import { createHash } from "node:crypto";
import { spawn } from "node:child_process";
import fs from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { WebSocket } from "ws";
import { addressOf } from "./keys.mjs";

const QUIET = 700; // milliseconds of a page's own time without a request, after which it counts as loaded
const STILL = 5; // pictures in a row that have to be the same
const LONGEST = 60000;
const LOOKS = 3;
const ICON = "/favicon.ico";
const TYPES = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  mjs: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
  png: "image/png",
  gif: "image/gif",
  json: "application/json",
  webmanifest: "application/manifest+json",
  woff: "font/woff",
  woff2: "font/woff2",
  ttf: "font/ttf",
};

const [folder, store, published, ...pages] = process.argv.slice(2);
const { paths } = JSON.parse(fs.readFileSync(path.join(store, "manifest.json"), "utf8"));
const addresses = new Set(Object.entries(paths).map(([file, key]) => addressOf(file, key)));

const server = http.createServer((request, response) => {
  const name = decodeURIComponent(new URL(request.url, "http://x").pathname.slice(1));
  if (!(name in paths)) return response.writeHead(404).end();
  const type = TYPES[name.slice(name.lastIndexOf(".") + 1)] ?? "application/octet-stream";
  response.writeHead(200, { "content-type": type });
  fs.createReadStream(path.join(folder, name)).pipe(response);
});
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const original = `http://127.0.0.1:${server.address().port}/`;

const browser = await start();
try {
  for (const page of pages) {
    // A busy machine can make a browser late: a real difference is there at every look.
    let before, differences;
    for (let looks = 0; looks === 0 || (differences.length > 0 && looks < LOOKS); looks += 1) {
      before = await look(original, page);
      const after = await look(published.replace(/\/?$/, "/"), page);
      differences = Object.keys(before).flatMap((what) => compare(page, what, before[what], after[what]));
    }
    const count = (what) => before[what].length;
    const bad = before.requests.filter((request) => !/ 200$/.test(request)).length;
    const seen = { requests: count("requests"), "of them failed": bad, "console lines": count("console") };
    Object.assign(seen, { fonts: count("fonts"), images: count("images"), exceptions: count("exceptions") });
    console.log(JSON.stringify({ page, seen, differences }));
  }
} finally {
  await browser.close();
  server.closeAllConnections();
  server.close();
}

function compare(page, what, before, after) {
  const lost = before.filter((one) => !after.includes(one));
  const gained = after.filter((one) => !before.includes(one));
  return [
    ...lost.map((one) => `${page}: ${what}: only the original: ${one}`),
    ...gained.map((one) => `${page}: ${what}: only the published: ${one}`),
    ...(lost.length + gained.length === 0 && before.length !== after.length
      ? [`${page}: ${what}: ${before.length} have become ${after.length}`]
      : []),
  ];
}

/** Loads a page from a site in a fresh context and says what there was to see. */
async function look(site, page) {
  const bare = (text) =>
    text
      .replaceAll(site, "/")
      .replace(/\.([0-9a-f]{32})(?![0-9a-f])/g, (whole, address) => (addresses.has(address) ? "" : whole));
  const { browserContextId } = await browser.send("Target.createBrowserContext");
  const { targetId } = await browser.send("Target.createTarget", { url: "about:blank", browserContextId });
  const { sessionId } = await browser.send("Target.attachToTarget", { targetId, flatten: true });
  const send = (method, parameters) => browser.send(method, parameters, sessionId);
  const seen = { requests: [], console: [], exceptions: [] };
  const open = new Map();
  let events = 0;
  const settle = (id, outcome) => {
    if (!open.has(id)) return;
    seen.requests.push(`${open.get(id)} ${outcome}`);
    open.delete(id);
    events += 1;
  };
  const listen = {
    "Network.requestWillBeSent": ({ requestId, request, redirectResponse }) => {
      if (redirectResponse) settle(requestId, redirectResponse.status);
      events += 1;
      if (/^https?:/.test(request.url)) open.set(requestId, bare(request.url));
    },
    "Network.responseReceived": ({ requestId, response }) => settle(requestId, response.status),
    "Network.loadingFailed": ({ requestId, errorText }) => settle(requestId, errorText),
    "Runtime.consoleAPICalled": ({ type, args }) => {
      const words = args.map((word) => String(word.value ?? word.description ?? word.type).split("\n")[0]);
      seen.console.push(bare(`${type}: ${words.join(" ")}`));
    },
    "Runtime.exceptionThrown": ({ exceptionDetails: { text, exception } }) => {
      seen.exceptions.push(bare(`${text} ${String(exception?.description ?? exception?.value).split("\n")[0]}`));
    },
    "Log.entryAdded": ({ entry: { level, text, url = "" } }) => {
      seen.console.push(bare(`${level}: ${text.replace(/ \(.*?\)$/, "")} ${url}`));
    },
  };
  browser.listen(sessionId, (method, parameters) => listen[method]?.(parameters));
  for (const domain of ["Network", "Runtime", "Log", "Page"]) await send(`${domain}.enable`);
  await send("Emulation.setDeviceMetricsOverride", { width: 800, height: 600, deviceScaleFactor: 1, mobile: false });
  await send("Page.navigate", { url: site + page });
  // A timer of the page's own: on a busy machine scripts may run for longer than that before they ask for anything.
  const quiet = `new Promise((done) => setTimeout(() => done(document.readyState), ${QUIET}))`;
  const started = Date.now();
  for (let before = -1, calm = 0; Date.now() - started < LONGEST; before = events) {
    const asked = send("Runtime.evaluate", { expression: quiet, awaitPromise: true });
    // It fails where the page gives way to another.
    const { result } = await asked.catch(() => ({ result: {} }));
    calm = events === before ? calm + 1 : 0;
    // A worker's own answer is told to nobody here.
    if (result.value === "complete" && calm >= (open.size === 0 ? 1 : 4)) break;
  }
  // What comes later, as icons may, is not counted: it would come in one form in time, in the other not.
  browser.listen(sessionId, () => {});
  const evaluate = async (expression) => {
    const { result } = await send("Runtime.evaluate", { expression: `JSON.stringify(${expression})`, awaitPromise: true });
    return (JSON.parse(result.value ?? "null") ?? []).map(bare);
  };
  seen.fonts = await evaluate("[...document.fonts].map(f => `${f.family} ${f.weight} ${f.style} ${f.status}`)");
  seen.images = await evaluate(
    "[...document.images].filter(i => i.currentSrc || i.src).map(i => `${i.currentSrc || i.src} ${i.complete} ${i.naturalWidth}x${i.naturalHeight}`)",
  );
  // The browser asks for icons some time after the page, if at all.
  seen.icons = await evaluate("[...document.querySelectorAll('link[rel~=icon]')].map(i => i.href)");
  const isOfIcon = (one) => [ICON, ...seen.icons].some((icon) => one.split(" ").includes(icon));
  seen.requests = seen.requests.filter((request) => !isOfIcon(request));
  seen.console = seen.console.filter((line) => !isOfIcon(line));
  seen.said = await evaluate("(window.seen ?? []).map(String)");
  // Pages of packages show where they are, and move.
  if (!page.startsWith("npm/")) seen.picture = [await picture(send)];
  await browser.send("Target.disposeBrowserContext", { browserContextId });
  return seen;
}

/** Takes pictures of a page until it stands still, for images and fonts are painted after they are loaded. */
async function picture(send) {
  let still = 0;
  let last;
  const started = Date.now();
  while (still < STILL && Date.now() - started < LONGEST) {
    const { data } = await send("Page.captureScreenshot", { format: "png" });
    const next = createHash("sha256").update(data).digest("hex");
    still = next === last ? still + 1 : 1;
    last = next;
    await new Promise((woken) => setTimeout(woken, 100));
  }
  return last;
}

/** Starts the browser; gives what sends it commands over the DevTools protocol. */
async function start() {
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), "chromium-"));
  const child = spawn(
    "chromium",
    [
      "--headless=new",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--no-first-run",
      "--hide-scrollbars",
      "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
      "--remote-debugging-port=0",
      `--user-data-dir=${profile}`,
      "about:blank",
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  const url = await new Promise((found, failed) => {
    let said = "";
    child.on("error", (error) => failed(new Error(`chromium cannot be started: ${error.message}`)));
    child.on("exit", () => failed(new Error(`chromium has ended: ${said}`)));
    child.stderr.on("data", (data) => {
      said += data;
      const listening = /DevTools listening on (\S+)/.exec(said);
      if (listening) found(listening[1]);
    });
  });
  const socket = new WebSocket(url, { maxPayload: 1 << 28 });
  await new Promise((opened) => socket.once("open", opened));
  const waiting = new Map();
  const listeners = new Map();
  let number = 0;
  socket.on("message", (data) => {
    const message = JSON.parse(data);
    if (message.id === undefined) return listeners.get(message.sessionId)?.(message.method, message.params);
    if (!waiting.has(message.id)) return;
    const { done, failed } = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.error) failed(new Error(message.error.message));
    else done(message.result);
  });
  return {
    send(method, params = {}, sessionId = undefined) {
      number += 1;
      socket.send(JSON.stringify({ id: number, method, params, sessionId }));
      return new Promise((done, failed) => waiting.set(number, { done, failed }));
    },
    listen: (sessionId, listener) => listeners.set(sessionId, listener),
    async close() {
      child.removeAllListeners("exit");
      const ended = new Promise((done) => child.once("exit", done));
      const impatient = setTimeout(() => child.kill("SIGKILL"), 5000);
      socket.send(JSON.stringify({ id: 0, method: "Browser.close" }));
      await ended;
      clearTimeout(impatient);
      child.stderr.destroy();
      socket.terminate();
      fs.rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}
