import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AlertItem } from "../../src/alerts/alert.ts";
import { isReplaced } from "../../src/alerts/fingerprint.ts";
import type { FailureClass, Finding } from "../../src/severity/verdict.ts";
import { aRunFinding, aSubject, aVerdict } from "../severity/build.ts";
import { failed, HOUR_MS, NOW, failing as ofOneColumn } from "./build.ts";
import { arrive, createPlay } from "./play.ts";

const NAMES = ["a", "b", "c"] as const;
const STATES = ["error", "warn", "muted error", "muted warning", "passed", "not run", "gone", "disabled"] as const;
const MUTED = { until: "2027-01-01", reason: "DATA-12" };

type State = (typeof STATES)[number];

/** One run: how long after the last, what it found, and which of its messages arrive, in their order. */
interface Episode {
  readonly hours: number;
  readonly states: readonly State[];
  readonly dbtFailed: FailureClass | null;
  readonly arrivals: readonly boolean[];
}

const episode: fc.Arbitrary<Episode> = fc.record({
  hours: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.constantFrom(1, 1, 23, 24, 25)),
  states: fc.tuple(...NAMES.map(() => fc.constantFrom(...STATES))),
  dbtFailed: fc.constantFrom<(FailureClass | null)[]>(null, null, "code", "infrastructure"),
  arrivals: fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
});

/** Tests of one kind on columns of their own: none is taken for another that is gone. */
function failing(name: string, overrides: Partial<Finding> = {}): Finding {
  return ofOneColumn(name, { subject: aSubject({ id: idOf(name), name, column: name }), ...overrides });
}

const idOf = (name: string) => `test.shop.${name}`;

function verdictOf({ states, dbtFailed }: Episode) {
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

describe("runs one after another, whose messages may or may not arrive", () => {
  it("tell what people do not know, once, take nothing back that nobody said, and never lose an error", () => {
    fc.assert(
      fc.property(fc.array(episode, { minLength: 1, maxLength: 14 }), (episodes) => {
        const play = createPlay({ alertAfter: 1 });
        // What people have read of each problem.
        const heard = new Map<string, { severity: "error" | "warn"; at: number }>();
        let hour = 0;

        for (const [index, each] of episodes.entries()) {
          hour += each.hours + 0.01;
          const verdict = verdictOf(each);
          const keys: string[] = [];
          const arrived: AlertItem[] = [];
          const now = NOW + hour * HOUR_MS;
          const { alerts } = play(hour, verdict, {
            run: { id: String(index) },
            deliver: (alert, ts) => {
              const arrives = each.arrivals[keys.length] === true;
              keys.push(alert.key);
              if (arrives && alert.address.kind !== "edit") arrived.push(...alert.items);
              return arrives ? arrive(alert, ts) : failed(alert);
            },
          });
          expect(new Set(keys).size, "keys").toBe(alerts.length);
          for (const known of heard.keys()) if (isReplaced(known, verdict.findings)) heard.delete(known);

          const posts = alerts.filter(({ address }) => address.kind !== "edit");
          const muted = new Set(
            verdict.findings.filter((finding) => finding.muted !== null).map(({ subject }) => subject),
          );
          for (const { items, kind } of posts)
            for (const { fingerprint, news, finding, severity } of items) {
              const where = `${kind}: ${news} ${fingerprint} in run ${index}`;
              const before = heard.get(fingerprint);
              if (kind !== "board" && finding !== null) expect(muted.has(finding.subject), where).toBe(false);
              if (news === "recovered") {
                expect(before, where).toBeDefined();
                expect(each.states[NAMES.findIndex((name) => fingerprint.endsWith(name))] ?? "run", where).not.toBe(
                  "error",
                );
              }
              if (news === "worse") expect(before?.severity, where).toBe("warn");
              if (news === "better") expect(before?.severity, where).toBe("error");
              if (news === "opened") expect(before, where).toBeUndefined();
              // Never twice within a day what people know, but for its growing worse.
              if (news === "again" && before !== undefined)
                expect(now - before.at, where).toBeGreaterThanOrEqual(20 * HOUR_MS);
              if (severity === "error" && kind === "problems")
                expect(["opened", "worse", "flapping", "again"], where).toContain(news);
            }

          for (const finding of verdict.findings) {
            if (finding.severity !== "error" || finding.muted !== null || finding.subject.kind === "run") continue;
            const fingerprint = `v1:${finding.subject.id}`;
            const isTold = posts.some(({ items }) =>
              items.some((item) => item.fingerprint === fingerprint && item.news !== null),
            );
            const isKnown = heard.get(fingerprint)?.severity === "error";
            const isFlapping = play
              .ledger()
              .entries.some((entry) => entry.fingerprint === fingerprint && entry.isFlapping);
            expect(isTold || isKnown || isFlapping, `${fingerprint} in run ${index}`).toBe(true);
          }

          for (const { fingerprint, news, severity } of arrived) {
            if (news === "recovered" || news === "removed") heard.delete(fingerprint);
            else if (news !== null && news !== "overdue") heard.set(fingerprint, { severity, at: now });
          }
          // What is over while it is muted goes without a word.
          for (const { fingerprint, told } of play.ledger().entries)
            if (told === "recovered" || told === "removed") heard.delete(fingerprint);
            else if (told === "warn" && heard.has(fingerprint))
              heard.set(fingerprint, { severity: "warn", at: heard.get(fingerprint)?.at ?? 0 });
        }
      }),
      { numRuns: 150 },
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
          expect([...new Set(news)].join()).toBe(expected[believed][seen]);
          if (arrives || (isNewBoard && seen === "warn")) believed = seen;
        }
      }),
      { numRuns: 200 },
    );
  });
});
