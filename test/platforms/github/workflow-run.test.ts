import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  describeRun,
  isMember,
  laterRead,
  type RunRecord,
  runAnswer,
  ticketOf,
} from "../../../src/platforms/github/workflow-run.ts";
import { ago, buildRun, DBT, NOW, REPOSITORY } from "./fake.ts";

const read = (overrides: object = {}): RunRecord => runAnswer.parse({ ...buildRun(42, 300), ...overrides });
const group = { paths: new Set([DBT]), branch: "main", headRepository: REPOSITORY };

describe("the ticket of a GitHub run", () => {
  it.each([
    ["of a first attempt is its creation", { created_at: ago(300), run_started_at: ago(300) }, 300],
    ["of a re-run is its own start", { created_at: ago(9000), run_started_at: ago(100), run_attempt: 2 }, 100],
    ["of a run that was queued anew is that", { created_at: ago(300), run_started_at: ago(200) }, 200],
    ["is never before its creation", { created_at: ago(300), run_started_at: ago(400) }, 300],
  ])("%s", (_, overrides, age) => {
    expect(ticketOf(read(overrides))).toMatchObject({ second: NOW / 1000 - age, pipeline: 0, id: "42" });
  });

  it.each([
    ["created_at", { created_at: null }],
    ["run_started_at", { run_started_at: undefined }],
    ["the zone of run_started_at", { run_started_at: "2026-01-05T07:00:00" }],
    ["run_attempt", { run_attempt: "1" }],
  ])("is unknown without %s", (_, overrides) => {
    expect(ticketOf(read(overrides))).toBeNull();
  });
});

describe("a GitHub run is of the group", () => {
  it.each<[string, object, boolean]>([
    ["by its path", {}, true],
    ["by its path with a ref behind it", { path: `${DBT}@refs/heads/main` }, true],
    ["by its path with a ref that holds an @", { path: `${DBT}@refs/heads/a@b.yml@c` }, true],
    ["not with another path", { path: ".github/workflows/lint.yml" }, false],
    ["not with another path of its name", { path: ".github/workflows/lint.yml", name: "dbt" }, false],
    ["not on another branch", { head_branch: "Main" }, false],
    ["not of a fork", { head_repository: { full_name: "dana/shop" } }, false],
    ["by its repository in whatever case", { head_repository: { full_name: "ACME/Shop" } }, true],
    ["where its fork was deleted", { head_repository: null }, true],
    ["where it does not tell its branch", { head_branch: null }, true],
    ["where it does not tell its path", { path: null }, true],
  ])("%s", (_, overrides, expected) => {
    expect(isMember(read(overrides), group)).toBe(expected);
  });

  it("of every head repository where this run's is not told", () => {
    const run = read({ head_repository: { full_name: "dana/shop" } });

    expect(isMember(run, { ...group, headRepository: null })).toBe(true);
  });
});

describe("of two reads of one GitHub run", () => {
  it.each<[string, object, object]>([
    ["the higher attempt counts", { run_attempt: 2, updated_at: ago(100) }, { run_attempt: 1, updated_at: ago(50) }],
    ["the later update counts", { status: "completed", updated_at: ago(50) }, { updated_at: ago(100) }],
    [
      "the later update counts, also where it is active",
      { updated_at: ago(50) },
      { status: "completed", updated_at: ago(99) },
    ],
    ["the active one counts on a tie", { status: "queued" }, { status: "completed" }],
    [
      "a known time counts before an unknown one",
      { updated_at: ago(100) },
      { updated_at: "soon", status: "completed" },
    ],
  ])("%s", (_, winner, loser) => {
    const [a, b] = [read(winner), read(loser)];

    expect([laterRead(a, b), laterRead(b, a)]).toEqual([a, a]);
  });
});

describe("a GitHub run is told", () => {
  it.each<[string, object, object]>([
    ["active by its status", {}, { ended: false, status: "in_progress", since: ago(300), tookSeconds: null }],
    [
      "ended by its conclusion",
      { status: "completed", conclusion: "cancelled", updated_at: ago(100) },
      { ended: true, status: "cancelled", since: ago(100), tookSeconds: 200 },
    ],
    ["active with a status that nobody knows", { status: "thinking" }, { ended: false, status: "thinking" }],
    ["active without a status", { status: null }, { ended: false, status: "unknown" }],
    ["active in spite of a conclusion", { conclusion: "success" }, { ended: false, status: "in_progress" }],
    ["by what started it", { event: "schedule" }, { trigger: "schedule" }],
    ["by an event that nobody knows", { event: "dream" }, { trigger: "unknown" }],
  ])("%s", (_, overrides, expected) => {
    expect(describeRun(read(overrides), null)).toMatchObject(expected);
  });

  it("active unless it says completed, whatever else its fields hold", () => {
    fc.assert(
      fc.property(
        fc.record({ status: fc.anything(), conclusion: fc.anything(), created_at: fc.anything(), path: fc.anything() }),
        (fields) => {
          const run = describeRun(read(fields), null);
          expect(run.ended).toBe(fields.status === "completed");
        },
      ),
    );
  });
});
