import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import type { ReportPage } from "../../src/render/page/page-facts.ts";
import { facts, finding, model, plan, planned, run, subject, verdict } from "../render/build.ts";
import { aPage, judged, render, richPage } from "../render/page/build.ts";
import { useTempDir } from "../support/temp-dir.ts";
import "./patience.ts";
import { axeSource, type Browser, type BrowserPage, openBrowser } from "./browser.mjs";

/** report.html in a real Chromium. */

const { browser, why } = await openBrowser();
afterAll(() => browser?.close());
if (browser === null) process.stdout.write(`no page is tried in a browser: ${why}\n`);

const dir = useTempDir();
const opened: BrowserPage[] = [];
afterEach(async () => {
  for (const page of opened.splice(0)) await page.close();
});

type Look = Omit<Parameters<Browser["newPage"]>[0], "viewport"> & {
  readonly width?: number;
  readonly height?: number;
  readonly hash?: string;
};

/** The page in the browser, with everything that it asked for, said or threw. */
async function show(report: ReportPage, { width = 1100, height = 900, hash = "", ...look }: Look = {}) {
  if (browser === null) throw new Error(why);
  const file = join(dir(), "report.html");
  writeFileSync(file, render(report));
  const page = await browser.newPage({ viewport: { width, height }, ...look });
  opened.push(page);
  const heard: string[] = [];
  page.on("request", (request) => {
    if (!request.url().startsWith("data:")) heard.push(request.url());
  });
  page.on("console", (message) => heard.push(message.text()));
  page.on("dialog", () => heard.push("a dialog"));
  page.on("pageerror", (error) => heard.push(String(error)));
  const url = pathToFileURL(file).href;
  await page.goto(`${url}${hash}`);
  return { page, heard: () => heard.filter((each) => each.split("#")[0] !== url) };
}

const EVIL = [
  `<img src="http://127.0.0.1:9/leak.png" onerror="window.hit=1">`,
  `</pre></style></script><script>window.hit=1</script>`,
  `"><svg onload="window.hit=1"><a href="javascript:window.hit=1">x</a>`,
  `'--><iframe src="http://127.0.0.1:9/"></iframe><link rel="stylesheet" href="http://127.0.0.1:9/x.css">`,
  `<meta http-equiv="refresh" content="0;url=http://127.0.0.1:9/"><base href="http://127.0.0.1:9/">`,
].join("");

function affectedBy(name: string): ReportPage["evidence"]["affected"] {
  const tests = { failed: 1, warned: 0, card: `test.shop.${name}` };
  const failed = { ...tests, id: `model.shop.a${name}`, state: "error", isSkipped: false, parents: [] } as const;
  return [failed, { ...failed, id: `model.shop.${name}`, state: "skipped", isSkipped: true, parents: [failed.id] }];
}

/** Every text of it wants out. */
function evilPage(): ReportPage {
  const about = (severity: "error" | "warn", id: string) =>
    finding({
      ...{ severity, message: EVIL, threshold: EVIL, status: "error" },
      subject: subject({ id, name: EVIL, path: EVIL, owner: EVIL, compiled: EVIL, column: EVIL }),
      skipped: [`model.shop.${EVIL}`],
      muted: severity === "warn" ? { until: EVIL, reason: EVIL } : null,
    });
  const id = `test.shop.${EVIL}`;
  return aPage({
    ...{ modeReason: EVIL, target: EVIL, project: EVIL, ended: EVIL, judged: [EVIL] },
    run: run({
      url: `https://x.example/"onclick="window.hit=1`,
      ref: { kind: "branch", name: EVIL },
      commit: { sha: EVIL, checkedOut: EVIL, title: EVIL, author: EVIL },
    }),
    verdict: judged(
      verdict({
        findings: [about("error", id), about("warn", `${id}.2`)],
        nodes: { [`model.shop.${EVIL}`]: facts({ path: EVIL, seconds: 3 }), [id]: facts({ path: EVIL }) },
        reproduce: EVIL,
        dbt: { version: EVIL, commands: [EVIL], exitCodes: [1] },
      }),
    ),
    plan: plan({ nodes: [planned(`model.shop.${EVIL}`)], warnings: [EVIL], delegatedToDbt: EVIL }),
    queue: { decision: EVIL, reason: EVIL, waitedSeconds: 2 },
    evidence: {
      compiled: { [id]: { text: EVIL, bytes: 9, isWhole: false } },
      failuresIn: { [id]: EVIL },
      freshness: [{ id: `source.shop.${EVIL}`, status: EVIL, message: EVIL }],
      longestChain: [],
      affected: affectedBy(EVIL),
      usualSeconds: { [`model.shop.${EVIL}`]: 2 },
    },
    firstSeen: { [`v1:${id}`]: EVIL },
  });
}

