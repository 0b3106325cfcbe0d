import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { validateXML } from "xmllint-wasm";
import { type JunitOptions, renderJunit } from "../../src/render/junit.ts";
import type { Verdict } from "../../src/severity/verdict.ts";
import {
  facts,
  factsOf,
  finding,
  hostileFinding,
  model,
  remark,
  richVerdict,
  subject,
  toolFacts,
  verdict,
} from "./build.ts";

const options: JunitOptions = {
  warnAs: "skipped",
  projectDirFromRepo: "examples/shop",
  timestamp: "2026-11-25T07:00:00.123Z",
};
const schemas = ["jenkins-junit-10.xsd", "windyroad-JUnit.xsd"].map((name) => `../shared/specs/junit/${name}`);
const hasSchemas = schemas.every((path) => existsSync(path));
if (!hasSchemas) console.warn("skipped: JUnit's schemas are not in ../shared/specs/junit");

/**
 * Against both schemas; `file` and `line` are in neither, and CircleCI and GitHub's reporters need them. None where the
 * schemas are not there, which is said above.
 */
async function problemsOf(xml: string): Promise<string[]> {
  if (!hasSchemas) return [];
  const strict = xml.replace(/<testcase(?: \w+="[^"]*")+/g, (tag) => tag.replace(/ (?:file|line)="[^"]*"/g, ""));
  const results = await Promise.all(
    schemas.map((path) =>
      validateXML({
        xml: [{ fileName: "junit.xml", contents: strict }],
        schema: [{ fileName: "junit.xsd", contents: readFileSync(path, "utf8") }],
        initialMemoryPages: 512,
        maxMemoryPages: 2048,
      }),
    ),
  );
  return results.flatMap(({ errors }) => errors.map(({ message }) => message));
}

/** A verdict in which each finding has its row. */
function withRows(findings: Verdict["findings"], overrides: Partial<Verdict> = {}): Verdict {
  const rows = findings.flatMap((each) =>
    each.subject.kind === "node" ? [[each.subject.id, factsOf(each)] as const] : [],
  );
  return verdict({ findings, nodes: Object.fromEntries(rows), ...overrides });
}

const caseIn = (xml: string, name: string) =>
  new RegExp(`<testcase [^>]*name="${name}[^>]*?(?:/>|>[\\s\\S]*?</testcase>)`).exec(xml)?.[0] ?? "";

