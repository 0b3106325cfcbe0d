import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { renderAlert } from "../../src/render/slack.ts";
import { useTempDir } from "../support/temp-dir.ts";
import { DOCS_PICTURES } from "./docs-pictures.ts";
import { pageOf } from "./picture.ts";
import { WEEK } from "./week.ts";

/**
 * The pictures of docs/slack.md (those of docs/report.md: `npm run pictures`). `PICTURES=chromium npx vitest run -c .config/vitest.config.ts --project unit
 * test/render/pictures.test.ts` takes them anew; without it nothing starts a browser.
 */

const PICTURES = "docs/slack";
const WIDTH = 760;
const browser = process.env.PICTURES ?? "";
const dir = useTempDir();
const names = { S0DATACORE: "data-core", U0DANA12345: "dana" };

describe("the pictures in docs", () => {
  it("are of every message of the week, and docs/slack.md shows each with words for who cannot see it", () => {
    const page = readFileSync("docs/slack.md", "utf8");
    const shown = [...page.matchAll(/!\[([^\]]{20,})\]\(slack\/([a-z-]+)\.png\)/g)].map(([, , name]) => name);

    expect(shown.toSorted()).toEqual(WEEK.map(({ name }) => name).toSorted());
    expect(readdirSync(PICTURES).toSorted()).toEqual(WEEK.map(({ name }) => `${name}.png`).toSorted());
  });

  it.each(DOCS_PICTURES)("show $name in docs/report.md, small, with words for who cannot see it", ({ name }) => {
    expect(readFileSync("docs/report.md", "utf8")).toMatch(new RegExp(`!\\[[^\\]]{40,}\\]\\(${name}\\.png\\)`));
    expect(statSync(`docs/${name}.png`).size).toBeLessThan(170_000);
  });

  it.each(DOCS_PICTURES)("show a check in $name: its own target, and never where production is", ({ html }) => {
    expect(html).not.toMatch(/target(?: |<[^>]*>)*prod\b|analytics/);
  });

  it("and what else README and docs lead to are there", () => {
    const pages = [
      "README.md",
      ...readdirSync("docs").flatMap((name) => (name.endsWith(".md") ? [`docs/${name}`] : [])),
    ];
    const broken = pages.flatMap((page) =>
      [...readFileSync(page, "utf8").matchAll(/\]\(([^)\s#:]+)(?:#[^)]*)?\)/g)]
        .map(([, path = ""]) => join(dirname(page), path))
        .filter((path) => !existsSync(path))
        .map((path) => `${page}: ${path}`),
    );

    expect(broken).toEqual([]);
  });

  it.each(WEEK)("draw all of $name", ({ alert, facts, at }) => {
    expect(pageOf(renderAlert(alert, facts), at, names)).toContain("<main>");
  });

  it.runIf(browser !== "").each(WEEK)("are photographs: $name", async ({ name, alert, facts, at }) => {
    const path = join(dir(), `${name}.html`);
    const script =
      "<script>document.title=Math.ceil(document.querySelector('main').getBoundingClientRect().height)</script>";
    writeFileSync(path, `${pageOf(renderAlert(alert, facts), at, names)}${script}`);
    mkdirSync(PICTURES, { recursive: true });
    const options = [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--hide-scrollbars",
      "--force-device-scale-factor=1",
    ];
    const start = (...more: string[]) => promisify(execFile)(browser, [...options, ...more, pathToFileURL(path).href]);

    const { stdout } = await start(`--window-size=${WIDTH},2000`, "--dump-dom");
    const height = /<title>(\d+)<\/title>/.exec(stdout)?.[1];
    await start(`--window-size=${WIDTH},${height}`, `--screenshot=${join(PICTURES, `${name}.png`)}`);

    expect(readFileSync(join(PICTURES, `${name}.png`)).readUInt32BE(16)).toBe(WIDTH);
  });
});
