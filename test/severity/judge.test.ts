import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type DbtRun, TROUBLES } from "../../src/artifacts/dbt-run.ts";
import type { Manifest, Node } from "../../src/artifacts/manifest.ts";
import { type JudgeInput, judge } from "../../src/severity/judge.ts";
import { findSourcesWithoutRow } from "../../src/severity/run-findings.ts";
import type { Finding, Verdict } from "../../src/severity/verdict.ts";
import { aDbtRun, aManifest, aNode, aResult, aSource, aTest, aUnitTest } from "../artifacts/build.ts";
import { aFinding, aRule, aRunFinding, aSubject, aVerdict, matchesStar } from "./build.ts";

const NOW = Date.parse("2026-11-25T08:00:00Z");

const ORDERS = "model.shop.orders";
const TEST = "test.shop.not_null_orders";
const PROJECT = [aNode("orders"), aTest("not_null_orders", [ORDERS]), aNode("report", { parents: [ORDERS] })];

function verdictOf(runs: DbtRun | readonly DbtRun[], overrides: Partial<JudgeInput> = {}): Verdict {
  return judge({
    runs: "command" in runs ? [runs] : runs,
    manifest: aManifest(PROJECT),
    place: { folders: new Map(), projectDir: "" },
    rules: [],
    matches: matchesStar,
    now: NOW,
    base: null,
    ...overrides,
  });
}

function only(verdict: Verdict): Finding {
  const [finding, ...more] = verdict.findings;
  if (finding === undefined || more.length > 0) throw new Error(`${verdict.findings.length} findings`);
  return finding;
}

function idsOf({ findings }: Verdict): readonly string[] {
  return findings.map(({ subject }) => (subject.kind === "run" ? `run:${subject.what}` : (subject.id ?? "")));
}

