import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import "./patience.ts";
import { DOCS_PICTURES } from "../render/docs-pictures.ts";
import { useTempDir } from "../support/temp-dir.ts";
import { openBrowser } from "./browser.mjs";

/** The pictures of README and docs, taken anew by `npm run pictures`; without it no browser starts, and nothing is written. */

const MOST_BYTES = 170_000;
const dir = useTempDir();
const { browser, why } = process.env.PICTURES ? await openBrowser() : { browser: null, why: "PICTURES is not set" };
afterAll(() => browser?.close());

describe.runIf(process.env.PICTURES)("the pictures", () => {
  it.each(DOCS_PICTURES)("are photographs: $name", async ({ name, html, width, of, margin, height }) => {
    if (browser === null) throw new Error(why);
    const file = join(dir(), `${name}.html`);
    writeFileSync(file, html);
    const page = await browser.newPage({ viewport: { width, height: 6000 }, colorScheme: "light" });
    await page.goto(pathToFileURL(file).href);
    const [top, bottom] = await page.evaluate<readonly [number, number]>(
      `(({ top, bottom }) => [Math.floor(top), Math.ceil(bottom)])(document.querySelector(${JSON.stringify(of)}).getBoundingClientRect())`,
    );
    const path = join("docs", `${name}.png`);
    const y = Math.max(0, top - margin);
    await page.screenshot({ path, clip: { x: 0, y, width, height: Math.min(height, bottom + margin - y) } });
    await page.close();

    expect(readFileSync(path).length).toBeLessThan(MOST_BYTES);
  });
});
