import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countVerdict, type ExitPolicy, exitCodeOf, outcomeName, worstExitCode } from "../../src/severity/outcome.ts";
import { FAILURE_CLASSES, type Finding, type Outcome } from "../../src/severity/verdict.ts";
import type { ExitCode } from "../../src/support/errors.ts";
import { aFinding, aRunFinding, aVerdict } from "./build.ts";

const POLICY: ExitPolicy = { failOn: "error", nothing: "fine", undelivered: false };

function exitOf(findings: readonly Finding[], policy: Partial<ExitPolicy> = {}): ExitCode {
  return exitCodeOf({ kind: "verdict", verdict: aVerdict(findings) }, { ...POLICY, ...policy });
}

const data = aFinding();
const warn = aFinding({ severity: "warn" });
const transient = aFinding({ failureClass: "transient" });
const infrastructure = aFinding({ failureClass: "infrastructure" });
const unknown = aFinding({ failureClass: "unknown" });

describe("exitCodeOf", () => {
  it.each<[string, readonly Finding[], Partial<ExitPolicy>, ExitCode]>([
    ["nothing found", [], {}, 0],
    ["a warning", [warn], {}, 0],
    ["a warning that has to fail", [warn], { failOn: "warn" }, 1],
    ["an error", [data], {}, 1],
    ["an error of unknown class", [unknown], {}, 1],
    ["an error that must not fail", [data], { failOn: "never" }, 0],
    ["an error that is muted", [aFinding({ muted: { until: "2026-12-15", reason: "DATA-1" } })], {}, 1],
    ["only transient and infrastructure errors", [transient, infrastructure], {}, 4],
    ["one error among them that is not", [transient, data], {}, 1],
    ["a transient error beside a warning", [transient, warn], {}, 4],
    ["a transient error beside a warning that has to fail", [transient, warn], { failOn: "warn" }, 1],
    ["dbt that does not compile", [aRunFinding("dbt-failed", { failureClass: "code" })], {}, 1],
    ["dbt that could not connect", [aRunFinding("dbt-failed", { failureClass: "transient" })], {}, 4],
    ["dbt that failed, where nodes must not fail", [aRunFinding("dbt-failed")], { failOn: "never" }, 1],
    ["stale artifacts beside an error", [data, aRunFinding("artifacts")], {}, 3],
    ["stale artifacts, where nodes must not fail", [aRunFinding("artifacts")], { failOn: "never" }, 3],
    ["a queue that timed out", [aRunFinding("queue-timeout")], {}, 4],
    ["a warning about the project", [aRunFinding("project", { severity: "warn" })], {}, 0],
    ["one where warnings fail", [aRunFinding("project", { severity: "warn" })], { failOn: "warn" }, 1],
    ["one that a rule made an error", [aRunFinding("project")], {}, 1],
    ["an alert that did not arrive", [], { undelivered: true }, 5],
    ["an alert that did not arrive beside a transient error", [transient], { undelivered: true }, 4],
  ])("is right for %s", (_, findings, policy, code) => {
    expect(exitOf(findings, policy)).toBe(code);
  });

  it.each<[string, Outcome, Partial<ExitPolicy>, ExitCode]>([
    ["superseded", { kind: "superseded" }, {}, 0],
    ["nothing", { kind: "nothing" }, {}, 0],
    ["failed for the queue", { kind: "failed", finding: aRunFinding("queue-timeout") }, {}, 4],
    ["failed for artifacts", { kind: "failed", finding: aRunFinding("artifacts") }, { failOn: "never" }, 3],
    ["nothing built", { kind: "verdict", verdict: aVerdict([], { level: "nothing" }) }, {}, 0],
    [
      "nothing built where everything was expected",
      { kind: "verdict", verdict: aVerdict([], { level: "nothing" }) },
      { nothing: "fails" },
      3,
    ],
  ])("is right for a run that was %s", (_, outcome, policy, code) => {
    expect(exitCodeOf(outcome, { ...POLICY, ...policy })).toBe(code);
  });

  it("is 4 exactly where every error is the warehouse's or the network's", () => {
    const classes = fc.constantFrom(...FAILURE_CLASSES);
    const errors = fc.array(
      classes.map((failureClass) => aFinding({ failureClass })),
      { minLength: 1 },
    );

    fc.assert(
      fc.property(errors, (findings) => {
        const isInfrastructure = findings.every(({ failureClass }) =>
          ["transient", "throttled", "stopped", "infrastructure"].includes(failureClass),
        );
        expect(exitOf(findings)).toBe(isInfrastructure ? 4 : 1);
      }),
    );
  });
});

describe("worstExitCode", () => {
  it("follows the table: 0 < 5 < 4 < 1 < 3 < 2 < 70, in any order", () => {
    const table: readonly ExitCode[] = [0, 5, 4, 1, 3, 2, 70];

    fc.assert(
      fc.property(fc.shuffledSubarray([...table], { minLength: 1 }), (codes) => {
        expect(worstExitCode(codes)).toBe(table.findLast((code) => codes.includes(code)));
      }),
    );
    expect(worstExitCode([])).toBe(0);
  });
});

describe("outcomeName", () => {
  it.each<[string, Outcome]>([
    ["warn", { kind: "verdict", verdict: aVerdict([warn]) }],
    ["nothing", { kind: "verdict", verdict: aVerdict([], { level: "nothing" }) }],
    ["nothing", { kind: "nothing" }],
    ["superseded", { kind: "superseded" }],
    ["failed", { kind: "failed", finding: aRunFinding("queue-timeout") }],
  ])("is %s", (name, outcome) => {
    expect(outcomeName(outcome)).toBe(name);
  });
});

describe("countVerdict", () => {
  it("counts findings, what they kept from running, and what passed", () => {
    const muted = aFinding({ severity: "warn", muted: { until: "2026-12-15", reason: "DATA-1" } });
    const verdict = aVerdict([aFinding({ skipped: ["a", "b"] }), aFinding({ skipped: ["c"] }), muted], {
      passed: ["x"],
      neutral: ["y", "z"],
    });

    expect(countVerdict(verdict)).toEqual({ error: 2, warn: 1, skipped: 3, passed: 1, muted: 1 });
  });
});
