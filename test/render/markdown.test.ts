import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { renderSummary, type Summary } from "../../src/render/markdown.ts";
import { costOf } from "../../src/severity/cost.ts";
import { aDbtRun, aManifest, aNode, aResult, aRunResults } from "../artifacts/build.ts";
import { allNodes, beyondWords, readMarkdown } from "../text/read-markdown.ts";
import {
  facts,
  finding,
  hostile,
  hostileFinding,
  model,
  plan,
  planned,
  richPlan,
  richVerdict,
  verdict,
} from "./build.ts";

function summary(overrides: Partial<Summary> = {}): Summary {
  return {
    mode: "check",
    modeReason: "pull request #12 into main",
    target: "ci",
    verdict: null,
    plan: null,
    nodesInProject: null,
    queue: null,
    ended: null,
    ...overrides,
  };
}

function hostileRow(x: string, y: string) {
  const nothing = { code: x, bytesProcessed: null, slotMs: null, jobUrl: x };
  return aResult(`model.shop.${x}`, "success", { response: { ...nothing, bytesBilled: 7, queryId: y } });
}

describe("the job summary", () => {
  it("has what is new before what the base has too, and what only few read to be opened", () => {
    const first = { at: "2026-11-24T06:12:00.000Z", commit: "9a8b7c6d5e4f" };
    const failing = { kind: "failing", on: "main", runs: 4, first, isSince: true } as const;
    const findings = [
      finding({ subject: model("fresh"), isNew: true }),
      // No deploy with errors leaves a verdict that tells of them: earlier runs do.
      finding({ subject: model("old"), isNew: true, history: [failing] }),
      finding({ subject: model("new_warning"), severity: "warn", isNew: true }),
      finding({ subject: model("old_warning"), severity: "warn", isNew: false }),
    ];

    const page = renderSummary(
      summary({ verdict: verdict({ findings, passed: ["model.shop.x"] }), baseBranch: "main" }),
    );

    expect(page).toMatch(/^## ❌ 1 new error, 1 known · 1 new warning, 1 known · 1 passed\n/);
    const order = ["### New errors", "`fresh`", "### Also failing on `main`", "`old`", "### New warnings"];
    const folded = ["`new_warning`", "<details><summary>1 known warning</summary>", "`old_warning`", "</details>"];
    const places = [...order, ...folded].map((text) => page.indexOf(text));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places).not.toContain(-1);
    expect(page).toContain("also failing on main since 2026-11-24");
  });

  it.each([
    ["all known", [false, false], "❌ 2 known errors, none new"],
    ["all new", [true, true], "❌ 2 new errors"],
    ["not compared", [null, null], "❌ 2 errors"],
  ])("says in its title how many errors are new: %s", (_, news, title) => {
    const findings = news.map((isNew, index) => finding({ subject: model(`m${index}`), isNew }));

    expect(renderSummary(summary({ verdict: verdict({ findings }) }))).toContain(`## ${title}\n`);
  });

  it("tells ten errors in full and the others to be opened, and folds a long message", () => {
    const message = Array.from({ length: 40 }, (_, index) => `line ${index}`).join("\n");
    const findings = Array.from({ length: 12 }, (_, index) =>
      finding({ subject: model(`m${index}`), failures: null, failureClass: "code", message }),
    );

    const page = renderSummary(summary({ verdict: verdict({ findings }) }));

    expect(page.match(/<summary>The message: 40 lines<\/summary>/g)).toHaveLength(10);
    expect(page).toContain("<summary>2 more errors</summary>");
  });

  it("tells what it took beside the last deploy, whom it reaches, and leads to BigQuery's jobs", () => {
    const jobUrl = "https://console.cloud.google.com/bigquery?project=acme&j=bq:EU:1-a&page=queryresults";
    const nothing = { code: null, bytesProcessed: null, slotMs: null, queryId: null };
    const row = (bytesBilled: number) =>
      aResult("model.shop.fct_orders", "success", { seconds: 3, response: { ...nothing, bytesBilled, jobUrl } });
    const cost = costOf(
      [aDbtRun([row(12e9)])],
      aManifest([aNode("fct_orders")]),
      aRunResults({ results: [row(10e9)] }),
    );
    const touched = {
      exposures: [{ name: "Weekly KPIs", type: "dashboard", owner: "finance" }],
      owners: [{ name: "data-core", nodes: 2 }],
    };

    const page = renderSummary(summary({ verdict: verdict({ cost }), plan: richPlan(), touched }));

    expect(page).toContain(
      "- 1 node as in the deploy of 2026-11-25 07:00 UTC: 12 GB, was 10 GB (+20 %); 3.0 s as before",
    );
    expect(page).toContain(`- \`fct_orders\` 12 GB, was 10 GB (+20 %); 3.0 s as before · [job](${jobUrl})`);
    expect(page).toContain("Reaches 1 exposure: `Weekly KPIs` (dashboard of finance)");
    expect(page).toContain("Owners: `data-core` (2 nodes)");
  });

  it("shows the verdict, errors, warnings, the slowest nodes, the plan, and how to see it again", async () => {
    const page = renderSummary(
      summary({
        verdict: richVerdict(),
        plan: richPlan(),
        nodesInProject: 38,
        queue: { decision: "entered", reason: "nobody is ahead", waitedSeconds: 42 },
      }),
    );

    await expect(page).toMatchFileSnapshot("snapshots/summary.md");
  });

  it("is readable as plain text: what it says stands in it as it is", () => {
    const about = finding({
      failures: 8,
      threshold: "warn if > 5, error if != 0",
      muted: { until: "2026-12-15", reason: "they're late (see _old_)" },
    });

    const page = renderSummary(
      summary({ verdict: verdict({ findings: [about] }), modeReason: "push to main, by cron" }),
    );

    expect(page).not.toMatch(/&#?\w+;|\\[!-/:-@[-`{-~]/);
    expect(page.replaceAll("`", "")).toContain("8 failures, warn if > 5, error if != 0");
    expect(page.replaceAll("`", "")).toContain("they're late (see _old_)");
  });

  it.each([
    ["https://github.com/acme/shop/actions/runs/777#artifacts", true],
    ["https://x.example/a) [b](javascript:c", false],
    ["javascript:alert(1)", false],
  ])("leads to the page where it is kept, if that is an address: %s", (artifactsUrl, isLink) => {
    expect(renderSummary(summary({ artifactsUrl })).includes(`[report.html](${artifactsUrl})`)).toBe(isLink);
  });

  it("is a sentence where there is no verdict", () => {
    const page = renderSummary(summary({ ended: "Nothing changed: dbt was not started.", target: null }));

    expect(page).toBe("## Nothing changed: dbt was not started.\n\ncheck: pull request `#12` into main\n");
  });

  it("says what to do under it, also where there is a verdict", () => {
    const ended = "modes.check.target is missing\n  → write it into signalbox.yml";

    const [title = "", , , , hint = ""] = renderSummary(summary({ ended, target: null })).split("\n");
    expect(title).toMatch(/is missing$/);
    expect(hint).toContain("write it into signalbox");
    expect(renderSummary(summary({ ended, verdict: verdict() }))).toContain("is missing");
  });

  it.each([
    ["entered at once", { decision: "entered", reason: "", waitedSeconds: 0.2 }, "no wait in the queue"],
    ["entered later", { decision: "entered", reason: "", waitedSeconds: 185 }, "3 min 05 s in the queue"],
    ["left", { decision: "left", reason: "run 9 is newer", waitedSeconds: 5 }, "queue left: run 9 is newer"],
  ])("tells of a queue that was %s", (_, queue, words) => {
    expect(renderSummary(summary({ queue }))).toContain(words);
  });

  it("stays under 900 kB and counts what it leaves out", () => {
    const message = "✗".repeat(3000);
    const findings = (["error", "warn"] as const).flatMap((severity) =>
      Array.from({ length: 2000 }, (_, index) =>
        finding({ severity, subject: model(`m${index}_${"x".repeat(80)}`), failures: null, message }),
      ),
    );
    const nodes = Array.from({ length: 5000 }, (_, index) => planned(`model.shop.${"y".repeat(80)}${index}`));
    const warnings = Array.from({ length: 1000 }, () => "w".repeat(400));

    const page = renderSummary(
      summary({ verdict: verdict({ findings, reproduce: "|".repeat(100_000) }), plan: plan({ nodes, warnings }) }),
    );

    expect(Buffer.byteLength(page)).toBeLessThan(900_000);
    expect(page).toMatch(/^- \+1,\d{3} more errors in verdict\.json$/m);
    expect(page).toMatch(/^- \+1,\d{3} more in verdict\.json$/m);
    expect(page).toMatch(/^- \+\d,\d{3} more in plan\.json$/m);
    expect(page).toMatch(/^\+\d{3} more warnings in plan\.json$/m);
  });

  it("has no mark-up of an enemy outside code", () => {
    fc.assert(
      fc.property(fc.array(hostileFinding, { minLength: 1, maxLength: 3 }), hostile, hostile, (findings, x, y) => {
        const rows = {
          [`model.shop.${x}`]: facts({ name: y }),
          [`test.shop.${x}.1`]: facts({ name: x, type: "test" }),
        };
        const given = verdict({
          findings,
          nodes: rows,
          reproduce: y,
          dbt: { version: x, commands: [], exitCodes: [] },
          cost: costOf([aDbtRun([hostileRow(x, y)])], null, aRunResults({ results: [hostileRow(x, y)] })),
        });
        const reasons = [
          { kind: "config", keys: [x] },
          { kind: "macro", macro: y, path: x },
        ] as const;

        const page = renderSummary(
          summary({
            verdict: given,
            modeReason: x,
            target: y,
            baseBranch: x,
            touched: { exposures: [{ name: x, type: y, owner: x }], owners: [{ name: y, nodes: 2 }] },
            queue: { decision: "left", reason: y, waitedSeconds: 1 },
            plan: plan({ nodes: [planned(`model.shop.${y}`, { reasons })], warnings: [x], delegatedToDbt: y }),
          }),
        );

        const nodes = allNodes(readMarkdown(page));
        expect(beyondWords(page)).toEqual([]);
        expect(page.match(/<details>/g)?.length ?? 0).toBeGreaterThan(0);
        expect(nodes.filter(({ type }) => type === "code").length).toBeLessThanOrEqual(findings.length + 1);
        const headings = nodes
          .filter(({ type }) => type === "heading")
          .map((heading) =>
            allNodes(heading)
              .map(({ value }) => value ?? "")
              .join(""),
          );
        expect(
          headings.filter(
            (text) =>
              !/^(?:(?:❌|⚠️) .*|Errors|Warnings|Also failing on .*|What changed|Time and cost|Reproduce)$/.test(text),
          ),
        ).toEqual([]);
      }),
    );
  });
});
