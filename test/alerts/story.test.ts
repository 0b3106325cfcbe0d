import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Alert } from "../../src/alerts/alert.ts";
import type { FailureClass, Finding } from "../../src/severity/verdict.ts";
import { aRunFinding, aSubject, aVerdict } from "../severity/build.ts";
import { failed, HOUR_MS, NOW, failing as ofOneColumn } from "./build.ts";
import { createPeople, type Sight } from "./people.ts";
import { arrive, createPlay } from "./play.ts";

const NAMES = ["a", "b", "c"] as const;
const STATES = ["error", "warn", "muted error", "muted warning", "passed", "not run", "gone", "disabled"] as const;
const MUTED = { until: "2027-01-01", reason: "DATA-12" };

type State = (typeof STATES)[number];

/** One run: how long after the last, what it found, and which of its messages arrive, in their order. */
interface Episode {
  readonly hours: number;
  readonly states: readonly (State | "as before")[];
  readonly dbtFailed: FailureClass | null;
  readonly arrivals: readonly boolean[];
}

function anEpisode(hours: fc.Arbitrary<number>, stayOfTen: number): fc.Arbitrary<Episode> {
  const state = fc.oneof(
    { weight: stayOfTen, arbitrary: fc.constant("as before" as const) },
    { weight: 10 - stayOfTen, arbitrary: fc.constantFrom(...STATES) },
  );
  return fc.record({
    hours,
    states: fc.tuple(...NAMES.map(() => state)),
    dbtFailed: fc.constantFrom<(FailureClass | null)[]>(null, null, "code", "infrastructure"),
    arrivals: fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
  });
}

const restless = anEpisode(fc.oneof(fc.integer({ min: 0, max: 30 }), fc.constantFrom(1, 1, 23, 24, 25)), 3);
/** Weeks in which little changes: what stays meets its deadline. */
const calm = anEpisode(fc.integer({ min: 20, max: 60 }), 8);
const history = fc.oneof(
  fc.array(restless, { minLength: 1, maxLength: 14 }),
  fc.array(calm, { minLength: 1, maxLength: 14 }),
);

/** Tests of one kind on columns of their own: none is taken for another that is gone. */
function failing(name: string, overrides: Partial<Finding> = {}): Finding {
  return ofOneColumn(name, { subject: aSubject({ id: idOf(name), name, column: name }), ...overrides });
}

const idOf = (name: string) => `test.shop.${name}`;

/** The states of each run, where some are as they were in the run before. */
function statesOf(episodes: readonly Episode[]): readonly (readonly State[])[] {
  let before: readonly State[] = NAMES.map(() => "passed");
  return episodes.map(({ states }) => {
    before = states.map((state, index) => (state === "as before" ? (before[index] ?? "passed") : state));
    return before;
  });
}

function verdictOf(states: readonly State[], dbtFailed: FailureClass | null) {
  const named = (...wanted: State[]) =>
    NAMES.filter((_, index) => wanted.includes(states[index] ?? "passed")).map(idOf);
  const findings = NAMES.flatMap<Finding>((name, index) => {
    const state = states[index];
    if (state === "error" || state === "warn") return failing(name, { severity: state });
    if (state === "muted warning") return failing(name, { severity: "warn", muted: MUTED });
    return state === "muted error" ? failing(name, { muted: MUTED }) : [];
  });
  return aVerdict(
    [...findings, ...(dbtFailed === null ? [] : [aRunFinding("dbt-failed", { failureClass: dbtFailed })])],
    {
      passed: named("passed"),
      known: [...NAMES.map(idOf).filter((id) => !named("gone", "disabled").includes(id)), "model.shop.orders"],
      disabled: named("disabled"),
    },
  );
}

const SIGHTS: Readonly<Record<State, Sight>> = {
  error: { state: "error" },
  warn: { state: "warn" },
  "muted error": { state: "error", isMuted: true },
  "muted warning": { state: "warn", isMuted: true },
  passed: { state: "passed" },
  "not run": { state: "unknown" },
  gone: { state: "gone" },
  disabled: { state: "unknown", isDisabled: true },
};

/** What the run says of each test, and of the run itself: it went well where something passed. */
function sightsOf(states: readonly State[], dbtFailed: FailureClass | null): ReadonlyMap<string, Sight> {
  const ofRun = (failureClass: FailureClass): Sight => ({
    state: dbtFailed === failureClass ? "error" : states.includes("passed") ? "passed" : "unknown",
  });
  return new Map([
    ...NAMES.map((name, index) => [`v1:${idOf(name)}`, SIGHTS[states[index] ?? "passed"]] as const),
    ...DBT_FAILED.map((failureClass) => [`v1:run:dbt-failed:${failureClass}`, ofRun(failureClass)] as const),
  ]);
}

