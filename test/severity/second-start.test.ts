import { describe, expect, it } from "vitest";
import type { DbtRun } from "../../src/artifacts/dbt-run.ts";
import type { Node } from "../../src/artifacts/manifest.ts";
import type { NodeResult } from "../../src/artifacts/run-results.ts";
import { decideSecondStart, type SecondStart, type SecondStartInput } from "../../src/severity/second-start.ts";
import { aDbtRun, aManifest, aNode, aResult, aTest, aUnitTest } from "../artifacts/build.ts";

const RATE = "Exceeded rate limits: too many concurrent queries for this project";
const RESET = "('Connection aborted.', ConnectionResetError(104, 'Connection reset by peer'))";
const DENIED = "Access Denied: Table p:d.t";
const id = (name: string) => `model.shop.${name}`;
const test = (name: string) => `test.shop.${name}`;

/** a → b → c, each with a test; d on its own; both(b, d) reads two. */
const NODES: readonly Node[] = [
  aNode("a"),
  aNode("b", { parents: [id("a")] }),
  aNode("c", { parents: [id("b")] }),
  aNode("d"),
  aNode("both", { parents: [id("b"), id("d")] }),
  aTest("t_a", [id("a")]),
  aTest("t_b", [id("b")]),
];
const ok = (name: string) => aResult(id(name));
const errs = (key: string, message: string) => aResult(key, "error", { message });
const skipped = (key: string, message: string | null = null) => aResult(key, "skipped", { message });

function decide(
  rows: readonly NodeResult[] | null,
  {
    nodes = NODES,
    planned = nodes.map((node) => node.id),
    run = {},
    ...input
  }: Partial<Omit<SecondStartInput, "manifest" | "planned">> & {
    planned?: readonly string[] | null;
    nodes?: readonly Node[];
    run?: Partial<DbtRun>;
  } = {},
): SecondStart {
  const manifest = aManifest(nodes, { adapter: "bigquery" });
  return decideSecondStart({
    attempts: [aDbtRun(rows, { manifest, threads: 12, ...run })],
    manifest,
    planned: () => planned,
    retries: 1,
    pauseSeconds: 30,
    random: 0.5,
    ...input,
  });
}
const idsOf = (decision: SecondStart) => (decision.kind === "again" ? decision.ids : decision.why);

describe("what is built again", () => {
  it.each<[string, readonly NodeResult[], readonly string[] | string | null]>([
    ["nothing, where all went well", [ok("a"), ok("b")], null],
    ["nothing, where data failed", [ok("a"), aResult(test("t_a"), "fail"), skipped(id("b"))], null],
    ["nothing, where the code is wrong", [errs(id("a"), "Syntax error: x"), skipped(id("b"))], null],
    ["nothing, where the credentials are wrong", [errs(id("a"), DENIED), skipped(id("b"))], null],
    ["nothing, where nobody knows the failure", [errs(id("a"), "the moon"), skipped(id("b"))], null],
    [
      "what was throttled, and what waited for it",
      [errs(id("a"), RATE), skipped(id("b")), skipped(id("c")), ok("d")],
      [id("a"), id("b"), id("c")],
    ],
    [
      "a test alone, with what waited for it",
      [ok("a"), errs(test("t_a"), RATE), skipped(id("b")), ok("d")],
      [id("b"), test("t_a")],
    ],
    [
      "not what waits for a failure of data too",
      [ok("a"), ok("b"), errs(id("d"), RESET), aResult(test("t_b"), "fail"), skipped(id("c")), skipped(id("both"))],
      [id("d")],
    ],
    [
      "not what waits for wrong code too",
      [errs(id("a"), RESET), errs(id("d"), "Syntax error: x"), skipped(id("b")), skipped(id("both"))],
      [id("a"), id("b")],
    ],
    [
      "not what failed below a failure of data",
      [ok("a"), aResult(test("t_a"), "fail"), errs(id("b"), RESET)],
      "nothing can be built again",
    ],
    ["not what was skipped for another reason", [errs(id("a"), RESET), skipped(id("d"))], [id("a")]],
    ["a node that was stopped", [aResult(id("a"), "stopped", { message: "no answer" }), ok("d")], [id("a")]],
  ])("is %s", (_, rows, wanted) => {
    expect(idsOf(decide(rows))).toEqual(wanted);
  });

  it("is the model too where its unit test was throttled", () => {
    const nodes = [...NODES, aUnitTest("u_a", id("a"))];

    const decision = decide([errs("unit_test.shop.u_a", RATE), skipped(id("a")), skipped(id("b"))], { nodes });

    expect(idsOf(decision)).toEqual([id("a"), id("b"), "unit_test.shop.u_a"]);
  });
});