describe("JUnit", () => {
  it("tells a whole run in four suites", async () => {
    await expect(renderJunit(richVerdict(), options)).toMatchFileSnapshot("snapshots/junit.xml");
  });

  it.skipIf(!hasSchemas)("satisfies both schemas", async () => {
    const run = finding({
      subject: { kind: "run", what: "dbt-failed" },
      status: "error",
      message: "Compilation Error",
    });

    expect(await problemsOf(renderJunit(richVerdict(), options))).toEqual([]);
    expect(await problemsOf(renderJunit(verdict({ findings: [run] }), options))).toEqual([]);
    expect(await problemsOf(renderJunit(verdict(), options))).toEqual([]);
    expect(await problemsOf(renderJunit(richVerdict(), { ...options, warnAs: "failure" }))).toEqual([]);
  });

  it.skipIf(!hasSchemas)("finds a fault, or the check above would be worth nothing", async () => {
    expect(await problemsOf(renderJunit(richVerdict(), options).replace(' hostname="localhost"', ""))).not.toEqual([]);
  });

  it.skipIf(!hasSchemas)("satisfies both schemas whatever the texts are", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(hostileFinding, { minLength: 20, maxLength: 40 }),
        fc.constantFrom("skipped" as const, "failure" as const),
        async (findings, warnAs) => {
          expect(await problemsOf(renderJunit(withRows(findings), { ...options, warnAs }))).toEqual([]);
        },
      ),
      { numRuns: 5, endOnFailure: true },
    );
  });

  it("has no CDATA, and no rest of a colour", () => {
    const message = '\u001b[31mred\u001b[0m ]]> <b> & "quoted"';

    const xml = renderJunit(
      withRows([finding({ subject: model("a"), status: "error", failureClass: "code", message })]),
      options,
    );

    expect(xml).not.toContain("CDATA");
    expect(xml).not.toContain("[31m");
    expect(xml).toContain('<error message="red ]]> &lt;b> &amp; &quot;quoted&quot;" type="code">');
    expect(xml).toContain('\nred ]]&gt; &lt;b&gt; &amp; "quoted"</error>');
  });

  it.each([
    [
      "a failed test",
      finding({ status: "fail" }),
      '<failure message="Got 36 results, configured to fail if != 0" type="data">',
    ],
    [
      "an error",
      finding({ status: "runtime error", failureClass: "transient", message: "timeout" }),
      '<error message="timeout" type="transient">',
    ],
    [
      "a warning",
      finding({ severity: "warn", status: "warn", message: "Got 36 results, configured to warn if != 0" }),
      '<skipped message="WARN: Got 36 results, configured to warn if != 0">',
    ],
    [
      "a failure that a rule made a warning",
      finding({ severity: "warn", status: "fail" }),
      '<skipped message="WARN: Got 36',
    ],
    [
      "an error that a rule made of a warning",
      finding({ severity: "error", status: "warn" }),
      '<error message="Got 36',
    ],
  ])("tells %s", (_, given, element) => {
    expect(caseIn(renderJunit(withRows([given]), options), "not_null")).toContain(element);
  });

  it("tells a warning as it is asked to", () => {
    const given = withRows([finding({ severity: "warn" })]);

    expect(renderJunit(given, { ...options, warnAs: "pass" })).toMatch(/<testcase [^>]*\/>/);
    expect(renderJunit(given, { ...options, warnAs: "failure" })).toContain('<failure message="WARN: Got 36');
    expect(renderJunit(given, { ...options, warnAs: "failure" })).toContain('failures="1"');
  });

  it("names the cause of a skipped node, and leaves out what was neutral", () => {
    const given = withRows([finding({ skipped: ["model.shop.a"] })], {
      neutral: ["model.shop.n"],
      passed: ["model.shop.b"],
    });
    const rows = Object.fromEntries(["a", "b", "n"].map((name) => [`model.shop.${name}`, facts({ name })]));

    const xml = renderJunit({ ...given, nodes: { ...given.nodes, ...rows } }, options);

    expect(caseIn(xml, "a")).toContain(
      '<skipped message="SKIPPED: upstream test.shop.not_null_stg_orders_customer_id.5c9bf9911d failed"/>',
    );
    expect(caseIn(xml, "b")).toMatch(/\/>$/);
    expect(xml).not.toContain('name="n"');
  });

  it("has a skipped case, counted as one, for what was held back behind a stale source", async () => {
    const stale = finding({
      ...{ subject: model("payments", { id: "source.shop.billing.payments", type: "source" }), status: "error" },
      ...{ message: "loaded 7 h ago;\nerror after 6 h", skipped: ["model.shop.a", "test.shop.t.1a"] },
    });
    const nodes = { "model.shop.a": facts({ name: "a" }), "test.shop.t.1a": facts({ name: "t", type: "test" }) };

    const xml = renderJunit(withRows([stale], { nodes: { ...withRows([stale]).nodes, ...nodes } }), options);

    for (const name of ["a", "t"])
      expect(caseIn(xml, name)).toContain(
        '<skipped message="SKIPPED: not rebuilt: billing.payments loaded 7 h ago; error after 6 h"/>',
      );
    expect(xml).toMatch(/<testsuite [^>]*name="dbt models"[^>]*tests="1"[^>]*skipped="1"/);
    expect(xml).toMatch(/<testsuite [^>]*name="dbt source freshness"[^>]*tests="1"[^>]*skipped="0"/);
    expect(await problemsOf(xml)).toEqual([]);
  });

  it("has a case for what has no row: a source that dbt left out, and the run itself", () => {
    const source = finding({
      subject: model("payments", { id: "source.shop.billing.payments", type: "source" }),
      status: "error",
      message: "no row",
    });
    const run = finding({
      subject: { kind: "run", what: "artifacts" },
      status: "stale",
      message: "run_results.json is of an earlier run",
    });

    const xml = renderJunit(verdict({ findings: [source, run] }), options);

    expect(xml).toMatch(
      /<testsuite name="dbt source freshness"[\s\S]*<testcase classname="shop.billing.payments" name="billing.payments"/,
    );
    expect(xml).toMatch(/<testsuite name="dbt run"[\s\S]*<testcase classname="dbt" name="artifacts" time="0.000">/);
  });

  it("has a suite of its own for each tool that looked at what was changed", async () => {
    const failed = remark(
      { severity: "error", message: "failed with exit code 2" },
      { tool: "sqruff", rule: null, path: null },
    );
    const tools = [
      toolFacts(),
      toolFacts({ tool: "sqruff", state: "failed" }),
      toolFacts({ tool: "vale", state: "not-started", why: "no file" }),
    ];
    const xml = renderJunit(verdict({ findings: [failed, remark()], tools }), options);

    const cases = [...xml.matchAll(/<testcase classname="([^"]*)" name="([^"]*)"[^>]*>(?:\s*<(\w+) )?/g)];
    expect([...xml.matchAll(/<testsuite name="([^"]*)"/g)].map(([, suite]) => suite)).toEqual([
      "sqlfluff",
      "sqruff",
      "vale",
    ]);
    expect(cases.map(([, ...parts]) => parts.join(" ").trim())).toEqual([
      "models.staging.stg_orders LT01 line 5 column 11 skipped",
      "sqlfluff report",
      "sqruff report error",
      "vale report skipped",
    ]);
    expect(await problemsOf(xml)).toEqual([]);
  });

  it("writes times that every reader reads", () => {
    const nodes = Object.fromEntries(
      [1e-7, 12.3456, Number.NaN, -1].map((seconds, index) => [`model.shop.m${index}`, facts({ seconds })]),
    );

    const times = [...renderJunit(verdict({ nodes }), options).matchAll(/<testcase[^>]* time="([^"]*)"/g)].map(
      ([, time]) => time,
    );

    expect(times).toEqual(["0.000", "12.346", "0.000", "0.000"]);
  });

  it("keeps names that stay the same whatever else ran, and differ where ids do", () => {
    const one = finding();
    const other = finding({ subject: subject({ id: "test.shop.not_null_stg_orders_customer_id.ffffffffff" }) });
    const nameIn = (given: Verdict) =>
      [...renderJunit(given, options).matchAll(/<testcase [^>]*?name="([^"]*)" name="([^"]*)"/g)].map(([, ...names]) =>
        names.join(" "),
      );

    expect(nameIn(withRows([one]))).toEqual(["shop.staging.stg_orders not_null_stg_orders_customer_id da596acb"]);
    expect(nameIn(withRows([one, other]))[0]).toBe(nameIn(withRows([one]))[0]);
    expect(new Set(nameIn(withRows([one, other]))).size).toBe(2);
  });
});
