import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { renderSummary, type Summary } from "../../src/render/markdown.ts";
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

describe("the job summary", () => {
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

    expect(page).toBe("## Nothing changed: dbt was not started.\n\nmode check: pull request `#12` into main\n");
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
    expect(page).toMatch(/^\+1,\d{3} more errors in verdict\.json$/m);
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
            queue: { decision: "left", reason: y, waitedSeconds: 1 },
            plan: plan({ nodes: [planned(`model.shop.${y}`, { reasons })], warnings: [x], delegatedToDbt: y }),
          }),
        );

        const nodes = allNodes(readMarkdown(page));
        expect(beyondWords(page)).toEqual([]);
        expect(nodes.filter(({ type }) => type === "code").length).toBeLessThanOrEqual(findings.length + 1);
        const headings = nodes
          .filter(({ type }) => type === "heading")
          .map((heading) =>
            allNodes(heading)
              .map(({ value }) => value ?? "")
              .join(""),
          );
        expect(
          headings.filter((text) => !/^(?:(?:❌|⚠️) .*|Errors|Warnings|Slowest|Plan|Reproduce)$/.test(text)),
        ).toEqual([]);
      }),
    );
  });
});
