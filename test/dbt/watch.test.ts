import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { describeProgress, runningLongerThan } from "../../src/dbt/running-nodes.ts";
import { type BuildProgress, NOTHING_SEEN, observe } from "../../src/dbt/watch.ts";

function event(name: string, data: Record<string, unknown>): string {
  return JSON.stringify({ data, info: { name, msg: "" } });
}
const node = (id: string) => ({ node_info: { unique_id: `model.shop.${id}`, node_name: id } });

function watch(lines: readonly [string, number][]): BuildProgress {
  return lines.reduce((progress, [line, now]) => observe(progress, line, now), NOTHING_SEEN);
}

const PAGE = "https://console.cloud.google.com/bigquery?project=acme&j=bq:US:1a2b-3c&page=queryresults";
const PATIENT = { stallAfterSeconds: 3600, usualSeconds: new Map<string, number>() };

describe("dbt's JSON log", () => {
  it("tells which nodes run, since when, and how many have ended", () => {
    const progress = watch([
      [event("ConcurrencyLine", { node_count: 34 }), 0],
      [event("NodeStart", node("a")), 1000],
      [event("NodeStart", node("b")), 2000],
      [event("NodeFinished", node("a")), 3000],
    ]);

    expect(describeProgress(progress, 63_000, PATIENT)).toBe("1 of 34 nodes done; running: b (61 s)");
    expect(runningLongerThan(progress, 61, 63_000)).toEqual(["model.shop.b"]);
    expect(runningLongerThan(progress, 62, 63_000)).toEqual([]);
  });

  it("tells how many nodes there are with the first of them, and not of its hooks", () => {
    const lines: [string, number][] = [
      [event("ConcurrencyLine", { node_count: 37 }), 0],
      [event("LogHookEndLine", { index: 1, total: 2 }), 0],
    ];

    expect(watch(lines).total).toBe(37);
    expect(watch([...lines, [event("LogStartLine", { index: 1, total: 40 }), 0]]).total).toBe(40);
  });

  it("names the three oldest nodes and says how many more there are", () => {
    const progress = watch(["a", "b", "c", "d", "e"].map((id, index) => [event("NodeStart", node(id)), index * 1000]));

    expect(describeProgress(progress, 10_000, PATIENT)).toBe(
      "0 nodes done; running: a (10 s), b (9 s), c (8 s), +2 more",
    );
  });

  it("keeps what dbt said last when it gave up", () => {
    const progress = watch([
      [event("MainEncounteredError", { exc: "Compilation Error\n  Model 'a' depends on 'b'" }), 0],
    ]);

    expect(progress.lastWords).toBe("Compilation Error\n  Model 'a' depends on 'b'");
  });

  it("keeps the error of a crash before the place where it happened", () => {
    const trace = { data: {}, info: { name: "MainStackTrace", msg: "Traceback (most recent call last):" } };
    const progress = watch([
      [event("MainEncounteredError", { exc: "IO Error: Could not set lock" }), 0],
      [JSON.stringify(trace), 1],
    ]);

    expect(progress.lastWords).toBe("IO Error: Could not set lock\nTraceback (most recent call last):");
  });

  it.each<[what: string, text: string, job: string | null]>([
    ["of the node", `BigQuery adapter: ${PAGE}`, PAGE],
    ["behind other words", `On model.shop.a: sent\n${PAGE} (see there)`, PAGE],
    [
      "of an organization's project",
      PAGE.replace("acme", "example.com:acme-prod"),
      PAGE.replace("acme", "example.com:acme-prod"),
    ],
    ["on another host", PAGE.replace("console.cloud.google.com", "console.cloud.google.com.evil.test"), null],
    ["with more in it than a job has", PAGE.replace("1a2b", "1a2b&x=<b>"), null],
    ["that is a shell's word", PAGE.replace("acme", "$(x)"), null],
    ["in a long text, beyond what is looked at", `${"x".repeat(3000)}${PAGE}`, null],
    ["that is none", "BigQuery adapter: Opening BigQuery connection", null],
  ])("tells which job of BigQuery a node waits for: a page %s", (_, msg, job) => {
    const line = (data: Record<string, unknown>) =>
      JSON.stringify({ data: { ...data, name: "BigQuery", base_msg: msg }, info: { name: "AdapterEventDebug", msg } });
    const progress = watch([
      [event("NodeStart", node("a")), 0],
      [event("NodeStart", node("b")), 0],
      [line(node("a")), 1],
      [line(node("never_begun")), 1],
      [line({}), 1],
    ]);

    expect([...progress.running.values()].map((each) => each.job)).toEqual([job, null]);
  });

  it("may hold anything: no line makes it throw", () => {
    const names = fc.constantFrom("NodeStart", "NodeFinished", "ConcurrencyLine", "MainEncounteredError");
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          names.map((name) => `{"info":{"name":"${name}"},"data":{}}`),
          names.map((name) => `{"info":{"name": "${name}"},"data":null`),
          names.map((name) => `"name": "${name}"`),
        ),
        (line) => {
          observe(NOTHING_SEEN, line, 0);
        },
      ),
    );
  });

  const sample = new URL("../../../shared/design/samples/dbt-log-1.11.jsonl", import.meta.url);
  it("of real dbt 1.11 is understood", (context) => {
    if (!existsSync(sample)) {
      console.warn(`skipped: ${sample.pathname} is not here`);
      return context.skip();
    }
    const progress = watch(
      readFileSync(sample, "utf8")
        .split("\n")
        .map((line) => [line, 0]),
    );

    // Its last lines are of a second start, of two nodes.
    expect(progress).toMatchObject({ total: 2, finished: 6 });
    expect(progress.lastWords).toContain("Error");
  });
});

