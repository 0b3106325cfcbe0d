import { describe, expect, it } from "vitest";
import { readManifest } from "../../src/artifacts/manifest.ts";
import { readRunResults } from "../../src/artifacts/run-results.ts";
import { judge } from "../../src/severity/judge.ts";
import { aDbtRun } from "../artifacts/build.ts";
import { hasReal, readReal, realFiles } from "../artifacts/real.ts";
import { matchesStar } from "./build.ts";

const files = realFiles().filter(({ kind }) => kind === "run_results");

// A file without a single test is an error to vitest; one that is skipped is counted and named.
it.skipIf(files.length > 0)("judges real artifacts (skipped: there is no ../shared/artifacts here)", (test) =>
  test.skip(),
);

describe.each(files)("judge, on $file", ({ file }) => {
  const { command, results } = readRunResults(readReal(file), file);
  const beside = file.replace("run_results.json", "manifest.json");
  const manifest = hasReal(beside) ? readManifest(readReal(beside), beside) : null;
  const hasFailed = results.some(({ status }) => status === "fail" || status === "error");
  const run = aDbtRun(results, { command: command || "build", exitCode: hasFailed ? 1 : 0 });
  const verdict = judge({
    runs: [run],
    manifest,
    place: { folders: new Map(), projectDir: "" },
    rules: [],
    matches: matchesStar,
    now: 0,
    base: null,
  });

  it("finds each failure, and gives every row exactly one place", () => {
    const found = verdict.findings.map(({ subject }) => (subject.kind === "run" ? subject.what : (subject.id ?? "")));
    const skipped = verdict.findings.flatMap((finding) => finding.skipped);

    expect(found.sort()).toEqual(
      results
        .filter(({ status }) => status === "fail" || status === "error")
        .map(({ id }) => id)
        .sort(),
    );
    expect([...found, ...skipped, ...verdict.passed, ...verdict.neutral].sort()).toEqual(
      results.map(({ id }) => id).sort(),
    );
    expect(verdict.level).toBe(hasFailed ? "error" : results.length === 0 ? "nothing" : "pass");
  });

  it("knows why each failed, and what to run again", () => {
    for (const { status, failureClass, message } of verdict.findings) {
      expect(status === "fail" ? ["data"] : ["code", "deferred-relation-missing"]).toContain(failureClass);
      expect(message).not.toMatch(/\u001b/);
    }
    if (manifest === null) return;
    const names = verdict.findings.map(({ subject }) => (subject.kind === "node" ? subject.name : "")).sort();
    expect(verdict.reproduce?.replace("dbt build --select ", "").split(" ").sort() ?? []).toEqual(names);
  });
});
