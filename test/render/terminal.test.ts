import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createPaint } from "../../src/render/colors.ts";
import { renderPlan, renderVerdict } from "../../src/render/terminal.ts";
import { cleanText } from "../../src/text/clean.ts";
import {
  finding,
  hostile,
  hostileFinding,
  model,
  plan,
  planned,
  remark,
  richPlan,
  richVerdict,
  verdict,
} from "./build.ts";
import { commandsIn } from "./runner.ts";

const plain = createPaint(false);
const colourful = createPaint(true);

describe("the verdict in a log", () => {
  it("shows errors first, then warnings, the totals and how to see it again", async () => {
    const lines = renderVerdict(richVerdict(), plain);

    await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot("snapshots/verdict.txt");
  });

  it("is one line where everything passed", () => {
    expect(renderVerdict(verdict({ passed: ["model.shop.a", "model.shop.b"] }), plain)).toEqual(["PASS   2 passed"]);
  });

  it("says so where nothing ran", () => {
    expect(renderVerdict(verdict({ level: "nothing" }), plain)).toEqual(["NONE   nothing ran"]);
  });

  it("says the same with colour and without", () => {
    const painted = renderVerdict(richVerdict(), colourful);

    expect(painted.join("\n")).toContain("\u001b[31m");
    expect(painted.map(cleanText)).toEqual(renderVerdict(richVerdict(), plain).map(cleanText));
  });

  it("lists what tools remark on without blank lines between, and says how one failed", () => {
    const long = remark({ message: "x ".repeat(100) }, { line: null, owner: null });
    const failed = remark(
      { severity: "error", message: "sqlfluff failed" },
      { rule: null, path: null, name: "sqlfluff", owner: null },
    );

    expect(renderVerdict(verdict({ findings: [failed, remark(), long] }), plain)).toEqual([
      "ERROR  sqlfluff · gave no report",
      "       │ sqlfluff failed",
      "",
      "WARN   stg_orders · sqlfluff LT01 · Unexpected whitespace before comma ','.",
      "       at models/staging/stg_orders.sql:5 · owner data-core",
      "WARN   stg_orders · sqlfluff LT01",
      "       at models/staging/stg_orders.sql",
      `       │ ${"x ".repeat(100).trim()}`,
      "",
      "ERROR  1 error · 2 warnings",
    ]);
  });

  it("counts what it does not list", () => {
    const findings = Array.from({ length: 30 }, (_, index) => finding({ subject: model(`m${index}`) }));
    const skipped = Array.from({ length: 9 }, (_, index) => `model.shop.s${index}`);

    const lines = renderVerdict(verdict({ findings: [finding({ skipped }), ...findings] }), plain);

    expect(lines).toContain("       1 failing test kept 9 nodes from running: s0, s1, s2, s3, +5 more");
    expect(lines).toContain("       +6 more errors in verdict.json");
  });

  it("says where the whole of a long message is", () => {
    const message = Array.from({ length: 50 }, (_, index) => `line ${index}`).join("\n");

    const lines = renderVerdict(
      verdict({ findings: [finding({ subject: model("a"), message, failures: null })] }),
      plain,
    );

    expect(lines.length).toBeLessThan(25);
    expect(lines).toContain("       whole message in verdict.json");
  });

  it("gives a runner no command, whatever the texts are", () => {
    fc.assert(
      fc.property(
        fc.array(hostileFinding, { minLength: 1, maxLength: 3 }),
        hostile,
        fc.constantFrom(plain, colourful),
        (findings, reproduce, paint) => {
          const lines = renderVerdict(verdict({ findings, reproduce }), paint);

          expect(commandsIn(lines.join("\n"))).toEqual([]);
          expect(lines.every((line) => !line.includes("\n"))).toBe(true);
          // Behind the colour and the indent of ours stands a word of ours.
          expect(
            lines.every((line) =>
              /^(?:$|(?:ERROR|WARN) | {7}(?:at|new|known|owner|muted|failed|warned|reproduce:|1 (?:failing|stale)|│|whole message|\+))/.test(
                cleanText(line),
              ),
            ),
          ).toBe(true);
        },
      ),
    );
  });
});