const DBT_FAILED = ["code", "infrastructure"] as const;

const newsIn = (alerts: readonly Alert[]): readonly string[] =>
  alerts.flatMap(({ items }) =>
    items.flatMap(({ news, fingerprint }) => (news === null ? [] : `${news} ${fingerprint}`)),
  );

describe("runs one after another, whose messages may or may not arrive", () => {
  it("tell what people do not know, once, in their run, and nothing else", () => {
    fc.assert(
      fc.property(history, (episodes) => {
        const play = createPlay();
        const people = createPeople();
        const allStates = statesOf(episodes);
        let hour = 0;

        for (const [index, { hours, dbtFailed, arrivals }] of episodes.entries()) {
          // Never at once, and never on the hour.
          hour += hours + 0.01;
          const now = Math.round(NOW + hour * HOUR_MS);
          const states = allStates[index] ?? [];
          const sights = sightsOf(states, dbtFailed);
          const other = DBT_FAILED.find((each) => dbtFailed !== null && each !== dbtFailed);
          if (other !== undefined) people.forget(`v1:run:dbt-failed:${other}`);
          const expected = people.see(sights, now);

          const keys: string[] = [];
          const { alerts } = play(hour, verdictOf(states, dbtFailed), {
            run: { id: String(index) },
            deliver: (alert, ts) => {
              const arrives = arrivals[keys.length] === true;
              keys.push(alert.key);
              if (arrives) people.read(alert, ts, now);
              return arrives ? arrive(alert, ts) : failed(alert);
            },
          });

          const posts = alerts.filter(({ address }) => address.kind !== "edit");
          const boards = posts.filter(({ kind }) => kind === "board");
          const others = posts.filter(({ kind }) => kind !== "board");
          const downgraded = expected.filter((each) => each.startsWith("better "));
          const where = `run ${index}`;
          // A new board lists what is only a warning now, besides the answer that says so.
          expect([...newsIn(posts)].sort(), where).toEqual(
            [...expected, ...(boards.length > 0 ? downgraded : [])].sort(),
          );
          for (const [fingerprint, { isMuted }] of sights)
            if (isMuted === true)
              expect(
                others.flatMap(({ items }) => items).map((item) => item.fingerprint),
                where,
              ).not.toContain(fingerprint);
          expect(new Set(keys).size, "keys").toBe(alerts.length);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("one problem through any history of severities, each run a day after the last", () => {
  type Seen = "error" | "warn" | "passed";
  const history = fc.array(
    fc.record({ seen: fc.constantFrom<Seen[]>("error", "warn", "passed"), arrives: fc.boolean() }),
    { minLength: 1, maxLength: 15 },
  );

  it("tells every change once: in its run, or in the next one whose message arrives", () => {
    fc.assert(
      fc.property(history, (runs) => {
        const play = createPlay({ repeat: "off", warnSlaSeconds: 366 * 86_400 });
        // A board stands already: what opens is told by an answer.
        play(-1, aVerdict([failing("other", { severity: "warn" })]));
        let believed: Seen = "passed";
        for (const [index, { seen, arrives }] of runs.entries()) {
          const findings = seen === "passed" ? [] : [failing("a", { severity: seen })];
          const verdict = aVerdict([...findings, failing("other", { severity: "warn" })], {
            passed: seen === "passed" ? [idOf("a")] : [],
          });
          const { alerts } = play(index * 30, verdict, {
            deliver: (alert, ts) => (arrives || alert.kind === "board" ? arrive(alert, ts) : failed(alert)),
          });
          const isNewBoard = alerts.some(({ kind, address }) => kind === "board" && address.kind === "channel");
          const news = alerts
            .filter(({ address }) => address.kind !== "edit")
            .flatMap(({ items }) =>
              items.flatMap((item) => (item.fingerprint.endsWith(".a") ? (item.news ?? []) : [])),
            );

          const expected = {
            passed: { passed: "", error: "opened", warn: "opened" },
            warn: { passed: "recovered", error: "worse", warn: "" },
            error: { passed: "recovered", warn: "better", error: "" },
          };
          const change = expected[believed][seen];
          // A new board lists what is only a warning now, besides the answer that says so.
          const times = change === "" ? 0 : change === "better" && isNewBoard ? 2 : 1;
          expect(news, `run ${index}`).toEqual(Array(times).fill(change));
          if (arrives || (isNewBoard && seen === "warn")) believed = seen;
        }
      }),
      { numRuns: 1000 },
    );
  });
});