describe("judge, from a status to a finding", () => {
  it.each([
    ["fail", "error", "data"],
    ["error", "error", "code"],
    ["runtime error", "error", "code"],
    ["partial success", "error", "code"],
    ["warn", "warn", "data"],
  ])("finds in %s: %s · %s", (status, severity, failureClass) => {
    const row = aResult(TEST, status, { message: "Binder Error: no column" });

    expect(only(verdictOf(aDbtRun([row], { exitCode: severity === "error" ? 1 : 0 })))).toMatchObject({
      severity,
      failureClass,
      status,
    });
  });

  it.each(["pass", "success", "no-op", "reused"])("finds nothing in %s: passed", (status) => {
    const verdict = verdictOf(aDbtRun([aResult(ORDERS, status)]));

    expect(verdict).toMatchObject({ level: "pass", findings: [], passed: [ORDERS], neutral: [], reproduce: null });
  });

  it.each([
    ["an error where dbt ended with 1", 1, "error"],
    ["an error where nobody knows how dbt ended", null, "error"],
    ["a warning where dbt ended with 0", 0, "warn"],
  ])("shows a status that it does not know: %s", (_, exitCode, severity) => {
    expect(only(verdictOf(aDbtRun([aResult(ORDERS, "exploded")], { exitCode })))).toMatchObject({
      severity,
      failureClass: "unknown",
      status: "exploded",
      message: "dbt gave no message",
    });
  });

  it("lets the status decide, not the manifest's severity", () => {
    const manifest = aManifest([
      aNode("orders"),
      aTest("not_null_orders", [ORDERS], { severity: "warn", warnIf: ">0" }),
    ]);

    expect(only(verdictOf(aDbtRun([aResult(TEST, "fail")]), { manifest }))).toMatchObject({
      severity: "error",
      threshold: "warn if >0",
    });
  });

  it.each([
    ["severity error with one limit", { severity: "error", warnIf: "!= 0", errorIf: "!= 0" }, "error if != 0"],
    ["severity error with two", { severity: "error", warnIf: ">10", errorIf: ">100" }, "warn if >10, error if >100"],
    ["severity warn", { severity: "warn", warnIf: ">10", errorIf: ">100" }, "warn if >10"],
    ["no limits", { severity: null, warnIf: null, errorIf: null }, null],
  ] as const)("shows the threshold: %s", (_, config, threshold) => {
    const manifest = aManifest([aTest("not_null_orders", [ORDERS], config)]);

    expect(only(verdictOf(aDbtRun([aResult(TEST, "fail")]), { manifest })).threshold).toBe(threshold);
  });

  it("attaches what was skipped to its cause, and counts it nowhere else", () => {
    const rows = [aResult(ORDERS), aResult(TEST, "fail", { failures: 3 }), aResult("model.shop.report", "skipped")];

    const verdict = verdictOf(aDbtRun(rows));

    expect(only(verdict).skipped).toEqual(["model.shop.report"]);
    expect(verdict).toMatchObject({ level: "error", passed: [ORDERS], neutral: [] });
  });

  it.each([
    ["without a message", null],
    ["for fail-fast", "Skipping due to fail_fast"],
  ])("calls a node that was skipped without a cause neutral, never passed: %s", (_, message) => {
    const verdict = verdictOf(aDbtRun([aResult(ORDERS, "skipped", { message })]));

    expect(verdict).toMatchObject({ level: "pass", findings: [], passed: [], neutral: [ORDERS] });
  });

  it("calls a model an error of the code where its skipped row is all that tells of a broken ephemeral model", () => {
    const message =
      "Compilation Error in model.shop.orders, caused by compilation error in referenced ephemeral model model.shop.eph";
    const rows = [aResult(ORDERS, "skipped", { message }), aResult("model.shop.report", "skipped")];

    expect(only(verdictOf(aDbtRun(rows, { exitCode: 1 })))).toMatchObject({
      severity: "error",
      failureClass: "code",
      status: "skipped",
      skipped: ["model.shop.report"],
    });
  });

  it("cleans the message of a unit test of colours and carriage returns", () => {
    const message =
      "\n\n\u001b[32mactual\u001b[0m differs from \u001b[31mexpected\u001b[0m:\r\n\u001b[32;1m+++\u001b[0m,1\u001b]8;;http://x\u0007link\u001b]8;;\u0007\u202e\r\n";
    const manifest = aManifest([aNode("orders"), aUnitTest("ut", ORDERS)]);

    const finding = only(verdictOf(aDbtRun([aResult("unit_test.shop.ut", "fail", { message })]), { manifest }));

    expect(finding.message).toBe("actual differs from expected:\n+++,1link");
    expect(finding.subject).toMatchObject({ type: "unit_test", attachedTo: ORDERS });
  });

  it("says that a failure has no message, with the failures that dbt counted", () => {
    expect(only(verdictOf(aDbtRun([aResult(TEST, "fail", { failures: 3 })]))).message).toBe("3 failures");
  });

  it("describes ids that the manifest does not know by themselves", () => {
    const verdict = verdictOf(aDbtRun([aResult("test.other.some_test.1a2b", "fail")]));

    expect(only(verdict).subject).toMatchObject({ name: "some_test", type: null, path: null, owner: null });
    expect(verdict.nodes["test.other.some_test.1a2b"]).toMatchObject({
      name: "some_test",
      package: "other",
      seconds: 0.5,
    });
    expect(verdict.known).toEqual([ORDERS, "model.shop.report", TEST]);
  });

  it("works without a manifest, where nothing is known to follow from anything", () => {
    const rows = [
      aResult(ORDERS, "error", { message: "could not serialize access" }),
      aResult("model.shop.report", "skipped"),
    ];

    const verdict = verdictOf(aDbtRun(rows), { manifest: null });

    expect(only(verdict)).toMatchObject({ failureClass: "transient", skipped: [] });
    expect(verdict).toMatchObject({ neutral: ["model.shop.report"], known: [], dbt: { version: null } });
  });
});

describe("judge, on missing relations", () => {
  const message = "Catalog Error: Table with name orders does not exist!";
  const failed = aResult("model.shop.report", "error", { message });

  it.each<[string, readonly Node[], readonly string[], string]>([
    ["its parent was not built in this run", PROJECT, [], "deferred-relation-missing"],
    ["its parent was built in this run", PROJECT, [ORDERS], "code"],
    [
      "it reads only a source",
      [aSource("orders"), aNode("report", { parents: ["source.shop.raw.orders"] })],
      [],
      "code",
    ],
    [
      "the parent behind an ephemeral model was not built",
      [
        aNode("orders"),
        aNode("eph", { materialized: "ephemeral", parents: [ORDERS] }),
        aNode("report", { parents: ["model.shop.eph"] }),
      ],
      [],
      "deferred-relation-missing",
    ],
  ])("decides whose fault it is: %s", (_, nodes, built, failureClass) => {
    const verdict = verdictOf(aDbtRun([...built.map((id) => aResult(id)), failed]), { manifest: aManifest(nodes) });

    expect(only(verdict).failureClass).toBe(failureClass);
  });
});

