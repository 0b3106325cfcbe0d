import { describe, expect, it } from "vitest";
import { readManifest } from "../../src/artifacts/manifest.ts";
import { checkProvenance, type ProvenanceQuestion } from "../../src/artifacts/provenance.ts";
import { readRunResults } from "../../src/artifacts/run-results.ts";
import { aManifest, aNode, aResult, aRunResults } from "./build.ts";
import { hasReal, readReal, realFiles } from "./real.ts";

const WRITTEN = Date.parse("2026-11-25T07:00:09.000Z");

function ask(overrides: Partial<ProvenanceQuestion> = {}) {
  return checkProvenance({
    results: aRunResults(),
    manifest: null,
    notBefore: null,
    where: "run_results.json",
    ...overrides,
  });
}

describe("checkProvenance", () => {
  it.each([
    "build",
    "test",
    "run",
    "seed",
    "snapshot",
    "retry",
    "clone",
    "run-operation",
    "freshness",
    "source freshness",
    "",
  ])("believes the results of `dbt %s`", (command) => {
    expect(ask({ results: aRunResults({ command }) })).toEqual({ trouble: "none", warnings: [] });
  });

  it.each([
    ["generate", "run_results.json is of `dbt docs generate`, which runs no test"],
    ["compile", "run_results.json is of `dbt compile`, which runs no test"],
    ["show", "run_results.json is of `dbt show`, which runs no test"],
  ])("does not believe those of `dbt %s`", (command, sentence) => {
    expect(ask({ results: aRunResults({ command }) })).toMatchObject({
      trouble: "foreign",
      sentence: expect.stringContaining(sentence),
    });
  });

  it("knows a file that only compiled by its tests, where it does not name its command", () => {
    const results = aRunResults({ command: "", results: [aResult("test.shop.t", "success")] });

    expect(ask({ results })).toMatchObject({ trouble: "foreign", sentence: expect.stringContaining("only compiled") });
  });

  it("says that a file is missing", () => {
    expect(ask({ results: null })).toMatchObject({
      trouble: "missing",
      sentence: expect.stringContaining("does not exist"),
    });
  });

  it.each([
    ["after the step began", WRITTEN - 5000, "none"],
    ["in the same moment, by a coarse clock", WRITTEN + 1000, "none"],
    ["before the step began", WRITTEN + 1001, "stale"],
  ])("compares with the start of the step: written %s", (_, notBefore, trouble) => {
    expect(ask({ notBefore }).trouble).toBe(trouble);
  });

  it("does not believe a file without a time where a start is known", () => {
    expect(ask({ results: aRunResults({ generatedAt: "" }), notBefore: 0 })).toMatchObject({
      trouble: "stale",
      sentence: expect.stringContaining("does not say when it was written"),
    });
  });

  it("does not believe results of which the manifest knows no node", () => {
    const results = aRunResults({ results: [aResult("model.other.a")] });

    expect(ask({ results, manifest: aManifest([aNode("orders")]) })).toMatchObject({ trouble: "foreign" });
  });

  it("takes hooks, operations and rows without an id for no proof of another project", () => {
    const results = aRunResults({
      results: [
        aResult("operation.shop.shop-on-run-end-0"),
        aResult("macro.shop.grant"),
        aResult("row 3 without unique_id"),
      ],
    });

    expect(ask({ results, manifest: aManifest([aNode("orders")]) })).toEqual({ trouble: "none", warnings: [] });
  });

  it("warns where the manifest knows only some nodes", () => {
    const results = aRunResults({ results: [aResult("model.shop.orders"), aResult("model.shop.gone")] });

    expect(ask({ results, manifest: aManifest([aNode("orders")]) })).toEqual({
      trouble: "none",
      warnings: ["1 of 2 nodes in run_results.json are not in manifest.json"],
    });
  });

  describe("with a manifest of another dbt start", () => {
    const older = aManifest([], { invocationId: "other", generatedAt: "2026-11-25T06:00:00.000Z" });
    const newer = aManifest([], { invocationId: "other", generatedAt: "2026-11-25T08:00:00.000Z" });

    it("only warns where the manifest is older", () => {
      expect(ask({ manifest: older })).toEqual({
        trouble: "none",
        warnings: ["manifest.json is of another dbt start than run_results.json"],
      });
    });

    it("calls the results stale where the manifest is newer and no start is known", () => {
      expect(ask({ manifest: newer })).toMatchObject({
        trouble: "stale",
        sentence: expect.stringContaining("is older than manifest.json"),
      });
    });

    it.each([
      ["the start is known", { notBefore: WRITTEN - 5000 }],
      ["the file is not the newest", { isNewest: false }],
      ["the file is sources.json", { results: aRunResults({ command: "source freshness" }) }],
      ["the results have no invocation id", { results: aRunResults({ invocationId: "" }) }],
    ])("believes the results where %s", (_, overrides) => {
      expect(ask({ manifest: newer, ...overrides }).trouble).toBe("none");
    });
  });

  describe.each(realFiles().filter(({ kind }) => kind === "run_results"))("with $file", ({ file, which }) => {
    const beside = file.replace("run_results.json", "manifest.json");
    const manifest = hasReal(beside) ? readManifest(readReal(beside), beside) : null;
    const results = readRunResults(readReal(file), file);

    it("believes it and its own manifest unless it comes from docs generate", () => {
      expect(ask({ results, manifest }).trouble).toBe(which === "generate" ? "foreign" : "none");
    });

    it("believes it with no other project's manifest", () => {
      const other = aManifest([aNode("orders", { id: "model.no_such_project.orders" })]);

      expect(ask({ results, manifest: other, notBefore: 0 }).trouble).toBe("foreign");
    });
  });
});