describe("what cannot be repeated", () => {
  const incremental = (config: object) => aNode("a", { materialized: "incremental", raw: { config } });
  const hooked = { "post-hook": [{ sql: "insert into audit" }] };

  it.each<[string, Node, "never" | "where it was refused" | "always"]>([
    ["a table", aNode("a"), "always"],
    ["a view with hooks", aNode("a", { materialized: "view", raw: { config: hooked } }), "always"],
    ["a snapshot", aNode("a", { type: "snapshot", materialized: "snapshot", id: id("a") }), "where it was refused"],
    [
      "a snapshot with hooks",
      aNode("a", { type: "snapshot", materialized: "snapshot", id: id("a"), raw: { config: hooked } }),
      "never",
    ],
    ["an append", incremental({ incremental_strategy: "append", unique_key: "id" }), "where it was refused"],
    ["an append with hooks", incremental({ incremental_strategy: "append", ...hooked }), "never"],
    ["a merge without a key, which appends", incremental({ incremental_strategy: "merge" }), "where it was refused"],
    ["an incremental model that says nothing", incremental({}), "where it was refused"],
    ["a merge by key", incremental({ incremental_strategy: "merge", unique_key: "id" }), "always"],
    ["the default by a key of several columns", incremental({ unique_key: ["a", "b"] }), "always"],
    ["delete and insert by key", incremental({ incremental_strategy: "delete+insert", unique_key: "id" }), "always"],
    ["insert_overwrite", incremental({ incremental_strategy: "insert_overwrite" }), "always"],
    [
      "a strategy of the project's own",
      incremental({ incremental_strategy: "mine", unique_key: "id" }),
      "where it was refused",
    ],
    ["a microbatch model", incremental({ incremental_strategy: "microbatch", unique_key: "id" }), "never"],
    ["a materialization of the project's own", aNode("a", { materialized: "mine" }), "where it was refused"],
  ])("%s: %s", (_, node, wanted) => {
    const nodes = [node, aNode("b", { parents: [id("a")] })];
    const repeated = (message: string) => idsOf(decide([errs(id("a"), message), skipped(id("b"))], { nodes }));
    const both = [id("a"), id("b")];

    expect([repeated(RESET), repeated(RATE)].map((found) => typeof found !== "string")).toEqual([
      wanted === "always",
      wanted !== "never",
    ]);
    if (wanted === "always") expect(repeated(RESET)).toEqual(both);
    if (wanted !== "never") expect(repeated(RATE)).toEqual(both);
    if (wanted === "never") expect(repeated(RATE)).toMatch(/^model\.shop\.a: an? .* that had begun$/);
  });

  it("keeps back what waits for it, builds the rest, and says what it left", () => {
    const nodes = [
      incremental({ incremental_strategy: "append" }),
      aNode("b", { parents: [id("a")] }),
      aNode("d"),
      aNode("both", { parents: [id("a"), id("d")] }),
    ];

    const decision = decide([errs(id("a"), RESET), errs(id("d"), RESET), skipped(id("b")), skipped(id("both"))], {
      nodes,
    });

    expect(decision).toMatchObject({
      kind: "again",
      ids: [id("d")],
      left: [{ id: id("a"), why: "an incremental model that appends that had begun" }],
    });
  });

  it("is repeated where it was only skipped", () => {
    const nodes = [aNode("d"), aNode("a", { type: "snapshot", id: id("a"), parents: [id("d")] })];

    expect(idsOf(decide([errs(id("d"), RESET), skipped(id("a"))], { nodes }))).toEqual([id("a"), id("d")]);
  });

  it("is a microbatch of which a part succeeded", () => {
    expect(idsOf(decide([aResult(id("a"), "partial success", { message: RATE }), ok("d")]))).toBe(
      `${id("a")}: a microbatch model of which a part is done`,
    );
  });
});