describe("judge, on several starts", () => {
  const at = (minute: number, results: DbtRun["results"], overrides: Partial<DbtRun> = {}) =>
    aDbtRun(results, { startedAt: Date.parse("2026-11-25T07:00:00Z") + minute * 60_000, ...overrides });

  it("lets the last row of a node win, whatever the order of the starts", () => {
    const first = at(0, [
      aResult(ORDERS, "error", { message: "could not serialize access" }),
      aResult("model.shop.report", "skipped"),
    ]);
    const second = at(5, [aResult(ORDERS), aResult("model.shop.report")]);

    for (const runs of [
      [first, second],
      [second, first],
    ]) {
      expect(verdictOf(runs)).toMatchObject({
        level: "pass",
        passed: [ORDERS, "model.shop.report"],
        dbt: { exitCodes: [1, 0] },
      });
    }
  });

  it("lets a later failure win over an earlier success", () => {
    const runs = [
      at(0, [aResult(ORDERS)], { command: "run" }),
      at(1, [aResult(TEST, "fail")], { command: "test" }),
      at(2, [aResult(ORDERS, "error")]),
    ];

    expect(idsOf(verdictOf(runs))).toEqual([ORDERS, TEST]);
  });

  it("orders files of which only the end is known by that", () => {
    const file = (generatedAt: string, status: string) =>
      aDbtRun([aResult(ORDERS, status)], {
        startedAt: 0,
        exitCode: null,
        source: { file: "x", command: "run", target: null, generatedAt },
      });

    expect(
      verdictOf([file("2026-11-25T07:30:00.000Z", "success"), file("2026-11-25T07:10:00.000Z", "error")]).level,
    ).toBe("pass");
  });

  it("takes parse and ls without results for no trouble", () => {
    const runs = [at(0, null, { command: "parse" }), at(1, null, { command: "ls" }), at(2, [aResult(ORDERS)])];

    expect(verdictOf(runs)).toMatchObject({ level: "pass", findings: [], dbt: { commands: ["parse", "ls", "build"] } });
  });

  it("calls nothing at all nothing", () => {
    expect(verdictOf([]).level).toBe("nothing");
    expect(verdictOf(aDbtRun([])).level).toBe("nothing");
  });
});

