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

    expect(progress).toMatchObject({ total: 11, finished: 6 });
    expect(progress.lastWords).toContain("Error");
  });
});
