// report.html in a real Chromium. Goals: first paint of 10,000 nodes at most 5 × that of an empty page, a key in the filter
// at most 3 × as long as with 1,000 nodes, at most 5 MB, JavaScript at most 40 kB gzipped.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { rolldown } from "rolldown";
import { openBrowser } from "../e2e/browser.mjs";
import { ROOT } from "../prepare.mjs";
import { median } from "./measure.mjs";

const PAIRS = 9;
/** What people type, key by key, and then take away again. */
const TYPED = ["m", "m_", "m_0", "m_00", "m_001", "m_00", "m_0", "m_", "m", "amuont", "finance", ""];

const { browser, why } = await openBrowser();
if (browser === null) {
  console.log(`skipped: ${why}`);
  process.exit(0);
}
const folder = join(ROOT, ".cache/page-bench");
const bundle = await rolldown({ input: join(ROOT, "test/bench/pages.ts"), platform: "node" });
await bundle.write({ dir: folder, format: "esm" });
const { pageOfRun, SCRIPT } = await import(join(folder, "pages.js"));

mkdirSync(folder, { recursive: true });
const pages = {
  empty: `<!doctype html><html lang="en"><meta charset="utf-8"><title>empty</title><p>empty</p></html>`,
  thousand: pageOfRun(1000),
  tenThousand: pageOfRun(10_000),
};
const urls = Object.fromEntries(
  Object.entries(pages).map(([name, text]) => {
    const file = join(folder, `${name}.html`);
    writeFileSync(file, text);
    return [name, pathToFileURL(file).href];
  }),
);
for (const [name, text] of Object.entries(pages))
  console.log(`${name}: ${Math.ceil(Buffer.byteLength(text) / 1000)} kB`);
goal("10,000 nodes, MB", Buffer.byteLength(pages.tenThousand) / 1e6, 5);
goal("JavaScript, kB gzipped", gzipSync(SCRIPT).length / 1000, 40);

const paints = await paintInTurn(["empty", "tenThousand"]);
console.log(`first paint: empty ${shown(paints.empty)}, 10,000 nodes ${shown(paints.tenThousand)}`);
goal("first paint of 10,000 nodes against an empty page, ×", ratio(paints.tenThousand, paints.empty), 5);

const opened = { thousand: await open(urls.thousand), tenThousand: await open(urls.tenThousand) };
const keys = { thousand: [], tenThousand: [] };
for (let pair = 0; pair <= PAIRS; pair += 1)
  for (const [name, page] of Object.entries(opened)) {
    const ms = await oneKey(page);
    if (pair > 0) keys[name].push(ms);
  }
console.log(`a key in the filter: 1,000 nodes ${shown(keys.thousand)}, 10,000 nodes ${shown(keys.tenThousand)}`);
goal("a key with 10,000 nodes against 1,000, ×", ratio(keys.tenThousand, keys.thousand), 3);
await browser.close();

/** Milliseconds of each, A B A B …, after one warm-up each. */
async function paintInTurn(names) {
  const found = Object.fromEntries(names.map((name) => [name, []]));
  for (let pair = 0; pair <= PAIRS; pair += 1)
    for (const name of names) {
      const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
      const ms = await firstPaint(page, urls[name]);
      await page.close();
      if (pair > 0) found[name].push(ms);
    }
  return found;
}

/** A page is painted while the rest of it is still read. */
async function firstPaint(page, url) {
  await page.goto(url, { waitUntil: "commit" });
  return page.evaluate(
    "new Promise((done) => new PerformanceObserver((list) => done(list.getEntries()[0].startTime)).observe({ type: 'paint', buffered: true }))",
  );
}

/** Read whole. */
async function open(url) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.goto(url, { timeout: 0 });
  return page;
}

/** The median of all keys, until the page is laid out again. */
async function oneKey(page) {
  const all = await page.evaluate(`(async () => {
    const input = document.querySelector("input");
    const took = [];
    for (const value of ${JSON.stringify(TYPED)}) {
      await new Promise((next) => setTimeout(next));
      const began = performance.now();
      input.value = value;
      input.dispatchEvent(new Event("input"));
      document.body.getBoundingClientRect();
      took.push(performance.now() - began);
    }
    return took;
  })()`);
  return median(all);
}

function ratio(ofMany, ofFew) {
  return median(ofMany.map((ms, pair) => ms / ofFew[pair]));
}

function shown(values) {
  return `${median(values).toFixed(1)} ms (${Math.min(...values).toFixed(1)}–${Math.max(...values).toFixed(1)})`;
}

function goal(what, figure, most) {
  console.log(`${what}: ${figure.toFixed(2)}, goal at most ${most}${figure > most ? "  MISSED" : ""}`);
}
