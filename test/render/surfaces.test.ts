import { describe, expect, it } from "vitest";
import { annotationsOf, toWorkflowCommand } from "../../src/render/annotations.ts";
import { createPaint } from "../../src/render/colors.ts";
import { renderComment } from "../../src/render/comment.ts";
import { renderJunit } from "../../src/render/junit.ts";
import { renderSummary, type Summary } from "../../src/render/markdown.ts";
import { describePlan } from "../../src/render/plan-words.ts";
import { renderVerdict } from "../../src/render/terminal.ts";
import type { Verdict } from "../../src/severity/verdict.ts";
import { factsOf, finding, model, richPlan, verdict } from "./build.ts";

function summaryOf(of: Verdict): Summary {
  const nothing = { mode: null, modeReason: "", target: null, plan: null, nodesInProject: null };
  return { ...nothing, verdict: of, queue: null, ended: null };
}

/** Each place where a finding is shown, as one text. */
const SURFACES: Readonly<Record<string, (of: Verdict) => string>> = {
  "the log": (of) => renderVerdict(of, createPaint(false)).join("\n"),
  JUnit: (of) => renderJunit(of, { warnAs: "skipped", projectDirFromRepo: "dbt", timestamp: "2026-11-25T07:00:00Z" }),
  "an annotation": (of) => annotationsOf(of, { projectDirFromRepo: "dbt" }).map(toWorkflowCommand).join("\n"),
  "the summary": (of) => renderSummary(summaryOf(of)),
  "the comment": (of) => renderComment({ ...summaryOf(of), project: "shop", commit: "0a1b2c3d", url: null }),
};

function aboutModel(path: string | null, compiled: string | null): Verdict {
  const about = finding({ failures: null, message: "no", subject: model("orders", { path, compiled }) });
  const id = about.subject.kind === "node" ? about.subject.id : "";
  return verdict({ findings: [about], nodes: { [id]: factsOf(about) } });
}

describe.each(Object.keys(SURFACES))("%s", (surface) => {
  const show = (of: Verdict) => SURFACES[surface]?.(of) ?? "";

  it("names the compiled code of what failed", () => {
    expect(show(aboutModel("models/orders.sql", "target/compiled/shop/models/orders.sql"))).toMatch(
      /compiled: `?target\/compiled\/shop\/models\/orders\.sql/,
    );
  });

  it("names the file in the folder of its package", () => {
    expect(show(aboutModel("dbt_packages/own/models/orders.sql", null))).toContain(
      "dbt_packages/own/models/orders.sql",
    );
  });

  it("names no file where nobody knows the package's folder", () => {
    expect(show(aboutModel(null, null))).not.toMatch(/orders\.sql|compiled|null/);
  });
});

it("a macro of a package is named with it, and not with a path of the package's own", () => {
  const plan = richPlan();
  const [first] = plan.nodes;
  if (first === undefined) throw new Error("a plan without nodes");
  const macro = { kind: "macro", macro: "dbt_utils.star", path: "macros/sql/star.sql" } as const;

  const { roots } = describePlan({ ...plan, nodes: [{ ...first, reasons: [macro] }] }, null);

  expect(roots[0]?.why).toBe("macro star of package dbt_utils changed");
});
