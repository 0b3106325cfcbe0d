import { describe, expect, it } from "vitest";
import { type LooksBack, lastRuns, MOST_RUNS, withHistory } from "../../src/severity/history.ts";
import type { KeptRun, NodeRecord, NodeState } from "../../src/severity/run-record.ts";
import type { Finding, HistoryNote } from "../../src/severity/verdict.ts";
import { finding, subject, verdict } from "../render/build.ts";
import { aNode, aRecord, commitOf, hour } from "./history-build.ts";

const ID = "test.shop.unique_orders_id.1";
const about = (overrides: Partial<Finding> = {}) => finding({ subject: subject({ id: ID }), ...overrides });

/** One run: state and commit (`f`, `f@b`, `-@b`: no row), behind it `!` for a schedule, `~v2` for another version. */
function runsOf(script: string, node: (index: number) => Partial<NodeRecord> = () => ({})): KeptRun[] {
  let commit = "a";
  return script.split(" ").map((word, index): KeptRun => {
    const [, state = "", , at, schedule, , version] = /^(.)(@(\w))?(!)?(~(\w+))?$/.exec(word) ?? [];
    commit = at ?? commit;
    const more = { ...(version === undefined ? {} : { version }), ...node(index) };
    return aRecord({
      id: String(100 + index),
      startedAt: hour(index),
      commit: commitOf(commit),
      mode: schedule === undefined ? "deploy" : "schedule",
      nodes: new Map(state === "-" ? [] : [[ID, aNode(state as NodeState, more)]]),
    });
  });
}

/** What is said of a finding in the last of these runs. */
function notesOf(runs: readonly KeptRun[], of: Finding = about()): readonly HistoryNote[] {
  const record = runs.at(-1) ?? aRecord();
  const judged = withHistory(verdict({ findings: [of] }), runs.slice(0, -1), { kind: "production", record });
  return judged.findings[0]?.history ?? [];
}

const kinds = (notes: readonly HistoryNote[]) => notes.map(({ kind }) => kind);

describe("a flaky node", () => {
  // Each on commits of their own (a, b, c, …) unless they are schedules (!) of one.
  it.each<[what: string, script: string, isFlaky: boolean]>([
    ["passed twice when its commit was deployed again", "p f@b p f@c p f@d", true],
    ["passed once when its commit was deployed again, and came back by itself before", "p! f! p! f@b p f@c", true],
    ["comes and goes three times on the code that it always had", "p@a f@b p@c f@d p@e f@e!", true],
    ["comes and goes three times among schedules of one commit", "p! f! p! p! f! f! p! p! f!", true],
    ["failed once, and that when nothing had changed", "p! p! p! p! f!", false],
    [
      "failed once and passed when it was deployed again, then failed for the first time in days",
      "p f@b p p@c p@d f@e",
      false,
    ],
    ["was broken by data twice, each time for long", "p! f! f! f! p! p! f! f! f! f! p! f!", false],
    ["was deployed again until somebody had mended its data", "p f@b f f f p p@c f@d", false],
    ["failed twice in all", "p! f! p! p! p! f!", false],
    ["fails each time since a commit", "p p@b p@c f@d f@e f@f f@f", false],
    ["was broken and mended by commits that changed it", "p~v1 f@b~v2 p@c~v3 f@d~v4 p@e~v5 f@f~v6", false],
    ["was flaky, and is broken now", "p! f! p! f! p! f! p! f! f! f! f!", false],
    ["has a version that nobody knows", "p f@b p@c f@d p@e f@f", false],
    ["was skipped, held back or not selected in between", "f! -! -! f! -! f!", false],
  ])("%s: %s", (what, script, isFlaky) => {
    const isUnknown = what.includes("nobody knows");

    const notes = notesOf(runsOf(script, () => (isUnknown ? { version: null } : {})));

    expect(kinds(notes).includes("flaky")).toBe(isFlaky);
  });

  it("is told with how often it failed, of the runs that it had a result in, and how often it passed again", () => {
    expect(notesOf(runsOf("p - f@b p f@c p p@d f@e"))).toEqual([
      { kind: "flaky", on: null, failed: 3, runs: 7, passedAgain: 2, fault: "own" },
    ]);
  });

  it("passed in a second attempt of one run", () => {
    const again = (record: KeptRun, attempt: number): KeptRun => ({ ...record, id: "500", attempt });
    const [first, second, ...others] = runsOf("f! p! p! f! p! f!");
    const attempts = [first, second].map((record, index) => again(record ?? aRecord(), index + 1));

    expect(kinds(notesOf([...attempts, ...others]))).toEqual(["flaky"]);
  });

  it("is not what the warehouse failed, nor what it failed before it passed in a second start", () => {
    expect(notesOf(runsOf("p! i! p! i! p! r! p! f!"))).toEqual([]);
    expect(notesOf(runsOf("p! i! p! r! p! i!"), about({ failureClass: "throttled" }))).toEqual([
      { kind: "flaky", on: null, failed: 3, runs: 6, passedAgain: 1, fault: "warehouse" },
    ]);
    expect(notesOf(runsOf("p! p! i!"), about({ failureClass: "throttled" }))).toEqual([]);
  });

  it("is a warning that comes and goes, and an error for which warnings are no evidence", () => {
    const warning = about({ severity: "warn", status: "warn" });

    expect(kinds(notesOf(runsOf("p! w! p! w! p! w!"), warning))).toEqual(["flaky"]);
    expect(notesOf(runsOf("p! w! p! w! p! f!"))).toEqual([]);
  });
});

