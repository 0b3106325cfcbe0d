import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { STYLE } from "../../../src/render/page/style.ts";
import { facts, finding, hostile, hostileFinding, model, plan, planned, run, verdict } from "../build.ts";
import { aPage, judged, render, richPage, sha256 } from "./build.ts";

/** The words of a page, as somebody without eyes for markup reads them. */
const wordsOf = (page: string) =>
  page
    .replace(/<style>[\s\S]*?<\/style>|<script>[\s\S]*?<\/script>/g, "")
    .replace(/<[^>]*>/g, " ")
    .replace(/&quot;/g, '"')
    .replace(/&lt;/g, "<")
    .replace(/&gt;/g, ">")
    .replace(/&amp;/g, "&")
    .replace(/\s+/g, " ");

/** Its elements with the names of their attributes. */
const shapeOf = (page: string) => (page.match(/<[^>]*>/g) ?? []).map((tag) => tag.replace(/"[^"]*"/g, '""'));

const countOf = (text: string, pattern: RegExp) => text.match(pattern)?.length ?? 0;

describe("the page", () => {
  it("has all of a run in it", async () => {
    const page = render(richPage());

    await expect(
      page
        .replace(/<style>[\s\S]*?<\/style>/, "<style></style>")
        .replace(/<script>[\s\S]*?<\/script>/, "<script></script>")
        .replace(/sha256-[^']*/g, "sha256-…"),
    ).toMatchFileSnapshot("../snapshots/page.html");
  });

  it("allows its own script and style by their hashes, pictures inside it, and nothing else", () => {
    const page = render(richPage());

    const [script, style] = ["script", "style"].map((name) => {
      const parts = [...page.matchAll(new RegExp(`<${name}>([\\s\\S]*?)</${name}>`, "g"))];
      expect(parts).toHaveLength(1);
      return sha256(parts[0]?.[1] ?? "");
    });
    expect(page).toContain(
      `content="default-src 'none'; script-src 'sha256-${script}'; style-src 'sha256-${style}'; img-src data:;`,
    );
    expect(page).not.toMatch(/ style="| on\w+="|<(?:iframe|object|embed|img|base|form)\b/);
  });

  it("leads to nothing outside but the run's own page, and there only by https", () => {
    const links = (url: string) => [
      ...render(aPage({ run: run({ url }) })).matchAll(/(?:href|src)="((?!#|data:)[^"]*)"/g),
    ];

    expect(links("https://github.com/acme/shop/actions/runs/777").map(([, to]) => to)).toEqual([
      "https://github.com/acme/shop/actions/runs/777",
    ]);
    expect(links("javascript:alert(1)")).toEqual([]);
    expect(links('https://x.example/" onclick="x')).toEqual([]);
  });

  it("has a place for each address that it gives, and each place once", () => {
    const page = render(richPage());
    const ids = [...page.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
    const links = [...page.matchAll(/href="#([^"]*)"/g)].map(([, id]) => decodeURIComponent(id ?? ""));

    expect(ids.toSorted()).toEqual([...new Set(ids)].toSorted());
    expect([...new Set(links)].filter((id) => !ids.includes(id))).toEqual([]);
    expect(ids).toContain("model.shop.fct_orders");
  });

  it.each([
    [
      "an error with its place, owner and message",
      /int_fx_rates model an error in the code new Database Error in model int_fx_rates .* File models\/intermediate\/int_fx_rates.sql:1 Owner finance/,
    ],
    ["what shows it again", /Run again dbt build --target ci --select int_fx_rates/],
    [
      "what came of it before",
      /Tries failed 2 times; before: BigQuery rate limit error after 3\.0 s: rateLimitExceeded/,
    ],
    ["what it kept from running", /Kept from running 6 nodes dim_customers fct_daily_revenue/],
    [
      "where the failing rows are",
      /The failing rows are kept: select \* from "shop"\."ci_feature_rates_dbt_test__audit"\."relationships_stg_orders"/,
    ],
    ["its compiled code", /Compiled SQL -- one of them select customer_id from/],
    [
      "a warning with its threshold",
      /stg_customers\.country_code not_null test 8 failures, warn if > 5, error if > 20 known/,
    ],
    [
      "what is muted, apart from the rest",
      /Muted 1 orders_with_old_fx_rate test 1,204 failures, warn if != 0 known muted until 2026-12-15 .*: DATA-12/,
    ],
    [
      "since when it is so",
      /stg_customers\.country_code not_null test 8 failures, warn if > 5, error if > 20 known since 12 Nov, 13 days/,
    ],
    ["what stands before and behind a failure", /3 nodes with errors, 6 kept from running/],
    [
      "each affected node and how it is",
      /stg_orders: 1 failing test; reads billing\.orders .* int_orders_eur: did not run; reads stg_orders, int_fx_rates/,
    ],
    ["how long a node took before", /stg_payments 14 s \(4\.5 s before, 3\.0 ×\)/],
    [
      "what the run had to wait for",
      /The chain: 2 nodes, one after the other, 26 s of work stg_order_items 11 s stg_products 15 s/,
    ],
    ["what was built and why", /12 of 38 nodes.*int_orders_eur body changed 6 follow and 1 test/],
    ["the freshness, the stale first", /warn billing\.payments loaded 14 h ago; warn after 12 h pass billing\.orders/],
    ["a row for each node", /skipped fct_orders model · models\/marts\/fct_orders\.sql/],
    [
      "the run",
      /Commit a1b2c3d4e5f6 · Read the rates of the last trading day \(#12\) · Dana .*Queue entered after 42 s: nobody is ahead/,
    ],
  ])("tells %s", (_, words) => {
    expect(wordsOf(render(richPage()))).toMatch(words);
  });

  it("is a sentence and what to do where there is no verdict", () => {
    const page = render(aPage({ ended: "modes.check.target is missing\n  → write it into signalbox.yml" }));

    expect(wordsOf(page)).toMatch(/No verdict modes\.check\.target is missing .* → write it into signalbox\.yml/);
    expect(page).toContain("<title>No verdict · shop · modes.check.target is missing</title>");
  });

  it("says where compiled code is cut, and where it is left out", () => {
    const about = (name: string) =>
      finding({ subject: model(name, { compiled: `target/compiled/${name}.sql` }), failures: null });
    const names = Array.from({ length: 90 }, (_, index) => `m${index}`);
    const code = { text: `select ${"a, ".repeat(20_000)}`, bytes: 60_007, isWhole: true };

    const page = render(
      aPage({
        verdict: judged(verdict({ findings: names.map(about) })),
        evidence: {
          ...richPage().evidence,
          compiled: Object.fromEntries(names.map((name) => [`model.shop.${name}`, code])),
        },
      }),
    );

    const shown = countOf(page, /Cut: the whole of it is 61 kB/g);
    expect(shown).toBeGreaterThan(30);
    expect(countOf(page, /left out here: the page would be too large/g)).toBe(90 - shown);
  });

  it("has no markup of an enemy, in whatever it is told", () => {
    const pageOf = (texts: readonly string[], findings: Parameters<typeof verdict>[0]) => {
      const [x = "", y = ""] = texts;
      const ids = (findings?.findings ?? []).flatMap(({ subject }) => (subject.kind === "node" ? [subject.id] : []));
      return render(
        aPage({
          modeReason: x,
          target: y,
          project: x,
          ended: y,
          verdict: judged(verdict({ ...findings, reproduce: y, dbt: { version: x, commands: [y], exitCodes: [1] } })),
          run: run({ ref: { kind: "branch", name: x }, commit: { sha: y, checkedOut: y, title: x, author: y } }),
          queue: { decision: x, reason: y, waitedSeconds: 3 },
          judged: [x, y],
          plan: plan({
            nodes: [planned("model.shop.a", { reasons: [{ kind: "macro", macro: y, path: x }] })],
            warnings: [x],
            delegatedToDbt: y,
          }),
          evidence: {
            compiled: Object.fromEntries(ids.map((id) => [id, { text: x, bytes: 99, isWhole: false }])),
            failuresIn: Object.fromEntries(ids.map((id) => [id, y])),
            freshness: [{ id: x, status: y, message: x }],
            longestChain: [x],
            affected: [
              { id: x, state: "error", isSkipped: false, failed: 1, warned: 2, card: y, parents: [] },
              { id: y, state: "skipped", isSkipped: true, failed: 0, warned: 0, card: null, parents: [x] },
            ],
            usualSeconds: { [`model.shop.${x}`]: 1, [x]: 2 },
          },
          firstSeen: { [`v1:${ids[0]}`]: x },
        }),
      );
    };

    fc.assert(
      fc.property(fc.array(hostileFinding, { minLength: 1, maxLength: 3 }), hostile, hostile, (findings, x, y) => {
        const rows = { [`model.shop.${x}`]: facts({ name: y, path: x, seconds: 2 }) };
        const page = pageOf([x, y], { findings, nodes: rows });

        const known = new Set(shapeOf(render(richPage())));
        expect(shapeOf(page).filter((tag) => !known.has(tag) && !KNOWN_BESIDE.has(tag))).toEqual([]);
        expect(countOf(page, /<script>/g)).toBe(1);
        expect(countOf(page, /<\/script>/g)).toBe(1);
        expect(page).toContain(`<style>${STYLE}</style>`);
      }),
      { numRuns: 60 },
    );
  });

  it("stays under 5 MB, and counts what it leaves out of each part", () => {
    const message = "<✗>".repeat(3000);
    const long = "'".repeat(80);
    const findings = (["error", "warn"] as const).flatMap((severity) =>
      [false, true].flatMap((isMuted) =>
        Array.from({ length: 700 }, (_, index) =>
          finding({
            ...{ severity, failures: null, message },
            subject: model(`m${index}_${long}`, { id: `model.shop.${severity}${isMuted}${index}${long}` }),
            skipped: index === 0 ? Array.from({ length: 2000 }, (_, each) => `model.shop.s${each}`) : [],
            muted: isMuted ? { until: "2026-12-15", reason: long } : null,
          }),
        ),
      ),
    );
    const nodes = Object.fromEntries(
      Array.from({ length: 20_000 }, (_, index) => [
        `model.shop.${long}${index}`,
        facts({
          path: `models/${"&".repeat(200)}`,
          seconds: 3,
          startedAt: new Date(Date.UTC(2026, 10, 25) + index * 40).toISOString(),
        }),
      ]),
    );
    const planNodes = Array.from({ length: 5000 }, (_, index) => planned(`model.shop.${long}${index}`));

    const page = render(
      aPage({
        verdict: judged(verdict({ findings, nodes, reproduce: "x".repeat(1_000_000) })),
        plan: plan({ nodes: planNodes, warnings: Array.from({ length: 1000 }, () => "w".repeat(400)) }),
        evidence: {
          compiled: Object.fromEntries(
            findings.flatMap(({ subject }) =>
              subject.kind === "node" ? [[subject.id, { text: "<".repeat(16_000), bytes: 16_000, isWhole: true }]] : [],
            ),
          ),
          failuresIn: {},
          freshness: Array.from({ length: 5000 }, () => ({ id: `source.shop.${long}`, status: "pass", message })),
          longestChain: Object.keys(nodes),
          affected: Object.keys(nodes).map((id, index, all) => ({
            ...{ id, state: "skipped", isSkipped: true, failed: 0, warned: 0, card: null },
            parents: [all[index - 1], all[index % 100]].flatMap((each) => each ?? []).filter((each) => each !== id),
          })),
          usualSeconds: Object.fromEntries(Object.keys(nodes).map((id) => [id, 2])),
        },
      }),
    );

    expect(Buffer.byteLength(page)).toBeLessThan(5_000_000);
    const words = wordsOf(page);
    for (const told of [
      /\+\d{3} more in verdict\.json/,
      /\+1,500 more in verdict\.json/,
      /\+\d,\d{3} more in plan\.json/,
      /\+\d{3} more warnings in plan\.json/,
      /\+\d,\d{3} more in dbt's sources\.json/,
      /\+[\d,]+ more bars are too many to draw/,
      /\+[\d,]+ more nodes are too many to draw/,
      /\+[\d,]+ more: the filter finds them/,
      /\+[\d,]+ more are only in verdict\.json/,
    ])
      expect(words).toMatch(told);
    expect(words.match(/\+[\d,]+ more in verdict\.json/g)?.length).toBeGreaterThanOrEqual(3);
  });

  it("is as good as small where nothing happened", () => {
    const page = render(aPage({ run: null, mode: null, target: null, verdict: judged(verdict({ level: "pass" })) }));

    expect(page.length).toBeLessThan(20_000);
    expect(page).not.toContain('id="errors"');
  });
});

/** Elements that the rich page happens not to have. */
const KNOWN_BESIDE = new Set(['<li class="">', '<td class="">']);