describe("hooks", () => {
  const start = "operation.shop.shop-on-run-start-0";
  const end = "operation.shop.shop-on-run-end-0";

  it.each<[string, readonly NodeResult[], readonly string[] | string | null]>([
    [
      "at the start that was reset: all that waited",
      [errs(start, RESET), skipped(id("a")), skipped(id("d"))],
      [id("a"), id("d")],
    ],
    ["at the start with wrong code: nothing", [errs(start, "Syntax error: x"), skipped(id("a"))], null],
    [
      "at the start with wrong code, and a reset: nothing",
      [errs(start, "Syntax error: x"), errs(id("d"), RESET)],
      "nothing can be built again",
    ],
    ["at the end that was reset: nothing, as all is built", [ok("a"), errs(end, RESET)], `${end}: a hook at the end`],
    ["at the end that was reset, beside a model: the model", [errs(id("a"), RESET), errs(end, RESET)], [id("a")]],
  ])("%s", (_, rows, wanted) => {
    expect(idsOf(decide(rows))).toEqual(wanted);
  });
});

describe("a dbt that ended early", () => {
  it.each<[string, Partial<DbtRun>, readonly NodeResult[] | null, readonly string[] | string | null]>([
    ["killed, without a row: all", { trouble: "killed", exitCode: null }, null, NODES.map((node) => node.id).sort()],
    [
      "stopped by --node-timeout: the rest",
      { trouble: "stalled", exitCode: 2 },
      [ok("a"), ok("d"), aResult(test("t_a"), "pass"), aResult(id("b"), "stopped")],
      [id("b"), id("both"), id("c"), test("t_b")],
    ],
    [
      "killed, and data failed: not what waits for that",
      { trouble: "killed", exitCode: null },
      [ok("a"), ok("d"), aResult(test("t_a"), "fail")],
      "nothing can be built again",
    ],
    ["stopped by --run-timeout: nothing", { trouble: "timed-out", exitCode: 2 }, [ok("a")], "--run-timeout is over"],
    [
      "locked out of the file before the first node: all",
      { exitCode: 2, trouble: "missing", lastWords: RESET },
      null,
      NODES.map((node) => node.id).sort(),
    ],
    [
      "the same with exit 1, as dbt 2 has it",
      { exitCode: 1, trouble: "missing", lastWords: RATE },
      null,
      NODES.map((node) => node.id).sort(),
    ],
    [
      "a project that does not compile: nothing",
      { exitCode: 2, trouble: "missing", lastWords: "Compilation Error\n  x" },
      null,
      null,
    ],
    ["without a reason: nothing", { exitCode: 2, trouble: "missing", lastWords: null }, null, null],
    ["results that cannot be read: nothing", { trouble: "unreadable", exitCode: 1, lastWords: RESET }, null, null],
    [
      "--fail-fast after a reset: all that it cut off",
      { flags: { failFast: true, empty: false, sample: false, fullRefresh: false } },
      [errs(id("a"), RESET), skipped(id("d"), "Skipping due to fail_fast"), ok("c")],
      NODES.map((node) => node.id)
        .filter((each) => each !== id("c"))
        .sort(),
    ],
    [
      "--fail-fast after a reset and a failure: nothing",
      { flags: { failFast: true, empty: false, sample: false, fullRefresh: false } },
      [errs(id("a"), RESET), aResult(test("t_b"), "fail")],
      "--fail-fast: another failure ended the build",
    ],
  ])("%s", (_, run, rows, wanted) => {
    expect(idsOf(decide(rows, { run }))).toEqual(wanted);
  });

  it("is not started for a snapshot that had begun, and says so", () => {
    const nodes = [aNode("s", { type: "snapshot", id: id("s") }), aNode("d")];

    const decision = decide([aResult(id("s"), "stopped")], { nodes, run: { trouble: "killed", exitCode: null } });

    expect(decision).toMatchObject({ ids: [id("d")], left: [{ id: id("s"), why: "a snapshot that had begun" }] });
  });
});