describe("a growing number of failures", () => {
  it.each<[what: string, counts: readonly (number | null)[], told: readonly number[] | null]>([
    ["three that grow", [3, 9, 41], [3, 9, 41]],
    ["what stays the same between new data", [3, 3, 9, 9, 9, 41], [3, 9, 41]],
    ["the end of a longer series", [50, 3, 9, 41], [3, 9, 41]],
    ["many small steps", [100, 101, 102, 103, 104], [100, 101, 102, 103, 104]],
    ["a run whose count is not known in between", [3, null, 9, 41], [3, 9, 41]],
    ["two", [3, 41], null],
    ["three by chance", [100, 103, 109], null],
    ["less at last", [3, 9, 41, 40], null],
    ["always the same", [41, 41, 41, 41], null],
    ["no count at last", [3, 9, 41, null], null],
  ])("is told of %s: %j", (_, counts, told) => {
    const script = ["p!", ...counts.map(() => "f!")].join(" ");

    const notes = notesOf(runsOf(script, (index) => ({ failures: counts[index - 1] ?? null })));

    expect(notes.find(({ kind }) => kind === "growing") ?? null).toEqual(told && { kind: "growing", counts: told });
  });

  it("starts again where the test passed, and is none of a unit test", () => {
    const counts = [3, 9, 0, 41];
    expect(kinds(notesOf(runsOf("f! f! p! f!", (index) => ({ failures: counts[index] ?? null }))))).toEqual([]);

    const unit = about({ subject: subject({ id: ID, type: "unit_test" }) });
    const growing = runsOf("p! f! f! f!", (index) => ({ failures: [0, 3, 9, 41][index] ?? null }));
    expect(kinds(notesOf(growing, unit))).toEqual(["failing"]);
  });

  it("is in the order in which runs began, not in which they were kept", () => {
    const runs = runsOf("p! f! f! f!", (index) => ({ failures: [0, 3, 9, 41][index] ?? null }));
    const [passed, three, nine, now] = runs as [KeptRun, KeptRun, KeptRun, KeptRun];

    expect(notesOf([nine, passed, three, now])[0]).toEqual({ kind: "growing", counts: [3, 9, 41] });
  });
});

const firstAt = (index: number, commit: string) => ({ at: hour(index), commit: commitOf(commit) });

describe("a node that goes on failing", () => {
  it.each<[what: string, script: string, told: Partial<HistoryNote> | null]>([
    ["since a commit", "p p@b f@c f@d f@e", { runs: 3, first: firstAt(2, "c"), isSince: true }],
    ["through runs that say nothing of it", "p f@c - i f@e", { runs: 2, first: firstAt(1, "c"), isSince: true }],
    ["as long as anybody remembers", "f f@b f@c", { runs: 3, first: firstAt(0, "a"), isSince: false }],
    ["as long as its own runs tell", "- i w f@b f@c", { runs: 2, first: firstAt(3, "b"), isSince: false }],
    ["for the first time", "p p@b f@c", null],
    ["in the first run that there is", "f", null],
    ["behind a warning, which was no failure", "w f@b", null],
  ])("is told %s: %s", (_, script, told) => {
    expect(notesOf(runsOf(script))).toEqual(told === null ? [] : [{ kind: "failing", on: null, ...told }]);
  });
});