describe("judge, on the run itself", () => {
  it("says in dbt's last words why it gave no results", () => {
    const lastWords = "\u001b[31mCompilation Error\u001b[0m in model b (models/b.sql)\n  unexpected '}'";

    const finding = only(verdictOf(aDbtRun(null, { exitCode: 2, trouble: "missing", lastWords })));

    expect(finding).toMatchObject({
      subject: { kind: "run", what: "dbt-failed" },
      severity: "error",
      failureClass: "code",
      status: "exit 2",
      message: "Compilation Error in model b (models/b.sql)\n  unexpected '}'",
    });
  });

  it.each<[string, Partial<DbtRun>, string, string]>([
    [
      "a parse that failed",
      { command: "parse", exitCode: 2 },
      "run:dbt-failed",
      "dbt parse ended with exit 2 and gave no results",
    ],
    [
      "old results and exit 2",
      { exitCode: 2, trouble: "stale", results: [aResult(ORDERS)] },
      "run:dbt-failed",
      "dbt build ended with exit 2",
    ],
    [
      "exit 1 with last words",
      { exitCode: 1, trouble: "missing", lastWords: "dbt0101: broken" },
      "run:dbt-failed",
      "dbt0101: broken",
    ],
    ["results that are missing", { exitCode: 0, trouble: "missing" }, "run:artifacts", "its results are missing"],
    ["results that nobody missed", { exitCode: 0, trouble: "none" }, "run:artifacts", "its results are missing"],
    [
      "results that are cut off",
      { exitCode: 1, trouble: "unreadable", lastWords: "x is cut off" },
      "run:artifacts",
      "x is cut off",
    ],
    [
      "results of an earlier start",
      { trouble: "stale", results: [aResult(ORDERS)] },
      "run:artifacts",
      "its results are stale",
    ],
    [
      "results of another command",
      { trouble: "foreign", results: [aResult(TEST)] },
      "run:artifacts",
      "its results are foreign",
    ],
    [
      "a signal",
      { exitCode: null, trouble: "killed", seconds: 95 },
      "run:dbt-failed",
      "dbt build was stopped by a signal after 95 s",
    ],
    [
      "--node-timeout",
      { exitCode: 2, trouble: "stalled", seconds: 600, lastWords: "41 of 52 nodes done" },
      "run:dbt-failed",
      "dbt build was stopped by --node-timeout after 600 s: 41 of 52 nodes done",
    ],
    [
      "a time limit",
      { exitCode: 2, trouble: "timed-out", lastWords: "x" },
      "run:dbt-failed",
      "dbt build was stopped by --run-timeout after 10 s: x",
    ],
  ])("finds it in %s, and believes no rows", (_, overrides, id, message) => {
    const verdict = verdictOf(aDbtRun(null, overrides));

    expect(idsOf(verdict)).toEqual([id]);
    expect(only(verdict).message).toContain(message);
    expect(verdict).toMatchObject({ level: "error", passed: [], nodes: {} });
  });

  it("keeps the rows of a start that was stopped", () => {
    const verdict = verdictOf(aDbtRun([aResult(ORDERS)], { exitCode: 2, trouble: "timed-out" }));

    expect(verdict).toMatchObject({ level: "error", passed: [ORDERS] });
  });

  it.each([
    ["1 without a failure", 1, [aResult(ORDERS)]],
    ["1 with a warning only", 1, [aResult(TEST, "warn")]],
    ["1 with skipped nodes only", 1, [aResult(ORDERS, "skipped")]],
    ["1 with a failure that a later row of the same node takes back", 1, [aResult(TEST, "fail"), aResult(TEST)]],
    ["2 beside a failure", 2, [aResult(ORDERS, "error")]],
    ["137", 137, [aResult(ORDERS, "error")]],
  ])("finds it in an exit code that no row explains: %s", (_, exitCode, results) => {
    expect(idsOf(verdictOf(aDbtRun(results, { exitCode })))).toContain("run:dbt-failed");
  });

  it.each([
    ["0", 0, [aResult(ORDERS)]],
    ["null, where only files were read", null, [aResult(ORDERS, "error")]],
    ["1 with a failure", 1, [aResult(TEST, "fail")]],
    ["1 with a failed hook", 1, [aResult("operation.shop.shop-on-run-end-0", "error")]],
  ])("finds nothing in an exit code that is explained: %s", (_, exitCode, results) => {
    expect(idsOf(verdictOf(aDbtRun(results, { exitCode })))).not.toContain("run:dbt-failed");
  });

  it("takes a failure that a rule made a warning, or ignores, for the explanation of exit 1", () => {
    const run = aDbtRun([aResult(TEST, "fail")]);

    expect(verdictOf(run, { rules: [aRule({ severity: "warn" })] }).level).toBe("warn");
    expect(
      verdictOf(run, { rules: [aRule({ severity: "ignore", until: "2026-12-01", reason: "DATA-1" })] }).level,
    ).toBe("pass");
  });

  it("takes a failure that a later start repaired for the explanation of the earlier exit code", () => {
    const runs = [aDbtRun([aResult(ORDERS, "error")]), aDbtRun([aResult(ORDERS)], { startedAt: NOW })];

    expect(verdictOf(runs).findings).toEqual([]);
  });

  it("makes one finding of the same trouble in several starts", () => {
    const runs = [
      aDbtRun(null, { trouble: "stale", lastWords: "a is old" }),
      aDbtRun(null, { trouble: "missing", lastWords: "b is gone", startedAt: NOW }),
    ];

    expect(only(verdictOf(runs)).message).toBe("a is old\nb is gone");
  });

  it("never applies a rule to the run", () => {
    const rules = [aRule({ match: { status: "*" }, severity: "ignore", until: "2026-12-01", reason: "DATA-1" })];

    expect(verdictOf(aDbtRun(null, { exitCode: 2 }), { rules }).level).toBe("error");
  });
});