describe("what is worth a line where dbt's log is not shown", () => {
  const line = (level: string, name: string, msg: string, data: object = {}) =>
    JSON.stringify({ info: { level, name, msg }, data });
  const of = (id: string) => ({ node_info: { unique_id: id } });

  it.each<[what: string, line: string, words: readonly string[]]>([
    ["a failure of dbt 1", line("error", "LogTestResult", "33 of 42 FAIL 4 unique_a"), ["33 of 42 FAIL 4 unique_a"]],
    ["a warning of dbt 1", line("warn", "LogTestResult", "32 of 42 WARN 3 old"), ["32 of 42 WARN 3 old"]],
    ["what went well", line("info", "LogModelResult", "1 of 2 OK created", { status: "success" }), []],
    [
      "a failure of dbt 2, which is info",
      line("info", "LogTestResult", "    Failed [0.77s] test unique_a", { status: "fail" }),
      ["Failed [0.77s] test unique_a"],
    ],
    ["what dbt 2 skips", line("info", "LogTestResult", "   Skipped test", { status: "skipped" }), []],
    ["the summary at the end", line("error", "RunResultFailure", "Failure in model a"), []],
    ["the warnings in it", line("warn", "RunResultWarningMessage", "Got 3 results"), []],
    ["a deprecation", line("warn", "GenericTestDeprecation", "[WARNING]: old"), ["[WARNING]: old"]],
    [
      "a warning of dbt 2, without its addresses",
      line(
        "warn",
        "Generic",
        "[warning] [NoNodeForYamlKey (dbt1089)]: Unused\n  --> models/a.yml\n   0: <unknown>\n   1: <unknown>\n",
      ),
      ["[warning] [NoNodeForYamlKey (dbt1089)]: Unused\n  --> models/a.yml"],
    ],
    [
      "an error of a node, which has a line of its own",
      line("error", "Generic", "[error] [X (dbt1308)]: y", of("a")),
      [],
    ],
    ["an error that ends dbt, whose log is shown", line("error", "MainEncounteredError", "Compilation Error"), []],
    ["nothing", line("warn", "Generic", " "), []],
  ])("%s", (_, each, words) => {
    expect(
      watch([
        [each, 0],
        [each, 1],
      ]).notable,
    ).toEqual(words);
  });

  it("is no more than a screen or two", () => {
    const lines = Array.from({ length: 1_000 }, (_, index) => line("warn", "Note", `${index}\n${"x\n".repeat(5_000)}`));

    const { notable } = watch(lines.map((each) => [each, 0]));

    expect(notable.length).toBe(200);
    expect(notable.join("\n").length).toBeLessThan(10_000);
  });
});