describe("a slow node", () => {
  const timed = (seconds: readonly (number | null)[], states = seconds.map(() => "p!")) =>
    runsOf([...states.slice(0, -1), "f!"].join(" "), (index) => ({ seconds: seconds[index] ?? null }));

  it.each<[what: string, seconds: readonly (number | null)[], isTold: boolean]>([
    ["far above the median of five", [100, 104, 104, 110, 90, 250], true],
    ["not twice as long", [100, 104, 104, 110, 90, 200], false],
    ["only seconds longer", [1, 1, 1, 1, 1, 9], false],
    ["no five times known", [100, 104, null, 110, 90, 250], false],
    ["no time of its own", [100, 104, 104, 110, 90, null], false],
    ["as long as it often is", [20, 250, 20, 20, 260, 250], false],
    ["longer than once before", [20, 20, 20, 20, 260, 250], true],
  ])("took %s: %j", (_, seconds, isTold) => {
    expect(kinds(notesOf(timed(seconds))).includes("slow")).toBe(isTold);
  });

  it("is told with both numbers, also where the warehouse stopped it", () => {
    const runs = timed([100, 104, 104, 110, 90, 250]);
    expect(notesOf(runs)).toEqual([{ kind: "slow", seconds: 250, medianSeconds: 104 }]);
  });
});

describe("a check of a branch", () => {
  const notesOfCheck = (script: string, of = about()) => {
    const now: LooksBack = { kind: "check", on: "main", at: hour(1000) };
    return withHistory(verdict({ findings: [of] }), runsOf(script), now).findings[0]?.history ?? [];
  };

  const onMain = (runs: number, first: ReturnType<typeof firstAt>, isSince: boolean): HistoryNote => ({
    ...{ kind: "failing", on: "main", runs, first, isSince },
  });

  it.each<[what: string, script: string, notes: readonly HistoryNote[]]>([
    ["fails on the base branch too", "p f@b", [onMain(1, firstAt(1, "b"), true)]],
    ["fails there in several runs, and passed before", "f p@b f@c f@d", [onMain(2, firstAt(2, "c"), true)]],
    ["failed in the only run that is known", "f", [onMain(1, firstAt(0, "a"), false)]],
    ["failed in the only run that tells of it", "- i w f@b -", [onMain(1, firstAt(3, "b"), false)]],
    ["failed in each run that is known", "f f@b f@c", [onMain(3, firstAt(0, "a"), false)]],
    [
      "is flaky on the base branch",
      "p f@b p f@c p",
      [{ kind: "flaky", on: "main", failed: 2, runs: 5, passedAgain: 2, fault: "own" }],
    ],
    ["passes on the base branch", "p f@b p@c", []],
    ["is not on the base branch", "- -", []],
  ])("hears that the node %s", (_, script, notes) => {
    expect(notesOfCheck(script)).toEqual(notes);
  });
});

describe("the runs that are looked at", () => {
  it("are the last twenty by their beginning, this one among them", () => {
    const runs = runsOf(Array.from({ length: 50 }, () => "p").join(" "));
    const record = runs.at(-1) ?? aRecord();

    const found = lastRuns([...runs.slice(0, -1)].reverse(), { kind: "production", record });

    expect(found.map(({ id }) => id)).toEqual(runs.slice(-MOST_RUNS).map(({ id }) => id));
  });

  it("hold one record of each attempt, none that began later, and this run's own once", () => {
    const record = aRecord({ id: "7", attempt: 2, startedAt: hour(5) });
    const records = [
      aRecord({ id: "7", attempt: 1, startedAt: hour(1) }),
      aRecord({ id: "7", attempt: 1, startedAt: hour(2), level: "error" }),
      aRecord({ id: "7", attempt: 2, startedAt: hour(3) }),
      aRecord({ id: "8", startedAt: hour(6) }),
      aRecord({ id: "9", startedAt: "9999-01-01T00:00:00.000Z" }),
    ];

    expect(lastRuns(records, { kind: "production", record })).toEqual([records[1], record]);
  });

  it("change nothing of a verdict but the notes, and nothing where there are none", () => {
    const judged = verdict({ findings: [about(), finding({ subject: { kind: "run", what: "warehouse" } })] });
    const [record, ...others] = runsOf("f p@b f@c").reverse() as [KeptRun, ...KeptRun[]];

    const found = withHistory(judged, others, { kind: "production", record });

    expect(found).toEqual(judged);
    expect(withHistory(judged, [], { kind: "check", on: "main", at: hour(0) })).toBe(judged);
  });
});
