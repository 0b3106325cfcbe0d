import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Comment, markerOf, renderComment } from "../../src/render/comment.ts";
import { beyondWords } from "../text/read-markdown.ts";
import { finding, plan, planned, richPlan, richVerdict, subject, verdict } from "./build.ts";

const COMMIT = "a".repeat(40);
const MOST = 65_536;

function aComment(overrides: Partial<Comment> = {}): Comment {
  return {
    project: "shop",
    commit: COMMIT,
    url: "https://github.com/acme/shop/actions/runs/7",
    mode: "check",
    modeReason: "pull request #12 into main",
    target: "ci",
    verdict: richVerdict(),
    plan: richPlan(),
    nodesInProject: 38,
    queue: null,
    ended: null,
    ...overrides,
  };
}

describe("the comment on a pull request", () => {
  it("begins with its marker, tells the verdict and the plan, and ends with commit and run", () => {
    const text = renderComment(aComment());

    expect(text.startsWith("<!-- signalbox:shop -->\n## ❌ ")).toBe(true);
    expect(text).toContain("### What changed");
    expect(text.trimEnd().split("\n").at(-1)).toBe(
      "signalbox · `aaaaaaaaaaaa` · [run](https://github.com/acme/shop/actions/runs/7)",
    );
  });

  it("tells the plan alone before there is a verdict", () => {
    const text = renderComment(aComment({ verdict: null, ended: "The plan is made, and dbt is building it." }));

    expect(text).toContain("## The plan is made, and dbt is building it.");
    expect(text).toContain("### What changed");
    expect(text).not.toContain("### Errors");
  });

  it.each([null, "http://evil.example/", "https://x/) [click](https://evil.example", "javascript:alert(1)"])(
    "links to no run where its address is %j",
    (url) => {
      expect(renderComment(aComment({ url }))).not.toContain("[run]");
    },
  );

  it("counts what does not fit", () => {
    const findings = Array.from({ length: 2000 }, (_, number) =>
      finding({ subject: subject({ column: `c${number}` }), message: "x".repeat(3000) }),
    );
    const nodes = Array.from({ length: 5000 }, (_, number) => planned(`model.shop.m${number}`));

    const text = renderComment(aComment({ verdict: verdict({ level: "error", findings }), plan: plan({ nodes }) }));

    expect(text.length).toBeLessThan(MOST);
    expect(text).toMatch(/\+[\d,]+ more errors in verdict\.json/);
    expect(text).toMatch(/\+[\d,]+ more in plan\.json/);
    expect(text.trimEnd().endsWith(")")).toBe(true);
  });

  it("is never longer than GitHub takes, and holds one marker, whatever dbt and people write", () => {
    const long = fc.oneof(
      fc.string({ unit: "binary", maxLength: 200 }),
      fc.string({ unit: "grapheme" }).map((text) => text.repeat(40)),
      fc.constantFrom("<!-- signalbox:shop -->", "@everyone ".repeat(300), "`".repeat(5000), "*".repeat(9000)),
    );
    fc.assert(
      fc.property(long, long, long, fc.integer({ min: 1, max: 60 }), (reason, message, name, count) => {
        const findings = Array.from({ length: count }, () =>
          finding({ message, subject: subject({ name, column: name, owner: reason, path: name }) }),
        );
        const text = renderComment(
          aComment({
            modeReason: reason,
            target: name,
            verdict: verdict({ level: "error", findings, reproduce: message }),
            plan: plan({ nodes: [planned(name)], warnings: [message, reason] }),
          }),
        );

        expect(text.length).toBeLessThan(MOST);
        expect(beyondWords(text)).toEqual([
          expect.objectContaining({ type: "html", value: "<!-- signalbox:shop -->" }),
          expect.objectContaining({ type: "link", url: "https://github.com/acme/shop/actions/runs/7" }),
        ]);
      }),
      { numRuns: 60 },
    );
  });

  it("falls back to its title where even the fixed parts are too long", () => {
    const nodes = Object.fromEntries(
      Array.from({ length: 5 }, (_, index) => [
        `model.shop.${index}`,
        {
          ...richVerdict().nodes[Object.keys(richVerdict().nodes)[0] ?? ""],
          name: "`".repeat(500),
          type: "test",
          seconds: 9,
        },
      ]),
    ) as unknown as ReturnType<typeof richVerdict>["nodes"];
    const stuff = "`".repeat(500);

    const text = renderComment(
      aComment({
        modeReason: "*".repeat(500),
        target: stuff,
        verdict: verdict({
          level: "error",
          nodes,
          findings: Array.from({ length: 200 }, () => finding({ message: "𝒳".repeat(4000) })),
          reproduce: "𝒳".repeat(4000),
        }),
        plan: plan({ delegatedToDbt: "*".repeat(500), warnings: Array.from({ length: 99 }, () => "*".repeat(400)) }),
      }),
    );

    expect(text.length).toBeLessThan(MOST);
    expect(text.startsWith("<!-- signalbox:shop -->\n## ❌ ")).toBe(true);
  });
});

describe("the marker", () => {
  it.each([
    ["shop", "<!-- signalbox:shop -->"],
    ["a-b --> <b>", "<!-- signalbox:a_b______b_ -->"],
    ["", "<!-- signalbox: -->"],
  ])("of %j is %j", (project, marker) => {
    expect(markerOf(project)).toBe(marker);
  });
});
