import { describe, expect, it } from "vitest";
import { fingerprintOf } from "../../src/alerts/fingerprint.ts";
import { createPaint } from "../../src/render/colors.ts";
import { renderJunit } from "../../src/render/junit.ts";
import { renderVerdict } from "../../src/render/terminal.ts";
import { groupByCause, ungroup } from "../../src/severity/one-cause.ts";
import { exitCodeOf } from "../../src/severity/outcome.ts";
import type { Finding } from "../../src/severity/verdict.ts";
import { aFinding, aSubject, aVerdict } from "./build.ts";

const QUOTA = (limit: number) => `Quota exceeded: Your project exceeded quota for concurrent queries: ${limit} at once`;

function failing(name: string, message: string, overrides: Partial<Finding> = {}): Finding {
  const subject = aSubject({ id: `test.shop.${name}.1a`, name, test: null, attachedTo: null });
  const facts = { status: "error", failures: null, threshold: null, failureClass: "throttled" as const };
  return aFinding({ subject, message, ...facts, ...overrides });
}
const namesOf = (findings: readonly Finding[]) =>
  findings.map(({ subject, nodes }) => (subject.kind === "run" ? `${subject.what} ${nodes?.length}` : subject.name));
const group = (findings: readonly Finding[]) => groupByCause(aVerdict(findings), "bigquery").findings;

describe("one cause, one finding", () => {
  it.each<[string, readonly Finding[], readonly string[]]>([
    ["the same words, whatever the number", [failing("a", QUOTA(4)), failing("b", QUOTA(7))], ["warehouse 2"]],
    ["one alone stays a node's", [failing("a", QUOTA(4))], ["a"]],
    [
      "two causes",
      [failing("a", QUOTA(4)), failing("b", "Exceeded rate limits: x"), failing("c", QUOTA(4))],
      ["warehouse 2", "b"],
    ],
    [
      "two classes",
      [failing("a", "x", { failureClass: "transient" }), failing("b", "x", { failureClass: "infrastructure" })],
      ["a", "b"],
    ],
    [
      "nodes that were stopped",
      [
        failing("a", "no answer within 60 s", { failureClass: "stopped" }),
        failing("b", "no answer within 70 s", { failureClass: "stopped" }),
      ],
      ["warehouse 2"],
    ],
    [
      "data",
      [failing("a", "Got 1 result", { failureClass: "data" }), failing("b", "Got 1 result", { failureClass: "data" })],
      ["a", "b"],
    ],
    [
      "code",
      [
        failing("a", "Syntax error: x", { failureClass: "code" }),
        failing("b", "Syntax error: x", { failureClass: "code" }),
      ],
      ["a", "b"],
    ],
    ["what a rule made a warning", [failing("a", QUOTA(4)), failing("b", QUOTA(4), { severity: "warn" })], ["a", "b"]],
    [
      "what a rule muted",
      [failing("a", QUOTA(4)), failing("b", QUOTA(4), { muted: { until: "2026-12-01", reason: "x" } })],
      ["a", "b"],
    ],
  ])("%s", (_, findings, names) => {
    expect(namesOf(group(findings))).toEqual(names);
    expect(namesOf(ungroup(group(findings))).sort()).toEqual(namesOf(findings).sort());
  });

  const eleven = Array.from({ length: 11 }, (_, index) =>
    failing(`t${index}`, QUOTA(index), { skipped: [`model.shop.m${index}`, "model.shop.all"] }),
  );
  const verdict = groupByCause(aVerdict(eleven), "bigquery");

  it("is one entry in the log, with its nodes and all that they kept from running", () => {
    const lines = renderVerdict(verdict, createPaint(false));

    expect(lines.slice(0, 3)).toEqual([
      "ERROR  BigQuery quota · 11 nodes: t0, t1, t2, t3, +7 more · refused for now by the warehouse: too much at once",
      "       11 failing nodes kept 12 nodes from running: all, m0, m1, m10, +8 more",
      "       │ Quota exceeded: Your project exceeded quota for concurrent queries: 0 at once",
    ]);
    expect(lines.join("\n")).toContain("1 error · 12 skipped");
  });

  it("leaves each node its case in JUnit", () => {
    const xml = renderJunit(verdict, { warnAs: "skipped", projectDirFromRepo: "", timestamp: "2026-11-25T07:00:00Z" });

    expect(xml.match(/<testcase/g)).toHaveLength(11);
    expect(xml.match(/<error/g)).toHaveLength(11);
  });

  it.each([
    ["error", 4],
    ["never", 0],
  ] as const)("ends with --fail-on %s as its nodes would: %s", (failOn, code) => {
    expect(exitCodeOf({ kind: "verdict", verdict }, { failOn, nothing: "fine", undelivered: false })).toBe(code);
  });

  it("is the same problem in the next run, whichever nodes it meets, and another one in other words", () => {
    const [quota] = group([failing("a", QUOTA(4)), failing("b", QUOTA(4))]);
    const [again] = group([failing("c", QUOTA(9)), failing("d", QUOTA(9))]);
    const [rate] = group([failing("a", "Exceeded rate limits: x"), failing("b", "Exceeded rate limits: x")]);
    const keys = [quota, again, rate].map((finding) => (finding === undefined ? "" : fingerprintOf(finding)));

    expect(keys[0]).toBe("v1:run:warehouse:throttled:BigQuery quota");
    expect(keys[1]).toBe(keys[0]);
    expect(keys[2]).not.toBe(keys[0]);
  });
});