function manyNodes(number: number): ReportPage {
  const nodes = Array.from({ length: number }, (_, index) => [
    `model.shop.m${index}`,
    facts({ path: `models/m${index}.sql`, seconds: 1 + (index % 7), startedAt: "2026-11-25T07:00:00Z" }),
  ]);
  return aPage({ verdict: judged(verdict({ nodes: Object.fromEntries(nodes), findings: [] })) });
}

const VIEWS: Readonly<Record<string, () => ReportPage>> = {
  "a run with everything": richPage,
  "a green one": () => manyNodes(30),
  "one without a verdict": () => aPage({ ended: "modes.check.target is missing\n  → write it into signalbox.yml" }),
  "one with names without an end": () => {
    const name = "a_name_that_has_no_place_to_break_".repeat(8);
    return aPage({
      ...{ project: name, target: name, modeReason: name },
      verdict: judged(
        verdict({
          findings: [
            finding({
              subject: model(name, { compiled: name, owner: name }),
              message: name,
              skipped: [`model.shop.${name}`],
            }),
          ],
          nodes: { [`model.shop.${name}`]: facts({ path: name, seconds: 3 }) },
          reproduce: `dbt build --select ${name}`,
        }),
      ),
      evidence: { ...richPage().evidence, failuresIn: { [`model.shop.${name}`]: name } },
    });
  },
};

