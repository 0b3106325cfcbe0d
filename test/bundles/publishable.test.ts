import { describe, expect, it } from "vitest";
import { whyNotPublishable } from "../../src/bundles/publishable.ts";
import { aDbtRun, aManifest, aNode, aResult } from "../artifacts/build.ts";
import { aRunFinding, aVerdict } from "../severity/build.ts";

const manifest = aManifest([
  aNode("a", { raw: { raw_code: "select 1" } }),
  aNode("b", { raw: { raw_code: "select 1" } }),
]);
const [a, b] = ["model.shop.a", "model.shop.b"] as const;
const build = (...rows: Parameters<typeof aResult>[]) =>
  aDbtRun(
    rows.map((row) => aResult(...row)),
    { command: "build", manifest },
  );
const whole = build([a], [b]);

describe("what was built", () => {
  it.each([
    ["everything passed", { runs: [whole], verdict: null, ids: null }],
    [
      "it was judged to be a warning",
      { runs: [build([a], [b], ["test.shop.t", "fail"])], verdict: aVerdict([], { level: "warn" }), ids: null },
    ],
    [
      "it took more than its budget",
      { runs: [whole], verdict: aVerdict([aRunFinding("budget", { severity: "error" })]), ids: null },
    ],
    ["all that had to be built was", { runs: [build([a])], verdict: null, ids: [a] }],
    ["packages were installed before", { runs: [aDbtRun(null, { command: "deps" }), whole], verdict: null, ids: null }],
  ])("is a state to compare with where %s", (_, state) => {
    expect(whyNotPublishable(state)).toBeNull();
  });

  it.each([
    ["there was no build", { runs: [], verdict: null, ids: null }, "dbt build left no results"],
    [
      "dbt was killed",
      { runs: [{ ...whole, trouble: "killed" as const }], verdict: null, ids: null },
      "dbt build did not end as it should (killed)",
    ],
    [
      "there are no results",
      { runs: [aDbtRun(null, { command: "build", manifest })], verdict: null, ids: null },
      "dbt build left no results",
    ],
    [
      "there is no manifest",
      { runs: [{ ...whole, manifest: null }], verdict: null, ids: null },
      "dbt build left no results",
    ],
    [
      "it failed besides taking more than its budget",
      { runs: [whole], verdict: aVerdict([aRunFinding("budget"), aRunFinding("dbt-failed")]), ids: null },
      "the build has errors",
    ],
    ["it has errors", { runs: [whole], verdict: aVerdict([], { level: "error" }), ids: null }, "the build has errors"],
    [
      "nobody judged a failure",
      { runs: [build([a], [b], ["test.shop.t", "fail"])], verdict: null, ids: null },
      "1 node failed, test.shop.t among them",
    ],
    [
      "a status is not known",
      { runs: [build([a], [b, "melted"])], verdict: null, ids: null },
      `1 node failed, ${b} among them`,
    ],
    [
      "a model failed, whatever was made of it",
      { runs: [build([a], [b, "error"])], verdict: aVerdict([], { level: "warn" }), ids: null },
      `1 node not built, ${b} among them`,
    ],
    [
      "inputs had no rows",
      {
        runs: [{ ...whole, flags: { empty: true, sample: false, failFast: false, fullRefresh: false } }],
        verdict: null,
        ids: null,
      },
      "dbt build was told --empty: its tables do not hold what production's do",
    ],
    [
      "inputs were a sample",
      {
        runs: [{ ...whole, flags: { empty: false, sample: true, failFast: false, fullRefresh: false } }],
        verdict: null,
        ids: null,
      },
      "dbt build was told --sample: its tables do not hold what production's do",
    ],
    ["nodes were left out", { runs: [build()], verdict: null, ids: null }, `2 nodes not built, ${a} among them`],
  ])("is none where %s", (_, state, why) => {
    expect(whyNotPublishable(state)).toBe(why);
  });
});