describe("judge, on the freshness of sources", () => {
  const freshness = { warn_after: { count: 24, period: "hour" }, error_after: { count: 3, period: "day" } };
  const sources = [
    aSource("orders", { hasFreshness: true, raw: { freshness } }),
    aSource("payments", { hasFreshness: true }),
    aSource("static"),
  ];
  const manifest = aManifest(sources);
  const run = (exitCode: number | null, status: string, message = "loaded 4 d ago") =>
    aDbtRun([aResult("source.shop.raw.orders", status, { message })], { command: "source freshness", exitCode });

  it("calls a source that is too old an error of the data, with its thresholds", () => {
    const verdict = verdictOf(run(0, "error"), { manifest: aManifest(sources.slice(0, 1)) });

    expect(only(verdict)).toMatchObject({
      severity: "error",
      failureClass: "data",
      threshold: "warn after 24 h, error after 3 d",
    });
    expect(verdict.reproduce).toBe("dbt source freshness --select source:shop.raw.orders");
  });

  it("names sources without a row as candidates where dbt ended with 1 and no row explains it", () => {
    const verdict = verdictOf(run(1, "pass"), { manifest });

    expect(only(verdict)).toMatchObject({
      severity: "error",
      status: "exit 1",
      subject: { kind: "run", what: "dbt-failed" },
      message: expect.stringMatching(/without a row: source\.shop\.raw\.payments$/),
    });
    expect(verdict.passed).toEqual(["source.shop.raw.orders"]);
  });

  it("does not call a source without a row an error where another one explains dbt's exit 1", () => {
    expect(idsOf(verdictOf(run(1, "error"), { manifest }))).toEqual(["source.shop.raw.orders"]);
  });

  it("names ten candidates, and counts the others", () => {
    const many = aManifest(Array.from({ length: 13 }, (_, index) => aSource(`s${index}`, { hasFreshness: true })));
    const verdict = verdictOf(aDbtRun([], { command: "source freshness", exitCode: 1 }), { manifest: many });

    expect(only(verdict).message).toMatch(/(?:source\.shop\.raw\.s\d+, ){10}\+3 more$/);
  });

  it.each([
    ["dbt ended with 0: they were not selected", 0],
    ["nobody knows how dbt ended", null],
  ])("misses no source where %s", (_, exitCode) => {
    expect(verdictOf(run(exitCode, "pass"), { manifest })).toMatchObject({ level: "pass", findings: [] });
  });

  it("misses no source where no freshness was asked for", () => {
    expect(verdictOf(aDbtRun([aResult(ORDERS)], { exitCode: null }), { manifest }).level).toBe("pass");
  });

  it.each([
    ["not known", null, ["source.shop.raw.payments"]],
    ["1", 1, ["source.shop.raw.payments"]],
    ["0", 0, []],
  ])("lists the sources without a row for the report where dbt's exit code is %s", (_, exitCode, ids) => {
    expect(findSourcesWithoutRow(run(exitCode, "pass"), manifest)).toEqual(ids);
  });

  it("misses no source in a start that was stopped before it looked at all", () => {
    const stopped = aDbtRun([], { command: "source freshness", exitCode: 2, trouble: "killed" });

    expect(idsOf(verdictOf(stopped, { manifest }))).toEqual(["run:dbt-failed"]);
  });

  it("finds an exit code that no source explains", () => {
    const all = aDbtRun([aResult("source.shop.raw.orders", "pass"), aResult("source.shop.raw.payments", "pass")], {
      command: "source freshness",
      exitCode: 1,
    });

    expect(idsOf(verdictOf(all, { manifest }))).toEqual(["run:dbt-failed"]);
  });
});