describe.runIf(browser !== null)("the page in a browser", () => {
  it.each(["light", "dark"] as const)(
    "keeps hostile text a text, and asks nobody for anything (%s)",
    async (colorScheme) => {
      const { page, heard } = await show(evilPage(), { colorScheme });
      await page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })");
      await page.fill("input", "iframe");
      await page.fill("input", "");

      expect(heard()).toEqual([]);
      expect(await page.evaluate("window.hit")).toBeUndefined();
      expect(
        await page.evaluate(
          "document.querySelectorAll('img, iframe, base, form, [onload], [onerror], [onclick]').length",
        ),
      ).toBe(0);
      expect(await page.evaluate("document.querySelectorAll('script').length")).toBe(1);
      expect(await page.evaluate<string>("document.querySelector('article pre').textContent")).toContain(
        "window.hit=1",
      );
      expect(
        await page.evaluate("[...document.links].filter((link) => !link.getAttribute('href').startsWith('#')).length"),
      ).toBe(0);
    },
  );

  it("runs no script but its own, takes no style but its own, and loads nothing", async () => {
    const { page } = await show(richPage());

    await page.evaluate(`{
      const add = (name, text) => document.body.append(Object.assign(document.createElement(name), { textContent: text }));
      add("script", "window.hit=1");
      add("style", "body{margin-left:77px!important}");
      document.body.setAttribute("style", "margin-top:77px");
      document.body.setAttribute("onclick", "window.hit=2");
      document.body.click();
    }`);

    expect(await page.evaluate("window.hit")).toBeUndefined();
    expect(
      await page.evaluate("[getComputedStyle(document.body).marginLeft, getComputedStyle(document.body).marginTop]"),
    ).not.toContain("77px");
    const refused = "fetch('http://127.0.0.1:9/').then(() => 'came', (error) => error.name)";
    expect(await page.evaluate(refused)).toBe("TypeError");
  });

  it.each(
    Object.keys(VIEWS).flatMap((name) =>
      ([1100, 390] as const).flatMap((width) =>
        (["light", "dark"] as const).map((colorScheme) => ({ name, width, colorScheme })),
      ),
    ),
  )("shows $name at $width px, $colorScheme: no sideways scroll, WCAG AA", async ({ name, width, colorScheme }) => {
    const { page, heard } = await show(VIEWS[name]?.() ?? aPage(), {
      width,
      colorScheme,
      height: 6000,
      bypassCSP: true,
    });
    await page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })");

    expect(await page.evaluate<number>("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
    expect(heard()).toEqual([]);
    await page.addScriptTag({ content: await axeSource() });
    const found = await page.evaluate<readonly string[]>(
      "axe.run().then(({ violations }) => violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).slice(0, 3)}`))",
    );
    expect(found).toEqual([]);
  });

  it("lacks nothing without JavaScript but the filter and the buttons", async () => {
    const { page } = await show(richPage(), { javaScriptEnabled: false, height: 6000, hash: "#model.shop.fct_orders" });
    const words = await page.evaluate<string>("document.body.innerText");
    await page.click("article details summary");

    expect(await page.evaluate("document.querySelectorAll('input, button').length")).toBe(0);
    for (const part of [
      "int_fx_rates",
      "Binder Error",
      "dbt build --target ci",
      "to_eur",
      "loaded 14 h ago",
      "Slowest",
    ])
      expect(words).toContain(part);
    expect(await page.evaluate("document.querySelector('article details').open")).toBe(true);
    expect(await page.evaluate("document.querySelector('tr:target b').textContent")).toBe("fct_orders");
  });

  it("filters findings and nodes by every word, says how many, and by Escape shows all again", async () => {
    const { page } = await show(richPage());
    const shown = () =>
      page.evaluate(
        "[...document.querySelectorAll('article.card')].filter((card) => !card.hidden).map((card) => card.querySelector('h3 a').textContent)",
      );
    const told = () => page.evaluate("document.querySelector('[role=status]').textContent");

    await page.keyboard.press("/");
    await page.keyboard.type("RATEE finance");
    expect(await shown()).toEqual(["int_fx_rates"]);
    expect(await told()).toBe("1 of 6 findings, 0 of 18 nodes");

    await page.fill("input", "stg_orders.sql");
    expect(
      await page.evaluate("[...document.querySelectorAll('#rows tr')].map((row) => row.innerText.split('\\n')[0])"),
    ).toHaveLength(1);

    await page.keyboard.press("Escape");
    expect(await shown()).toEqual(expect.objectContaining({ length: 6 }));
    expect(await told()).toBe("");
  });

  it("finds of many nodes those that are no row, and an address leads to each", async () => {
    const { page } = await show(manyNodes(2000), { hash: "#model.shop.m1999" });
    const rows = () => page.evaluate("document.querySelectorAll('#rows tr').length");

    expect(await page.evaluate("document.querySelector('tr.named b').textContent")).toBe("m1999");
    await page.fill("input", "m1");
    expect(await rows()).toBe(200);
    expect(await page.evaluate("document.querySelector('[role=status]').textContent")).toBe(
      "0 of 0 findings, 1111 of 2000 nodes, the first 200 of them shown",
    );
    await page.fill("input", "m1234");
    expect(await page.evaluate("document.querySelector('#rows tr').id")).toBe("model.shop.m1234");
  });

  it("opens what an address leads to, also where the filter hides it", async () => {
    const { page } = await show(richPage());
    await page.fill("input", "nothing has this name");
    await page.evaluate("location.hash = '#model.shop.int_fx_rates'");

    expect(await page.evaluate("document.getElementById('model.shop.int_fx_rates').hidden")).toBe(false);
    expect(await page.evaluate("document.querySelector('article:target h3 a').textContent")).toBe("int_fx_rates");
  });

  it("is used by keyboard alone: each link, button and part that opens has its turn and is seen to have it", async () => {
    const { page } = await show(richPage());
    await page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })");
    const wanted = await page.evaluate<number>(
      "document.querySelectorAll('a[href], button, input, summary, [tabindex]').length",
    );
    const seen = new Set<string>();
    for (let index = 0; index < wanted; index += 1) {
      await page.keyboard.press("Tab");
      const at = await page.evaluate<string>(
        "{ const all = [...document.querySelectorAll('a[href], button, input, summary, [tabindex]')]; const at = all.indexOf(document.activeElement); at + ' ' + (at >= 0 && getComputedStyle(all[at]).outlineStyle) }",
      );
      seen.add(at);
    }

    expect([...seen].filter((each) => !each.endsWith(" solid"))).toEqual([]);
  });
});
