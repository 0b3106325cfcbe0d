import { describe, expect, it } from "vitest";
import { affectedNodes } from "../../../src/render/page/affected.ts";
import { aManifest, aNode, aTest } from "../../artifacts/build.ts";
import { finding, model, subject } from "../build.ts";

const id = (name: string) => `model.shop.${name}`;
const reads = (name: string, ...parents: string[]) => aNode(name, { parents: parents.map(id) });

/** a → b → c → d, and x → b. */
const manifest = aManifest([reads("a"), reads("x"), reads("b", "a", "x"), reads("c", "b"), reads("d", "c")]);
const broken = (name: string, skipped: string[] = []) =>
  finding({ subject: model(name), failures: null, skipped: skipped.map(id) });
const test = (name: string, attachedTo: string | null, skipped: string[] = []) =>
  finding({ subject: subject({ id: `test.shop.${name}.1`, attachedTo }), skipped: skipped.map(id) });
const shapeOf = (...args: Parameters<typeof affectedNodes>) =>
  affectedNodes(...args).map(({ id: each, state, parents }) =>
    [each.split(".")[2], state, ...parents.map((parent) => parent.split(".")[2])].join(" "),
  );

describe("the affected nodes", () => {
  it("are what failed, what it kept from running, and what stands right before it", () => {
    const findings = [broken("b", ["c", "d"])];

    expect(shapeOf({ findings, passed: [id("a")] }, manifest)).toEqual([
      "b error a x",
      "c skipped b",
      "d skipped c",
      "a passed",
      "x around",
    ]);
  });

  it("have a failed test at the node that it guards, and lead to the test's card", () => {
    const findings = [test("t", id("b"), ["c"]), test("u", id("b"))];

    expect(affectedNodes({ findings, passed: [id("b")] }, manifest)[0]).toEqual({
      ...{ id: id("b"), state: "error", isSkipped: false, failed: 2, warned: 0 },
      ...{ card: "test.shop.t.1", parents: [id("a"), id("x")] },
    });
  });

  it("have a test of several nodes at all of them, and one that reads nothing by itself", () => {
    const both = aTest("both", [id("a"), id("x")]);
    const about = finding({ subject: subject({ id: both.id, attachedTo: null }) });
    const alone = finding({ subject: subject({ id: "test.shop.alone.1", attachedTo: null }) });

    const states = affectedNodes({ findings: [about, alone], passed: [] }, aManifest([both, reads("a"), reads("x")]));

    expect(states.map((each) => [each.id, each.failed])).toEqual([
      [id("a"), 1],
      [id("x"), 1],
      ["test.shop.alone.1", 1],
    ]);
  });

  it("are joined through ephemeral models, which have no result", () => {
    const between = { ...reads("c", "b"), materialized: "ephemeral" };
    const findings = [broken("b", ["d"])];

    expect(shapeOf({ findings, passed: [] }, aManifest([reads("b"), between, reads("d", "c")]))).toEqual([
      "b error",
      "d skipped b",
    ]);
    expect(shapeOf({ findings, passed: [] }, aManifest([reads("b"), reads("c", "b"), reads("d", "c")]))).toEqual([
      "b error",
      "d skipped b",
    ]);
  });

  it("come behind their cause, where no manifest tells more", () => {
    expect(shapeOf({ findings: [broken("b", ["c", "d"])], passed: [] }, null)).toEqual([
      "b error",
      "c skipped b",
      "d skipped b",
    ]);
  });

  it("are none where only warnings are", () => {
    const warned = finding({ subject: model("a"), severity: "warn" });

    expect(affectedNodes({ findings: [warned], passed: [] }, manifest)).toEqual([]);
    expect(shapeOf({ findings: [broken("b"), warned], passed: [] }, manifest)).toContain("a warn");
  });

  it("are found where the manifest goes in a circle", () => {
    const circle = ["c", "e"].map((name) => ({ ...reads(name, name === "c" ? "e" : "c"), materialized: "ephemeral" }));

    expect(shapeOf({ findings: [broken("b", ["d"])], passed: [] }, aManifest([...circle, reads("d", "c")]))).toEqual([
      "b error",
      "d skipped b",
    ]);
  });
});