describe("judge, on what was held back behind a stale source", () => {
  const stale = aSource("stripe", { hasFreshness: true });
  const below = aNode("charges", { parents: [stale.id] });
  const view = aNode("shared", { parents: [stale.id], materialized: "ephemeral" });
  const guard = aTest("not_null_charges", [below.id], { meta: { alert_key: "complete" } });
  const manifest = aManifest([stale, below, view, guard]);
  const ids = [below.id, view.id, guard.id].sort();
  const freshness = aDbtRun([aResult(stale.id, "error")], {
    ...{ command: "source freshness", exitCode: 1, held: [{ source: stale.id, ids }] },
  });

  it("knows each node as it knows those with a row, and the source as its cause", () => {
    const verdict = verdictOf(freshness, { manifest });

    expect(only(verdict)).toMatchObject({ subject: { id: stale.id }, skipped: ids });
    expect(Object.keys(verdict.nodes).sort()).toEqual([below.id, stale.id, guard.id].sort());
    expect(verdict.nodes[guard.id]).toMatchObject({ alertKey: "complete", test: "not_null", seconds: 0 });
    expect(verdict).toMatchObject({ passed: [], neutral: [] });
  });

  it("takes the row of what was built all the same", () => {
    const verdict = verdictOf([freshness, aDbtRun([aResult(below.id, "success")], { startedAt: 2 })], { manifest });

    expect(verdict.passed).toEqual([below.id]);
    expect(only(verdict).skipped).not.toContain(below.id);
  });

  it("takes no stale source for the cause of what dbt itself skipped", () => {
    const broken = aNode("broken");
    const skipped = aNode("skipped", { parents: ["model.shop.between", stale.id] });
    const project = aManifest([stale, broken, aNode("between", { parents: [broken.id] }), skipped]);
    const build = aDbtRun([aResult(broken.id, "error"), aResult(skipped.id, "skipped")], { exitCode: 1 });
    const late = aDbtRun([aResult(stale.id, "error")], { command: "source freshness", exitCode: 1, startedAt: 2 });

    const { findings } = verdictOf([build, late], { manifest: project });
    expect(findings.map((each) => each.skipped)).toEqual([[skipped.id], []]);
  });

  it.each<[string, Partial<DbtRun>, readonly string[] | undefined]>([
    ["was stopped", { trouble: "killed", exitCode: null }, ["complete"]],
    [
      "stopped at its first failure",
      { exitCode: 1, flags: { ...aDbtRun([]).flags, failFast: true } as never },
      ["complete"],
    ],
    ["came to its end", { exitCode: 1 }, undefined],
  ])("knows the alert_keys that a dbt which %s may not have come to", (_, overrides, keys) => {
    const run = aDbtRun([aResult(below.id, "error")], overrides);

    expect(verdictOf(run, { manifest }).unknownKeys).toEqual(keys);
  });
});

describe("judge, on rules", () => {
  const until = "2026-12-01";
  const failing = aDbtRun([aResult(ORDERS), aResult(TEST, "fail"), aResult("model.shop.report", "skipped")]);

  it("keeps what dbt said beside what a rule made of it", () => {
    expect(only(verdictOf(failing, { rules: [aRule({ severity: "warn" })] }))).toMatchObject({
      status: "fail",
      severity: "warn",
      muted: null,
    });
    expect(only(verdictOf(aDbtRun([aResult(TEST, "warn")]), { rules: [aRule({ severity: "error" })] }))).toMatchObject({
      status: "warn",
      severity: "error",
    });
  });

  it("mutes without changing the verdict", () => {
    const verdict = verdictOf(failing, { rules: [aRule({ mute: true, until, reason: "DATA-12" })] });

    expect(verdict.level).toBe("error");
    expect(only(verdict).muted).toEqual({ until, reason: "DATA-12" });
  });

  it("calls what is ignored neutral", () => {
    const verdict = verdictOf(aDbtRun([aResult(TEST, "fail")]), {
      rules: [aRule({ severity: "ignore", until, reason: "DATA-12" })],
    });

    expect(verdict).toMatchObject({ level: "pass", findings: [], neutral: [TEST], passed: [] });
  });

  it("makes a warning of an ignored failure that kept others from running", () => {
    const verdict = verdictOf(failing, { rules: [aRule({ severity: "ignore", until, reason: "DATA-12" })] });

    expect(only(verdict)).toMatchObject({ severity: "warn", skipped: ["model.shop.report"] });
  });

  it("applies no rule that has expired", () => {
    expect(
      verdictOf(failing, { rules: [aRule({ severity: "ignore", until: "2026-11-24", reason: "DATA-12" })] }).level,
    ).toBe("error");
  });

  it("matches a test by the tags, the group and the owner of the node that it guards", () => {
    const manifest = aManifest(
      [aNode("orders", { tags: ["finance"], group: "books" }), aTest("not_null_orders", [ORDERS], { tags: ["own"] })],
      { owners: new Map([["books", { name: "Finance", email: null, slack: null }]]) },
    );

    for (const match of [
      { tag: "finance" },
      { tag: "own" },
      { group: "books" },
      { owner: "Finance" },
      { test: "not_null" },
      { resource: "test" },
    ]) {
      expect(
        verdictOf(aDbtRun([aResult(TEST, "fail")]), { manifest, rules: [{ match, severity: "warn" }] }).level,
      ).toBe("warn");
    }
  });
});