it("asks what was planned only where dbt did not come to all of it", () => {
  const asked = (rows: readonly NodeResult[], run: Partial<DbtRun> = {}) => {
    const manifest = aManifest(NODES, { adapter: "bigquery" });
    let times = 0;
    const planned = () => {
      times += 1;
      return null;
    };
    const attempts = [aDbtRun(rows, { manifest, ...run })];
    decideSecondStart({ attempts, manifest, planned, retries: 1, pauseSeconds: 30, random: 0 });
    return times;
  };

  expect([asked([ok("a")]), asked([errs(id("a"), RATE)])]).toEqual([0, 0]);
  expect(asked([ok("a")], { trouble: "killed", exitCode: null })).toBe(1);
});

describe("how often, how soon, with how many threads", () => {
  const failing = (message: string, threads: number | null) =>
    aDbtRun([errs(id("a"), message)], { threads, manifest: aManifest(NODES, { adapter: "bigquery" }) });
  const again = (threads: number | null, message = RATE): DbtRun => ({
    ...failing(message, threads),
    startedAt: Date.parse("2026-11-25T08:00:00Z"),
    again: { ids: [id("a")], pauseSeconds: 45, why: "x" },
  });

  const lockedOut: DbtRun = {
    ...again(null),
    ...{ results: null, manifest: null, trouble: "missing", exitCode: 2, lastWords: RATE },
  };

  it("asks a third time for what the second could not begin, and for nothing that the first built", () => {
    const nodes = [aNode("a"), aNode("s", { type: "snapshot", materialized: "snapshot" })];
    const one = aDbtRun([errs(id("a"), RATE), aResult("snapshot.shop.s")], {
      manifest: aManifest(nodes, { adapter: "bigquery" }),
    });

    expect(decide([], { nodes, attempts: [one, lockedOut], retries: 2 })).toMatchObject({ ids: [id("a")] });
  });

  it.each<[string, readonly DbtRun[], number, string]>([
    ["--retries 0", [failing(RATE, 4)], 0, "--retries is 0"],
    ["one second start of one", [failing(RATE, 4), again(1)], 1, "--retries 1 is used up"],
    ["three of three", [failing(RATE, 4), again(1), again(1), again(1)], 3, "--retries 3 is used up"],
  ])("no more after %s", (_, attempts, retries, why) => {
    expect(decide([], { attempts, retries })).toEqual({ kind: "none", why });
  });

  it.each<[string, readonly DbtRun[], number | null]>([
    ["a quarter after throttling", [failing(RATE, 12)], 3],
    ["one at least", [failing(RATE, 3)], 1],
    ["half of it at the third", [failing(RATE, 12), again(3)], 1],
    ["half of it at the third of many", [failing(RATE, 64), again(16)], 8],
    ["dbt's own after a reset", [failing(RESET, 12)], null],
    ["as few as before after a reset behind throttling", [failing(RATE, 12), again(3, RESET)], 3],
    ["a quarter where only the second was throttled", [failing(RESET, 12), again(12)], 3],
    ["dbt's own where it said none", [failing(RATE, null)], null],
    ["a quarter of the first's behind one that was locked out", [failing(RATE, 12), lockedOut], 3],
    ["half of the last that said it, behind one that was locked out", [failing(RATE, 64), again(16), lockedOut], 8],
  ])("%s", (_, attempts, threads) => {
    expect(decide([], { attempts, retries: 3 })).toMatchObject({ threads });
  });

  it("waits longer each time, never twice the same", () => {
    const pause = (attempts: readonly DbtRun[], random: number) =>
      decide([], { attempts, retries: 3, random }) as { pauseSeconds?: number };
    const one = [failing(RATE, 4)];

    expect([0, 0.5, 0.99].map((random) => pause(one, random).pauseSeconds)).toEqual([30, 45, 60]);
    expect(pause([...one, again(1)], 0).pauseSeconds).toBe(60);
    expect(pause([...one, again(1), again(1)], 0.99).pauseSeconds).toBe(120);
  });

  it("says what it is for", () => {
    const rows = [errs(id("a"), RATE), errs(id("d"), RATE), errs(id("c"), RESET)];

    expect(decide(rows)).toMatchObject({
      causes: [
        { words: "BigQuery rate limit", failureClass: "throttled", nodes: 2 },
        { words: "connection lost", failureClass: "transient", nodes: 1 },
      ],
    });
  });
});