describe("the plan in a log", () => {
  it("shows what changed and why, and what follows", async () => {
    const lines = renderPlan(richPlan(), { total: 38, paint: plain });

    await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot("snapshots/plan.txt");
  });

  it.each([
    ["everything", plan({ kind: "everything" }), 38, "everything: 38 nodes"],
    ["nothing", plan({ kind: "nothing" }), 38, "nothing changed: 0 of 38 nodes"],
    ["one node", plan({ nodes: [planned("model.shop.a")] }), 1200, "1 of 1,200 nodes: 1 changed"],
    ["an unknown total", plan({ nodes: [planned("model.shop.a", { reasons: [] })] }), null, "1 node: 1 selected"],
    [
      "seconds, where they are known",
      plan({ nodes: [planned("model.shop.a")], estimate: { seconds: 8.04, threads: 4, untimed: 0 } }),
      9,
      "1 of 9 nodes: 1 changed; about 8.0 s",
    ],
    [
      "parents that are not read from production",
      plan({
        nodes: [
          planned("model.shop.a"),
          planned("model.shop.b", { reasons: [{ kind: "nothing-deferred" }] }),
          planned("model.shop.c", { reasons: [{ kind: "nothing-deferred" }] }),
        ],
      }),
      9,
      "3 of 9 nodes: 1 changed, 2 parents",
    ],
    ["nodes that only dbt knows", plan({ ids: ["model.shop.a", "model.shop.b"] }), 9, "2 of 9 nodes"],
  ])("counts %s", (_, given, total, expected) => {
    expect(renderPlan(given, { total, paint: plain })[0]).toBe(expected);
  });

  it("takes names from the one who calls", () => {
    const lines = renderPlan(plan({ nodes: [planned("model.shop.a")] }), {
      total: 3,
      paint: plain,
      names: (id) => id.toUpperCase(),
    });

    expect(lines[1]).toBe("  ● MODEL.SHOP.A   body changed");
  });

  it("tells a node that follows two at both of them", () => {
    const reasons = [
      { kind: "downstream", of: "model.shop.a" },
      { kind: "downstream", of: "model.shop.b" },
    ] as const;
    const nodes = [planned("model.shop.a"), planned("model.shop.b"), planned("model.shop.c", { reasons })];

    expect(renderPlan(plan({ nodes }), { total: 3, paint: plain })).toEqual([
      "3 of 3 nodes: 2 changed, 1 follows",
      "  ● a   body changed",
      "    → 1 follows: c",
      "  ● b   body changed",
      "    → 1 follows: c",
    ]);
  });

  it("shows what changed outside the plan where something in it follows", () => {
    const follows = (id: string, of: string) => planned(id, { reasons: [{ kind: "downstream", of }] });
    const nodes = [follows("model.shop.a", "source.shop.raw.orders"), follows("model.shop.b", "model.shop.left_out")];

    expect(renderPlan(plan({ nodes }), { total: 3, paint: plain })).toEqual([
      "2 of 3 nodes: 2 follow",
      "  ● left_out     changed, and not selected itself",
      "    → 1 follows: b",
      "  ● raw.orders   source changed",
      "    → 1 follows: a",
    ]);
  });

  it.each<[from: string | null, to: string, words: string]>([
    ["2026-11-30T03:10:00.000000000Z", "2026-11-30T06:10:59.000000000Z", "2026-11-30 03:10 → 06:10 UTC"],
    ["2026-11-29T03:10:00.000000000Z", "2026-11-30T06:10:00.000000000Z", "2026-11-29 03:10 → 2026-11-30 06:10 UTC"],
    ["2026-11-30T03:10:07.000000000Z", "2026-11-30T03:10:08.000000000Z", "2026-11-30 03:10:07 → 03:10:08 UTC"],
    [null, "2026-11-30T06:10:00.000000000Z", "2026-11-30 06:10 UTC, and no earlier one is known"],
  ])("says which source has newer data than the baseline's: %s, %s", (from, to, words) => {
    const nodes = [planned("model.shop.a", { reasons: [{ kind: "downstream", of: "source.shop.raw.orders" }] })];
    const newer = [{ source: "source.shop.raw.orders", from, to }];

    expect(renderPlan(plan({ nodes, newer }), { total: 3, paint: plain })[1]).toBe(
      `  ● raw.orders   newer data in the source: max_loaded_at ${words}`,
    );
  });

  it("counts the changed nodes that it does not list", () => {
    const nodes = Array.from({ length: 23 }, (_, index) => planned(`model.shop.m${index}`));

    expect(renderPlan(plan({ nodes }), { total: 38, paint: plain }).at(-1)).toBe(
      "  +3 more changed nodes in plan.json",
    );
  });

  it("gives a runner no command, whatever the names are", () => {
    fc.assert(
      fc.property(hostile, hostile, (x, y) => {
        const nodes = [
          planned(`model.shop.${x}`, {
            reasons: [
              { kind: "macro", macro: y, path: x },
              { kind: "config", keys: [x, y] },
            ],
          }),
          planned(`model.shop.${y}`, { reasons: [{ kind: "downstream", of: `model.shop.${x}` }] }),
        ];
        const origin = { kind: "path", where: y, distance: 3, commit: null, createdAt: x } as const;

        const lines = renderPlan(
          plan({
            nodes,
            warnings: [x],
            delegatedToDbt: y,
            defer: true,
            baselines: { selection: origin, deferral: { ...origin, kind: "bundle" } },
          }),
          { total: 38, paint: plain },
        );

        expect(lines.join("\n")).not.toMatch(/[\u001b\u202e]/);
        expect(commandsIn(lines.join("\n"))).toEqual([]);
        expect(
          lines.every((line) => /^(?:\d| {2}(?:●|compared with|parents that|decided by|warning:)| {4}→ 1)/.test(line)),
        ).toBe(true);
      }),
    );
  });
});
