import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Alert } from "../../src/alerts/alert.ts";
import { decideAlerts } from "../../src/alerts/decide.ts";
import { fingerprintOf, isReplaced } from "../../src/alerts/fingerprint.ts";
import type { Ledger } from "../../src/alerts/ledger.ts";
import { recordDeliveries } from "../../src/alerts/record.ts";
import type { FailureClass, Finding } from "../../src/severity/verdict.ts";
import { aRun } from "../run/build.ts";
import { aRunFinding, aVerdict } from "../severity/build.ts";
import { aLedger, aPolicy, failed, failing, HOUR_MS, NOW, sent } from "./build.ts";

const NAMES = ["a", "b", "c"] as const;
const STATES = ["error", "warn", "muted error", "muted warning", "passed", "not run"] as const;
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
  hours: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.constantFrom(23, 24, 25)),
  states: fc.tuple(...NAMES.map(() => fc.constantFrom(...STATES))),
  dbtFailed: fc.constantFrom<(FailureClass | null)[]>(null, null, "code", "infrastructure"),
  arrivals: fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
});

function passedIn(states: readonly State[]): string[] {
  return NAMES.filter((_, index) => states[index] === "passed").map((name) => `test.shop.${name}`);
}

function verdictOf({ states, dbtFailed }: Episode) {
  const findings = NAMES.flatMap<Finding>((name, index) => {
    const state = states[index];
    if (state === "error" || state === "warn") return failing(name, { severity: state });
    if (state === "muted warning") return failing(name, { severity: "warn", muted: MUTED });
    return state === "muted error" ? failing(name, { muted: MUTED }) : [];
  });
  return aVerdict(
    [...findings, ...(dbtFailed === null ? [] : [aRunFinding("dbt-failed", { failureClass: dbtFailed })])],
    {
      passed: passedIn(states),
    },
  );
}

const toldIn = (alert: Alert): readonly Finding[] =>
  alert.kind === "problems" ? alert.items.flatMap(({ finding }) => finding ?? []) : [];

describe("runs one after another, whose messages may or may not arrive", () => {
  it("tell each open problem exactly when people do not know it, and never lose one", () => {
    fc.assert(
      fc.property(fc.array(episode, { minLength: 1, maxLength: 12 }), (episodes) => {
        // What people have read, by fingerprint, and that nothing has taken back.
        const heard = new Map<string, { severity: "error" | "warn"; at: number }>();
        let ledger: Ledger = aLedger();
        let now = NOW;

        for (const [index, each] of episodes.entries()) {
          now += each.hours * HOUR_MS;
          const verdict = verdictOf(each);
          const alerts = decideAlerts(verdict, ledger, aRun({ id: String(index) }), aPolicy(), now);
          const told = alerts.flatMap(toldIn);

          // Another problem of the run has taken the place of the one that people know.
          for (const fingerprint of heard.keys())
            if (isReplaced(fingerprint, verdict.findings)) heard.delete(fingerprint);
          for (const finding of verdict.findings) {
            const known = heard.get(fingerprintOf(finding));
            const isKnown =
              known !== undefined &&
              (known.severity === "error" || finding.severity === "warn") &&
              now - known.at < 24 * HOUR_MS;
            const times = told.filter((other) => other === finding).length;
            expect(times, `${fingerprintOf(finding)} in run ${index}`).toBe(finding.muted !== null || isKnown ? 0 : 1);
          }
          for (const alert of alerts) {
            if (alert.kind !== "recovered") continue;
            for (const { fingerprint } of alert.items) {
              expect(heard.has(fingerprint), "only what was told can recover").toBe(true);
              expect(verdict.findings.map(fingerprintOf)).not.toContain(fingerprint);
            }
          }
          expect(new Set(alerts.map(({ key }) => key)).size).toBe(alerts.length);

          // What is only a warning now is an escalation when it is an error again.
          for (const finding of verdict.findings) {
            const known = heard.get(fingerprintOf(finding));
            if (known !== undefined && finding.severity === "warn") known.severity = "warn";
          }
          const arrived = alerts.filter((_, at) => each.arrivals[at] === true);
          for (const alert of arrived) {
            if (alert.kind === "recovered") for (const { fingerprint } of alert.items) heard.delete(fingerprint);
            for (const finding of toldIn(alert)) {
              heard.set(fingerprintOf(finding), { severity: finding.severity, at: now });
            }
          }
          const deliveries = alerts.map((alert) => (arrived.includes(alert) ? sent(alert) : failed(alert)));
          const recorded = recordDeliveries(ledger, verdict, alerts, deliveries, new Date(now).toISOString());
          ledger = JSON.parse(JSON.stringify(recorded)) as Ledger;
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("one problem through any history of severities", () => {
  type Seen = "error" | "warn" | "passed";
  const history = fc.array(
    fc.record({ seen: fc.constantFrom<Seen[]>("error", "warn", "passed"), arrives: fc.boolean() }),
    {
      minLength: 1,
      maxLength: 15,
    },
  );

  /** By hand, without the ledger: what people believe, and what they have to be told in each run of one day. */
  function expected(runs: readonly { seen: Seen; arrives: boolean }[]): string[] {
    let believed: Seen = "passed";
    return runs.map(({ seen, arrives }) => {
      if (seen === "passed") {
        const news = believed === "passed" ? "" : "recovered";
        if (arrives) believed = "passed";
        return news;
      }
      const news: string = believed === "passed" ? "opened" : believed === "warn" && seen === "error" ? "worse" : "";
      if (seen === "warn" && believed === "error") believed = "warn";
      if (news !== "" && arrives) believed = seen;
      return news;
    });
  }

  it("tells every escalation once: in its run, or in the next one whose message arrives", () => {
    fc.assert(
      fc.property(history, (runs) => {
        let ledger: Ledger = aLedger();
        const told = runs.map(({ seen, arrives }, index) => {
          const verdict = aVerdict(seen === "passed" ? [] : [failing("a", { severity: seen })], {
            passed: seen === "passed" ? ["test.shop.a"] : [],
          });
          const at = NOW + index * 60_000;
          const alerts = decideAlerts(verdict, ledger, aRun({ id: String(index) }), aPolicy(), at);
          const deliveries = alerts.map((alert) => (arrives ? sent(alert) : failed(alert)));
          ledger = recordDeliveries(ledger, verdict, alerts, deliveries, new Date(at).toISOString());
          return alerts.flatMap(({ items }) => items.map(({ news }) => news)).join();
        });

        expect(told).toEqual(expected(runs));
      }),
      { numRuns: 1000 },
    );
  });
});