describe("judge, on owners", () => {
  const owners = new Map([
    ["named", { name: "Finance", email: "f@shop.example", slack: null }],
    ["mailed", { name: null, email: "f@shop.example", slack: null }],
  ]);

  it.each<[string, Partial<Node>, string | null]>([
    ["the group's owner before meta", { group: "named", meta: { owner: "ana" } }, "Finance"],
    ["the group's address where it has no name", { group: "mailed" }, "f@shop.example"],
    ["meta.owner where the group is not known", { group: "gone", meta: { owner: "ana" } }, "ana"],
    ["the first of several", { meta: { owner: ["ana", "ben"] } }, "ana"],
    ["an owner with fields", { meta: { owner: { name: "ana" } } }, "ana"],
    ["nobody", { meta: { owner: 7 } }, null],
  ])("names %s", (_, overrides, owner) => {
    const nodes = [aNode("orders", overrides), aTest("not_null_orders", [ORDERS])];

    for (const id of [ORDERS, TEST]) {
      const verdict = verdictOf(aDbtRun([aResult(id, "error")]), { manifest: aManifest(nodes, { owners }) });
      expect(only(verdict).subject).toMatchObject({ owner });
    }
  });
});

describe("judge, on the Slack id of a group's owner", () => {
  const owners = new Map([
    ["core", { name: "Core", email: null, slack: "S0COREAAA" }],
    ["finance", { name: "Finance", email: null, slack: null }],
  ]);

  it.each<[string, Partial<Node>, Partial<Node>, string | null]>([
    ["of the test's own group", { group: "finance" }, { group: "core" }, "S0COREAAA"],
    ["of the group of the node that it guards", { group: "core" }, {}, "S0COREAAA"],
    ["not of the guarded node's where the test has an owner", { group: "core" }, { meta: { owner: "ana" } }, null],
    ["of nobody where the group gives none", { group: "finance" }, {}, null],
  ])("takes it %s", (_, model, test, slack) => {
    const nodes = [aNode("orders", model), aTest("not_null_orders", [ORDERS], test)];

    const verdict = verdictOf(aDbtRun([aResult(TEST, "fail")]), { manifest: aManifest(nodes, { owners }) });
    expect(only(verdict).subject).toMatchObject({ ownerSlack: slack });
  });
});

describe("judge, against the base and in order", () => {
  const rows = [aResult(TEST, "warn"), aResult(ORDERS, "error")];

  it("calls new what the base did not have, by id", () => {
    const base = aVerdict([aFinding({ subject: aSubject({ id: TEST }) }), aRunFinding("artifacts")]);

    const news = (findings: readonly Finding[]) => findings.map(({ isNew }) => isNew);

    expect(news(verdictOf(aDbtRun(rows), { base }).findings)).toEqual([true, false]);
    expect(news(verdictOf(aDbtRun(rows), { base: null }).findings)).toEqual([null, null]);
    expect(news(verdictOf(aDbtRun(null, { trouble: "stale" }), { base }).findings)).toEqual([false]);
  });

  it("puts errors first, then what kept most from running, then most failures, then by id", () => {
    const manifest = aManifest([aNode("a"), aNode("b", { parents: ["model.shop.a"] })]);
    const results = [
      aResult("test.shop.w", "warn", { failures: 900 }),
      aResult("test.shop.y", "fail", { failures: 5 }),
      aResult("test.shop.x", "fail", { failures: 5 }),
      aResult("test.shop.z", "fail", { failures: 70 }),
      aResult("model.shop.a", "error"),
      aResult("model.shop.b", "skipped"),
    ];

    expect(idsOf(verdictOf(aDbtRun(results), { manifest }))).toEqual([
      "model.shop.a",
      "test.shop.z",
      "test.shop.x",
      "test.shop.y",
      "test.shop.w",
    ]);
  });

  it("says how to see the errors again, with plain names only", () => {
    const names = ["a", "b;rm", "-x", "$(x)", "v.2", "ü"];
    const manifest = aManifest(names.map((name) => aNode(name)));

    const verdict = verdictOf(aDbtRun(names.map((name) => aResult(`model.shop.${name}`, "error"))), { manifest });

    expect(verdict.reproduce).toBe("dbt build --select a v.2");
    expect(verdictOf(aDbtRun([aResult("operation.shop.hook", "error")])).reproduce).toBeNull();
  });

  it.each([
    ["of the run", ["prod"], "dbt build --target prod --select orders"],
    ["of all its starts", ["prod", "prod"], "dbt build --target prod --select orders"],
    ["of none where starts differ", ["prod", "ci"], "dbt build --select orders"],
    ["of none where nobody knows it", [null], "dbt build --select orders"],
    ["of none whose name is more than a word", ["prod; rm"], "dbt build --select orders"],
    ["of none whose name is an option", ["--full-refresh"], "dbt build --select orders"],
  ])("says it with the target %s", (_, targets, expected) => {
    const runs = targets.map((target, at) =>
      aDbtRun([aResult(ORDERS, "error")], {
        startedAt: at,
        source: { file: "run_results.json", command: "build", generatedAt: "", target },
      }),
    );

    expect(verdictOf(runs).reproduce).toBe(expected);
  });
});

