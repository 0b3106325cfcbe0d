import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { PlanResult } from "../../src/selection/plan.ts";
import { readPlanFile } from "../../src/work/plan-file.ts";
import { plan, richPlan } from "../render/build.ts";
import { useTempDir } from "../support/temp-dir.ts";

const dir = useTempDir();
const file = () => join(dir(), "plan.json");

async function read(value: unknown): Promise<PlanResult | null> {
  await writeFile(file(), typeof value === "string" ? value : JSON.stringify(value));
  return readPlanFile(file());
}

describe("plan.json", () => {
  it.each<[what: string, result: PlanResult]>([
    ["with every kind of reason", richPlan()],
    ["of everything", plan({ kind: "everything", warnings: ["there is no baseline"] })],
    ["of nothing", plan({ kind: "nothing" })],
    [
      "for dbt",
      plan({
        estimate: { seconds: 12.5, threads: 4, untimed: 1 },
        dbt: {
          select: ["state:modified+"],
          exclude: ["tag:slow"],
          indirectSelection: "cautious",
          state: "/s",
          deferState: "/d",
        },
        choosing: {
          exclude: ["tag:slow"],
          indirectSelection: "cautious",
          resourceTypes: { only: [], without: ["unit_test"] },
        },
        delegatedToDbt: "the manifest is v20",
      }),
    ],
  ])("is read back as it was written: %s", async (_, result) => {
    expect(await read(result)).toEqual(result);
  });

  it("of a signalbox that gave no estimate is read", async () => {
    const { estimate: _, ...before } = richPlan();

    expect(await read(before)).toEqual({ ...before, estimate: null });
  });

  it.each<[what: string, edited: Partial<PlanResult>]>([
    ["an id", { ids: ["model.shop.***_orders"] }],
    [
      "a selector",
      { dbt: { select: ["***_orders"], exclude: [], indirectSelection: null, state: null, deferState: null } },
    ],
  ])("is refused where a secret was taken out of %s: dbt would match everything", async (_, edited) => {
    await expect(read(plan(edited))).rejects.toMatchObject({ exitCode: 3, message: expect.stringContaining("***") });
  });

  const dbt = { select: ["a"], exclude: [], indirectSelection: null, state: null, deferState: null };
  const choosing = { exclude: [], indirectSelection: null, resourceTypes: { only: [], without: [] } };
  it.each<[what: string, edited: Partial<PlanResult>]>([
    ["a selector", { dbt: { ...dbt, select: ["state:modified+", "--target", "prod"] } }],
    ["what is left out", { dbt, choosing: { ...choosing, exclude: ["tag:slow", "-tprod"] } }],
    [
      "a resource type",
      { dbt, choosing: { ...choosing, resourceTypes: { only: ["model", "--target", "prod"], without: [] } } },
    ],
  ])("hands dbt no option of its own, as which it would take a word of %s", async (_, edited) => {
    await expect(read({ ...plan({}), ...edited })).rejects.toMatchObject({ kind: "artifacts" });
  });

  it("of a signalbox that did not say what it is for is refused", async () => {
    const { mode: _, target: __, commit: ___, ...before } = richPlan();

    await expect(read(before)).rejects.toMatchObject({
      kind: "artifacts",
      message: `${file()} does not say its mode, target and commit: an older signalbox made it`,
      hint: "run signalbox plan again",
    });
  });

  it("that is absent is null", async () => {
    expect(await readPlanFile(file())).toBeNull();
  });

  it.each<[what: string, value: unknown]>([
    ["empty", ""],
    ["cut off", JSON.stringify(richPlan()).slice(0, 200)],
    ["a list", []],
    ["of another kind", { ...richPlan(), kind: "most" }],
    [
      "with a reason that nobody knows",
      { ...richPlan(), nodes: [{ id: "a", type: "model", path: "", reasons: [{ kind: "mood" }] }] },
    ],
    ["of another schema", { ...richPlan(), schema: 2 }],
  ])("that is %s is an artifacts error that says what to run", async (_, value) => {
    await expect(read(value)).rejects.toMatchObject({
      kind: "artifacts",
      message: `${file()} is not a plan of signalbox`,
      hint: "run signalbox plan again",
    });
  });
});
