import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";

import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { VerdictResult } from "../../src/severity/verdict.ts";
import { findFreePort } from "../support/loopback.ts";
import { laptop, start, withPrograms } from "./cli.ts";
import { type Fault, openQuotaProxy, type QuotaProxy } from "./quota-proxy.ts";

/** A folder with dbt, dbt-bigquery and bqemulator: docs/CONTRIBUTING.md says how it is made. */
const BIN = process.env.TEST_BIGQUERY_BIN;
const isThere = BIN !== undefined && existsSync(join(BIN, "bqemulator"));
if (!isThere) console.warn('skipped: "a quota of BigQuery" needs TEST_BIGQUERY_BIN, a folder with dbt and bqemulator');

const MODELS = 30;

/** The team's story: tests fail, each time others, as more queries run at once than the project may. */
describe.skipIf(!isThere)("a quota of BigQuery, on real dbt-bigquery and an emulator", () => {
  let dir: string;
  let emulator: ChildProcess;
  let port: number;
  let proxy: QuotaProxy;

  beforeAll(async () => {
    const [rest, grpc] = [await findFreePort(), await findFreePort()];
    port = rest;
    const args = ["start", "--ephemeral", "--rest-port", `${rest}`, "--grpc-port", `${grpc}`, "--project", "acme"];
    emulator = spawn(join(BIN ?? "", "bqemulator"), args, { stdio: "ignore" });
    const url = `http://127.0.0.1:${rest}/bigquery/v2/projects/acme/datasets`;
    for (let tries = 0; !(await answers(url)); tries += 1) {
      if (tries > 300) throw new Error("the emulator did not start");
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  });
  afterAll(() => void emulator?.kill());
  beforeEach(() => {
    dir = realpathSync(mkdtempSync(join(tmpdir(), "signalbox-bigquery-")));
  });
  afterEach(() => {
    proxy?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const open = async (
    limit: number,
    hangs: RegExp | null = null,
    args: readonly string[] = [],
    faults: readonly Fault[] = [],
    healsAt: RegExp | null = null,
  ) => {
    proxy = await openQuotaProxy(port, limit, 500, hangs, faults);
    const repo = join(dir, "repo");
    const files = project(proxy.url, `d${limit}_${port}_${faults.length}${hangs === null ? "" : "h"}`);
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(repo, name)), { recursive: true });
      writeFileSync(join(repo, name), text);
    }
    const env = laptop({
      PATH: withPrograms(BIN ?? ""),
      SIGNALBOX_STORE: "none",
      SIGNALBOX_TICKET_DIR: join(dir, "t"),
    });
    const git = (...args: string[]) => spawnSync("git", args, { cwd: repo, env });
    git("init", "--quiet", "--initial-branch=main");
    git("add", "--all");
    git("commit", "--quiet", "--message", "The story");
    const run = start(["ci", "--mode", "deploy", ...args], { cwd: repo, env });
    if (healsAt !== null) void run.prints(healsAt).then(proxy.heal);
    const ended = await run.ended;
    const verdict = JSON.parse(readFileSync(join(repo, ".signalbox/verdict.json"), "utf8")) as VerdictResult;
    return { ...ended, verdict, xml: readFileSync(join(repo, "test-results/dbt/dbt.xml"), "utf8") };
  };

  it("is green at the second start, with a quarter of the threads", async () => {
    const { code, stdout, verdict, xml } = await open(4);

    expect(stdout).toMatch(/ERROR=\d+ SKIP=\d+ /);
    expect(proxy.seen.refused).toBeGreaterThan(0);
    expect(stdout).toMatch(/dbt is started again in .* with 3 threads \(\d+ nodes?: BigQuery quota\)/);
    expect(stdout).toMatch(/BigQuery quota, (?:all )?passed at the second try/);
    expect(stdout).toContain("it went with 3 threads: consider modes.*.threads in signalbox.yml");
    expect([code, verdict.level, verdict.passed.length]).toEqual([0, "pass", 3 * MODELS]);
    expect([xml.match(/<testcase/g)?.length, xml.match(/<error/g)]).toEqual([3 * MODELS, null]);
  });

  it("names the job that a node waits for, stops dbt, and is green at the second start", async () => {
    const { code, stdout, verdict } = await open(100, /`m7`/, ["--stall-after", "3s", "--node-timeout", "10s"]);

    const [job = ""] = proxy.hanging;
    const page = `https://console.cloud.google.com/bigquery?project=acme&j=bq:US:${job}&page=queryresults`;
    expect(stdout).toContain(`no end yet: model.story.m7 (3 s, waits for ${page})`);
    expect(stdout).toMatch(/dbt is started again in .* for \d+ nodes/);
    expect(verdict.retried?.nodes["model.story.m7"]?.[0]?.message).toContain(`it waited for ${page}`);
    expect([code, verdict.level, verdict.passed.length]).toEqual([0, "pass", 3 * MODELS]);
  });

  it("builds again after each fault of a moment, which it names, and not after a quota of the day", async () => {
    const ended = (model: string, reason: string, message: string): Fault => ({
      sql: new RegExp(`\\b${model}\\b`),
      as: { reason, message },
    });
    const { code, stdout, verdict } = await open(
      100,
      null,
      [],
      [
        ended("m1", "jobRateLimitExceeded", "Exceeded rate limits: too many jobs for this project"),
        ended("m2", "rateLimitExceeded", "Exceeded rate limits: too many table update operations for this table"),
        ended("m3", "backendError", "Error encountered during execution. Retrying may solve the problem."),
        ended(
          "m4",
          "internalError",
          "An internal error occurred and the request could not be completed. This is usually caused by a transient issue. Retrying the job with back-off as described in the BigQuery SLA should solve the problem",
        ),
        ended(
          "m5",
          "quotaExceeded",
          "Quota exceeded: Your table exceeded quota for imports or query appends per table",
        ),
        { sql: /\bm6\b/, as: "reset" },
        {
          sql: /\bm8\b/,
          as: {
            status: 503,
            body: '{"error":{"code":503,"message":"Service unavailable","errors":[{"reason":"backendError"}]}}',
          },
        },
      ],
    );

    // A reset and a 503 Google's own client asks again.
    expect(stdout).toMatch(/for 36 nodes, with 3 threads \(.*2 nodes: BigQuery rate limit/);
    expect(stdout).toMatch(/for 36 nodes, with 3 threads \(.*2 nodes: BigQuery internal error/);
    expect(stdout).toMatch(/2 models: BigQuery rate limit, all passed at the second try, \+/);
    expect(verdict.findings).toMatchObject([
      {
        subject: { id: "model.story.m5" },
        failureClass: "infrastructure",
        message: expect.stringContaining("Quota exceeded"),
      },
    ]);
    expect([code, proxy.seen.refused, verdict.passed.length]).toEqual([4, 7, 3 * MODELS - 9]);
  });

  it("ends what Google's client asks again and again for ten minutes without a word, and builds it then", async () => {
    // https://github.com/googleapis/python-bigquery/blob/main/google/cloud/bigquery/retry.py (_DEFAULT_RETRY_DEADLINE)
    const body = JSON.stringify({
      error: { code: 403, message: "Exceeded rate limits: x", errors: [{ reason: "rateLimitExceeded" }] },
    });
    const { code, stdout, verdict } = await open(
      100,
      null,
      ["--node-timeout", "15s"],
      [{ sql: /\bm9\b/, lasts: true, as: { status: 403, body } }],
      /is started again in/,
    );

    expect(proxy.seen.refused).toBeGreaterThan(1);
    expect(stdout).toContain("stopping dbt: --node-timeout of 15 s is over for model.story.m9");
    expect([code, verdict.level, verdict.passed.length]).toEqual([0, "pass", 3 * MODELS]);
  });

  it("is not started again for a token that has expired", async () => {
    const body =
      '{"error":{"code":401,"message":"Request had invalid authentication credentials. Expected OAuth 2 access token","errors":[{"reason":"authError"}],"status":"UNAUTHENTICATED"}}';
    const { code, stdout, verdict } = await open(100, null, [], [{ sql: /\bm1\b/, as: { status: 401, body } }]);

    expect(stdout).not.toContain("is started again in");
    expect(verdict.findings).toMatchObject([{ subject: { id: "model.story.m1" }, failureClass: "infrastructure" }]);
    expect([code, verdict.counts.skipped]).toEqual([4, 8]);
  });

  it("is one finding and exit 4 where it lasts", async () => {
    const { code, verdict, xml } = await open(0);

    expect(code).toBe(4);
    expect(verdict.findings).toMatchObject([
      { subject: { kind: "run", what: "warehouse" }, failureClass: "throttled", status: "BigQuery quota" },
    ]);
    expect(verdict.findings[0]?.nodes).toHaveLength(10);
    expect(xml.match(/<error/g)).toHaveLength(10);
    expect(verdict.counts).toMatchObject({ error: 1, skipped: 3 * MODELS - 10 });
  });
});

/** Ten models on their own and twenty on them, each with two tests. */
function project(url: string, dataset: string): Record<string, string> {
  const names = Array.from({ length: MODELS }, (_, index) => `m${index}`);
  const sqlOf = (index: number) =>
    index < 10 ? `select ${index} as id` : `select id from {{ ref('m${index - 10}') }}`;
  const target = `{ type: bigquery, method: oauth-secrets, token: x, project: acme, schema: ${dataset}, location: US, threads: 12, job_retries: 0, api_endpoint: "${url}" }`;
  return {
    ...Object.fromEntries(names.map((name, index) => [`models/${name}.sql`, `${sqlOf(index)}\n`])),
    "models/models.yml": `models:\n${names.map((name) => `  - { name: ${name}, columns: [{ name: id, data_tests: [not_null, unique] }] }\n`).join("")}`,
    "dbt_project.yml":
      "name: story\nprofile: story\nflags: { send_anonymous_usage_stats: false }\nmodels: { story: { +materialized: table } }\n",
    "profiles.yml": `story:\n  target: prod\n  outputs:\n    prod: ${target}\n    ci: ${target}\n`,
    "signalbox.yml":
      "version: 1\nbase_branch: main\nmodes:\n  check: { target: ci }\n  deploy: { target: prod }\nbuild: { retry_pause: 1s }\n",
    ".gitignore": "target/\nlogs/\n.signalbox/\ntest-results/\n",
  };
}

function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );
}
