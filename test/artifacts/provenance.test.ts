import { describe, expect, it } from "vitest";
import type { Invocation } from "../../src/artifacts/dbt-log.ts";
import { readManifest } from "../../src/artifacts/manifest.ts";
import { checkProvenance, type ProvenanceQuestion } from "../../src/artifacts/provenance.ts";
import { readRunResults } from "../../src/artifacts/run-results.ts";
import { aManifest, aNode, anInvocation, aResult, aRunResults } from "./build.ts";
import { hasReal, readReal, realFiles } from "./real.ts";

const WRITTEN = Date.parse("2026-11-25T07:00:09.000Z");

function ask(overrides: Partial<ProvenanceQuestion> = {}) {
  return checkProvenance({
    results: aRunResults(),
    manifest: null,
    notBefore: null,
    where: "run_results.json",
    folder: "/shop/target",
    isNewest: true,
    isNewestThere: true,
    log: [],
    targetPath: "/shop/target",
    knownIds: new Set(),
    ...overrides,
  });
}

const FINE = { trouble: "none", warnings: [], doubt: null, own: null };

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
    expect(ask({ results: aRunResults({ command }) })).toEqual(FINE);
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

    expect(ask({ results, manifest: aManifest([aNode("orders")]) })).toEqual(FINE);
  });

  it("warns where the manifest knows only some nodes", () => {
    const results = aRunResults({ results: [aResult("model.shop.orders"), aResult("model.shop.gone")] });

    expect(ask({ results, manifest: aManifest([aNode("orders")]) })).toEqual({
      ...FINE,
      warnings: ["1 of 2 nodes in run_results.json are not in manifest.json"],
    });
  });

  describe("with a manifest of another dbt start", () => {
    const older = aManifest([], { invocationId: "other", generatedAt: "2026-11-25T06:00:00.000Z" });
    const newer = aManifest([], { invocationId: "other", generatedAt: "2026-11-25T08:00:00.000Z" });

    it("only warns where the manifest is older", () => {
      expect(ask({ manifest: older })).toEqual({
        ...FINE,
        warnings: ["manifest.json is of another dbt start than run_results.json"],
      });
    });

    it("doubts the results where the manifest is newer and nothing tells of its start", () => {
      expect(ask({ manifest: newer })).toMatchObject({
        trouble: "none",
        doubt: expect.stringContaining("is older than manifest.json"),
      });
    });

    it.each([
      ["the start is known", { notBefore: WRITTEN - 5000 }],
      ["the file is not the newest", { isNewest: false }],
      ["the file is sources.json", { results: aRunResults({ command: "source freshness" }) }],
      ["the results have no invocation id", { results: aRunResults({ invocationId: "" }) }],
      ["the results of that start are at hand", { knownIds: new Set(["other"]) }],
      ["the log has that start, which was no build", { log: [anInvocation({ id: "other", command: "ls" })] }],
      [
        "a log without ids has one in between",
        { log: [anInvocation({ id: null, command: "ls", startedAt: WRITTEN + 60_000 })] },
      ],
    ])("believes the results where %s", (_, overrides) => {
      expect(ask({ manifest: newer, ...overrides })).toMatchObject({ trouble: "none", doubt: null });
    });
  });

  describe("with dbt's log", () => {
    const mine = anInvocation({ id: "11111111-0000-4000-8000-000000000000", left: new Set(["run_results.json"]) });
    const later = (overrides: Partial<Invocation> = {}) =>
      anInvocation({ id: "later", startedAt: WRITTEN + 60_000, end: "failed", ...overrides });

    it.each<[what: string, start: Invocation, words: string]>([
      [
        "did not compile",
        later({ error: "Compilation Error in model c" }),
        "`dbt build` of 2026-11-25T07:01:09.000Z, which left no results: Compilation Error in model c",
      ],
      ["is running or was killed", later({ end: null }), "it was stopped, or it is still running"],
      ["wrote no JSON", later({ end: "succeeded" }), "though it succeeded"],
      ["was a retry", later({ command: "retry" }), "`dbt retry`"],
      ["failed before it named its command", later({ command: null, error: "Runtime Error" }), "Runtime Error"],
      ["named the same target folder", later({ targetPath: "/shop/target" }), "left no results"],
    ])("calls results stale behind a build that left none: it %s", (_, start, words) => {
      const sentence = expect.stringContaining(words);

      expect(ask({ log: [mine, start] })).toMatchObject({ trouble: "stale", sentence });
      // The log may have lost the start that wrote the results.
      expect(ask({ log: [start] })).toMatchObject({ trouble: "stale", sentence });
    });

    it.each(["run", "test", "seed", "snapshot", "clone"])("so it does behind `dbt %s`", (command) => {
      expect(ask({ log: [mine, later({ command })] }).trouble).toBe("stale");
    });

    it.each([
      ...["ls", "parse", "deps", "debug", "clean", "docs generate", "show", "compile", "source freshness"],
      "run-operation",
    ])("does not mind a later `dbt %s`, even a failed one", (command) => {
      expect(ask({ log: [mine, later({ command, error: "Compilation Error" })] })).toMatchObject({ trouble: "none" });
    });

    it.each<[what: string, start: Invocation]>([
      ["left results of its own, somewhere", later({ left: new Set(["run_results.json"]) })],
      ["worked in another target folder", later({ targetPath: "/shop/other" })],
      ["came before the results", later({ startedAt: WRITTEN - 60_000 })],
    ])("does not mind a build that %s", (what, start) => {
      const log = what.startsWith("came") ? [start, mine] : [mine, start];

      expect(ask({ log })).toMatchObject({ trouble: "none", own: mine });
    });

    it("does not mind it where somebody says since when results count", () => {
      expect(ask({ log: [mine, later()], notBefore: WRITTEN - 1000 }).trouble).toBe("none");
    });

    it("does not mind a build in another place where the log has lost the results' own start", () => {
      expect(ask({ log: [later({ targetPath: "/shop/other" })] }).trouble).toBe("none");
      expect(ask({ log: [later()], folder: "/elsewhere" }).trouble).toBe("none");
      expect(ask({ log: [later({ wroteIn: "/elsewhere" })], folder: "/elsewhere" }).trouble).toBe("stale");
    });

    it("follows the results to where they were copied", () => {
      expect(ask({ log: [mine, later()], folder: "/shop/first" }).trouble).toBe("stale");
    });

    it("compares places as the log names them: in a container the project can lie elsewhere", () => {
      const [own, same, other] = ["/app/target", "/app/target", "/app/b/target"];

      expect(ask({ log: [{ ...mine, wroteIn: own }, later({ wroteIn: same })] }).trouble).toBe("stale");
      expect(ask({ log: [{ ...mine, wroteIn: own }, later({ wroteIn: other })] }).trouble).toBe("none");
    });

    it("asks of sources.json what became of later looks at freshness, and of nothing else", () => {
      const results = aRunResults({ command: "source freshness" });

      expect(ask({ results, log: [mine, later()] }).trouble).toBe("none");
      expect(ask({ results, log: [mine, later({ command: "source freshness" })] }).trouble).toBe("stale");
    });

    it("looks at no file but the newest of its kind", () => {
      expect(ask({ log: [mine, later()], isNewestThere: false }).trouble).toBe("none");
    });

    it.each<[what: string, log: readonly Invocation[], trouble: string]>([
      [
        "a build whose results it overwrote",
        [anInvocation({ id: "b", left: new Set(["run_results.json"]) })],
        "foreign",
      ],
      ["a build that left none", [anInvocation({ id: "b", end: "failed", error: "Compilation Error" })], "foreign"],
      [
        "an operation, and a build before that",
        [anInvocation(), anInvocation({ command: "run-operation" })],
        "foreign",
      ],
      ["no build", [anInvocation({ command: "ls" }), anInvocation({ command: "source freshness" })], "none"],
      ["a build in another place", [anInvocation({ targetPath: "/shop/other" })], "none"],
      ["a build whose results are at hand", [anInvocation({ id: "known" })], "none"],
    ])("takes an operation's results for no build's: behind %s", (_, before, trouble) => {
      const results = aRunResults({ command: "run-operation" });
      const own = { ...mine, command: "run-operation" };
      const asked = { results, log: [...before, own, later({ command: "ls" })], knownIds: new Set(["known"]) };

      expect(ask(asked).trouble).toBe(trouble);
      expect(ask({ ...asked, notBefore: WRITTEN - 1000 }).trouble).toBe("none");
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
