import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { renderSummary, type Summary } from "../../src/render/markdown.ts";
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

/** What is left of a page without its code: there, nothing from outside may stand as mark-up. */
function proseOf(markdown: string): string {
  const lines: string[] = [];
  let fence: string | null = null;
  for (const line of markdown.split("\n")) {
    if (fence === null) {
      fence = /^(`{3,})text$/.exec(line)?.[1] ?? null;
      if (fence === null) lines.push(line);
    } else if (line === fence) fence = null;
  }
  return lines
    .join("\n")
    .replace(/<code>[^<]*<\/code>/g, "")
    .replace(/`[^`\n]*`/g, "");
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

  it("is a sentence where there is no verdict", () => {
    const page = renderSummary(summary({ ended: "Nothing changed: dbt was not started.", target: null }));

    expect(page).toBe("## Nothing changed: dbt was not started.\n\nmode check: pull request &#35;12 into main\n");
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
        const nodes = {
          [`model.shop.${x}`]: facts({ name: y }),
          [`test.shop.${x}.1`]: facts({ name: x, type: "test" }),
        };
        const given = verdict({ findings, nodes, reproduce: y, dbt: { version: x, commands: [], exitCodes: [] } });
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

        const prose = proseOf(page);
        expect(prose).not.toMatch(/[<>[\]`\\~!]|@(?!&#8203;)|&(?!#\d+;)|:\/\/|www\./);
        // Code stood behind every item and in every row; a heading, quotation or number is none of theirs.
        const lines = prose.split("\n");
        expect(lines.filter((line) => /^\s*(?:>|\d+[.)]|=|[+*] )/.test(line))).toEqual([]);
        expect(
          lines.filter(
            (line) =>
              line.startsWith("#") && !/^(?:## (?:❌|⚠️)|### (?:Errors|Warnings|Slowest|Plan|Reproduce)$)/.test(line),
          ),
        ).toEqual([]);
      }),
    );
  });
});