describe("judge, on anything", () => {
  const ids = [
    "model.shop.a",
    "model.shop.b",
    "test.shop.t",
    "unit_test.shop.u",
    "source.shop.raw.s",
    "operation.shop.o",
    "x",
    "",
    "__proto__",
  ];
  const known = [
    "pass",
    "success",
    "no-op",
    "reused",
    "fail",
    "error",
    "runtime error",
    "partial success",
    "warn",
    "skipped",
  ];
  const row = fc.record({
    id: fc.constantFrom(...ids),
    status: fc.oneof(fc.constantFrom(...known), fc.string()),
    message: fc.option(fc.string()),
    failures: fc.option(fc.integer()),
    seconds: fc.double({ min: 0, noNaN: true }),
    startedAt: fc.constant(null),
    relation: fc.constant(null),
  });
  const run = fc.record({
    command: fc.constantFrom("build", "test", "source freshness", "parse", "ls"),
    exitCode: fc.option(fc.constantFrom(0, 1, 2, 137)),
    startedAt: fc.integer({ min: 0, max: 100 }),
    seconds: fc.constant(1),
    results: fc.option(fc.array(row)),
    manifest: fc.constant(null),
    trouble: fc.constantFrom("none", "none", ...TROUBLES),
    lastWords: fc.option(fc.string()),
    source: fc.constant(null),
  }) as fc.Arbitrary<DbtRun>;
  const manifest: fc.Arbitrary<Manifest | null> = fc.option(
    fc
      .array(fc.subarray(ids), { minLength: ids.length, maxLength: ids.length })
      .map((parents) =>
        aManifest(
          ids.map((id, index) => aNode(id, { id, type: id.split(".")[0] ?? "", parents: parents[index] ?? [] })),
        ),
      ),
  );

  it("gives every row exactly one place, and never passes what failed", () => {
    fc.assert(
      fc.property(fc.array(run, { maxLength: 4 }), manifest, (runs, drawn) => {
        const verdict = verdictOf(runs, { manifest: drawn });

        const places = [
          ...idsOf(verdict).filter((id) => !id.startsWith("run:")),
          ...verdict.findings.flatMap(({ skipped }) => skipped),
          ...verdict.passed,
          ...verdict.neutral,
        ];
        expect(new Set(places).size).toBe(places.length);
        expect([...places].sort()).toEqual(Object.keys(verdict.nodes).sort());

        const troubles = runs.some(({ exitCode, trouble }) => (exitCode ?? 0) > 1 || trouble !== "none");
        if (troubles) expect(verdict.level).toBe("error");
        const isBad = ({ status }: { status: string }) =>
          !known.includes(status) || ["fail", "error", "runtime error", "partial success"].includes(status);
        if (runs.length === 1 && runs[0]?.results?.length === 1 && runs[0].results.some(isBad))
          expect(["error", "warn"]).toContain(verdict.level);
        if (runs.length === 1 && (runs[0]?.exitCode ?? 0) !== 0) expect(verdict.level).toBe("error");
      }),
    );
  });
});
