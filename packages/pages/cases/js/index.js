import { plainExport } from "./export/plainExport.js";
import {
  first,
  secondExport
} from "./export/several.js";
import { one } from './circle/one.js';
export { first as firstExport } from "./export/several.js";
export * as everyExport from "./export/plainExport.js";

// import { nothing } from "./not/there.js";
const text = 'import "./not/there.js"';
const pattern = /import "\.\/not\/there.js"/;
const template = `import("./not/there.js") ${text.length}`;

const later = await import(/* webpackChunkName: "later" */ "./later.mjs");
const ticked = await import(`./later.mjs`);
const data = await import("./data.json", { with: { type: "json" } });
const picture = new URL("../img/one.png", import.meta.url);
const size = (await (await fetch(picture)).arrayBuffer()).byteLength;
const resolved = import.meta.resolve("./later.mjs");
const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
const answer = await new Promise((done) => {
  worker.onmessage = ({ data }) => done(data);
  worker.postMessage(20);
});

export const seen = [
  plainExport, first, secondExport, one(), later.name, later === ticked, data.default.name, size, answer,
  pattern.test(text), template, (await import(resolved)) === later,
];
