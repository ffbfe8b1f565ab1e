// Compares a folder with what was published from it: `check.mjs FOLDER STORE` prints what it saw as one line of JSON.
//
// For every published file: without the inserted addresses its bytes are those of the original; each reference that
// led to a file leads to that file's object; every other one stands as it stood; nothing else got an address; and
// what V8 could parse it still can. A reference is resolved by the platform's own URL.

import fs from "node:fs";
import path from "node:path";
import { isMainThread, Worker, workerData } from "node:worker_threads";
import { addressOf } from "./keys.mjs";
import { find } from "./references.mjs";

const ROOT = "http://site.test/a/root/of/some/depth/";
const ABOVE = "..";
const BUNDLED = [".js", ".mjs", ".cjs", ".ts", ".tsx", ".jsx", ".json"];
const BUNDLED_FOLDER = ["/index.js", "/index.mjs", "/index.ts", "/index.tsx", "/package.json"];

function check(folder, store) {
  const { paths } = JSON.parse(fs.readFileSync(path.join(store, "manifest.json"), "utf8"));
  const site = new Site(paths);
  const seen = { files: 0, bytes: 0, left: 0, references: 0, rewritten: 0, forBundler: 0, forTemplate: 0, missing: [], differences: [] };
  for (const file of walk(folder)) if (!(file in paths)) seen.left += 1;
  for (const [file, key] of Object.entries(paths)) {
    seen.files += 1;
    const original = fs.readFileSync(path.join(folder, file));
    const published = readOrNull(path.join(store, key));
    seen.bytes += original.length;
    if (published === null) {
      seen.differences.push(`${file}: there is no object ${key}`);
      continue;
    }
    try {
      compare(site, file, key, original, published, seen);
    } catch (error) {
      seen.differences.push(`${file}: ${error.message}`);
    }
  }
  return seen;
}

/** Where the files of a site are. */
class Site {
  constructor(paths) {
    this.paths = new Map(Object.entries(paths));
    this.addresses = new Set();
    /** The folders of trees, with a slash at the end and without, and those in them. */
    this.folders = new Map();
    for (const [file, key] of this.paths) {
      if (key !== file) this.addresses.add(addressOf(file, key));
      const [names, parts] = [file, key].map((path) => path.split("/").slice(0, -1));
      names.forEach((name, index) => {
        const [folder, published] = [names, parts].map((all) => all.slice(0, index + 1).join("/"));
        if (folder !== published) this.folders.set(`${folder}/`, `${published}/`);
        if (name !== parts[index]) this.folders.set(folder, published);
      });
    }
  }

  /** Bytes without the addresses in them, and how many there were. */
  strip(bytes) {
    let count = 0;
    const text = bytes.toString("latin1").replace(/\.([0-9a-f]{32})(?![0-9a-f])/g, (whole, address) => {
      if (!this.addresses.has(address)) return whole;
      count += 1;
      return "";
    });
    return { bytes: Buffer.from(text, "latin1"), count };
  }
}

function compare(site, file, key, original, published, seen) {
  const before = find(file, original);
  const unchanged = original.equals(published);
  const after = unchanged ? before : find(file, published);
  const stripped = unchanged ? { bytes: original, count: 0 } : site.strip(published);
  const differ = (what) => seen.differences.push(`${file}: ${what}`);
  if (!stripped.bytes.equals(original)) differ("other bytes have changed than those of addresses");
  if (before === null) return;
  if (before.parses && !after.parses) differ("can no longer be parsed");
  if (before.references.length !== after.references.length) {
    return differ(`${before.references.length} references have become ${after.references.length}`);
  }
  let rewritten = 0;
  before.references.forEach((reference, index) => {
    const [was, is] = [reference.text, after.references[index].text];
    const target = resolve(reference, file, before.base);
    const expected = target === null ? undefined : (site.paths.get(target.file) ?? site.folders.get(target.file));
    if (expected === undefined) {
      if (was !== is) differ(`\`${was}\` has become \`${is}\``);
      if (target) miss(site, file, reference, target, seen);
      return;
    }
    seen.references += 1;
    const now = resolve(after.references[index], key, after.base);
    if (now?.file !== expected || now.rest !== target.rest) {
      if (before.parses || was !== is) differ(`\`${was}\` leads to ${expected}, but \`${is}\` to ${now?.file}`);
    } else if (was !== is) {
      rewritten += 1;
    }
  });
  seen.rewritten += rewritten;
  // A key and a value of an import map, or one attribute that is read twice, can share an address.
  if (rewritten !== stripped.count) differ(`${stripped.count} addresses, but ${rewritten} references to them`);
}

function miss(site, file, { kind, text }, target, seen) {
  if (kind === "link" || kind === "mention") return;
  if (/\{\{|\{%|<%|<\?/.test(text)) {
    seen.forTemplate += 1;
    return;
  }
  if (target.file === "" || target.file.endsWith("/")) {
    if (kind === "module") seen.forBundler += 1;
    return;
  }
  if (kind === "module" && [...BUNDLED, ...BUNDLED_FOLDER].some((end) => site.paths.has(target.file + end))) {
    seen.forBundler += 1;
    return;
  }
  seen.missing.push({ file, text });
}

/** The file that a reference leads to, and the query and fragment; null if it is not one of the site. */
function resolve({ kind, text }, from, base) {
  if (/^[?#]|^\s*$/.test(text)) return null;
  if (kind === "module" && !/^(?:\.{0,2}\/|https?:)/i.test(text)) return null;
  try {
    const own = ROOT + from.split("/").map(encodeURIComponent).join("/");
    const url = new URL(rooted(text), base === undefined ? own : new URL(rooted(base), own));
    if (url.origin !== new URL(ROOT).origin) return null;
    const rest = url.href.slice(url.origin.length + url.pathname.length);
    if (!url.href.startsWith(ROOT)) return { file: ABOVE, rest };
    const names = url.pathname.slice(new URL(ROOT).pathname.length).split("/");
    return { file: names.map(decoded).join("/"), rest };
  } catch {
    return null;
  }
}

function decoded(name) {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** A URL that begins at the root of the host begins at that of the site. */
function rooted(url) {
  return /^\s*\/(?!\/)/.test(url) ? ROOT + url.trim().slice(1) : url;
}

function* walk(folder, inside = "") {
  for (const entry of fs.readdirSync(path.join(folder, inside), { withFileTypes: true })) {
    const name = inside + entry.name;
    if (entry.isDirectory()) yield* walk(folder, `${name}/`);
    else yield name;
  }
}

function readOrNull(file) {
  try {
    return fs.readFileSync(file);
  } catch {
    return null;
  }
}

if (isMainThread) {
  // Minified files nest deeper than the stack of the main thread.
  const [folder, store] = process.argv.slice(2);
  const worker = new Worker(new URL(import.meta.url), {
    workerData: { folder, store },
    resourceLimits: { stackSizeMb: 200, maxOldGenerationSizeMb: 8000 },
  });
  worker.on("error", (error) => {
    console.error(error);
    process.exitCode = 1;
  });
} else {
  console.log(JSON.stringify(check(workerData.folder, workerData.store)));
}
