import { describe, expect, it } from "vitest";
import type { Alert } from "../../src/alerts/alert.ts";
import { type AlertPolicy, decideAlerts } from "../../src/alerts/decide.ts";
import { fingerprintOf, nameOfFingerprint, upgradeFingerprint } from "../../src/alerts/fingerprint.ts";
import type { Ledger } from "../../src/alerts/ledger.ts";
import type { Run } from "../../src/run/run.ts";
import type { Finding, Verdict } from "../../src/severity/verdict.ts";
import { aRun } from "../run/build.ts";
import { aRunFinding, aVerdict } from "../severity/build.ts";
import { ago, aLedger, anEntry, aPolicy, ERRORS, failing, HOUR_MS, NOW, WARNINGS } from "./build.ts";

const MUTED = { until: "2026-12-15", reason: "DATA-12" };

function decide(
  verdict: Verdict,
  ledger: Ledger | null,
  { policy = aPolicy(), run = aRun(), now = NOW }: { policy?: AlertPolicy; run?: Run; now?: number } = {},
): readonly Alert[] {
  return decideAlerts(verdict, ledger, run, policy, now);
}

/** `error to C0ERRORS01: opened a; again b`, `recovered test.shop.a to C0ERRORS01`. */
function describeAlert(alert: Alert): string {
  const { items } = alert;
  if (alert.kind === "recovered")
    return `recovered ${items.map(({ fingerprint }) => nameOfFingerprint(fingerprint))} to ${alert.channel}`;
  if (alert.kind !== "problems") return alert.kind;
  const names = (news: string) =>
    items
      .flatMap(({ finding, news: own }) => (finding !== null && own === news ? finding.subject : []))
      .map((subject) => (subject.kind === "node" ? subject.name : subject.what))
      .join(" ");
  const parts = (["opened", "worse", "again"] as const)
    .filter((news) => names(news) !== "")
    .map((news) => `${news} ${names(news)}`);
  return `${alert.severity} to ${alert.channel}: ${parts.join("; ")}`;
}

const told = (...args: Parameters<typeof decide>) => decide(...args).map(describeAlert);

describe("a problem", () => {
  it("that the ledger does not know has opened", () => {
    expect(told(aVerdict([failing("a")]), aLedger())).toEqual([`error to ${ERRORS}: opened a`]);
  });

  it.each<[what: string, hoursAgo: number, expected: string[]]>([
    ["was told a minute ago", 1 / 60, []],
    ["was told 23.99 hours ago", 23.99, []],
    ["was told 24 hours ago", 24, [`error to ${ERRORS}: again a`]],
    ["was told a week ago", 168, [`error to ${ERRORS}: again a`]],
  ])("that %s: %j", (_, hours, expected) => {
    const ledger = aLedger([anEntry("a", { notifiedAt: ago(hours), firstSeen: ago(500) })]);

    expect(told(aVerdict([failing("a")]), ledger)).toEqual(expected);
  });

  it.each(["", "garbage", "2099-01-01T00:00:00.000Z", "+275760-09-13T00:00:00.001Z", ago(-24.1)])(
    "that was told at %j, as a wrong clock or a damaged ledger says, is not silent for ever",
    (notifiedAt) => {
      const ledger = aLedger([anEntry("a", { notifiedAt })]);

      expect(told(aVerdict([failing("a")]), ledger)).toEqual([`error to ${ERRORS}: again a`]);
    },
  );

  it("is not told twice for a clock that is an hour off", () => {
    expect(told(aVerdict([failing("a")]), aLedger([anEntry("a", { notifiedAt: ago(-1) })]))).toEqual([]);
  });

  it("is told again by when it was told last, not by when it was seen first or last", () => {
    const ledger = aLedger([
      anEntry("told-lately", { firstSeen: ago(99), lastSeen: ago(30), notifiedAt: ago(2) }),
      anEntry("told-long-ago", { firstSeen: ago(99), lastSeen: ago(1), notifiedAt: ago(25) }),
    ]);

    expect(told(aVerdict([failing("told-lately"), failing("told-long-ago")]), ledger)).toEqual([
      `error to ${ERRORS}: again told-long-ago`,
    ]);
  });

  it("that grows from warning to error is told at once", () => {
    const ledger = aLedger([anEntry("a", { severity: "warn", notifiedAt: ago(0) })]);

    expect(told(aVerdict([failing("a")]), ledger)).toEqual([`error to ${ERRORS}: worse a`]);
  });

  it("that shrinks from error to warning is not told before its time", () => {
    const verdict = aVerdict([failing("a", { severity: "warn" })]);

    expect(told(verdict, aLedger([anEntry("a", { notifiedAt: ago(2) })]))).toEqual([]);
    expect(told(verdict, aLedger([anEntry("a", { notifiedAt: ago(25) })]))).toEqual([`warn to ${WARNINGS}: again a`]);
  });

  it.each<[what: string, ledger: Ledger | null]>([
    ["new", aLedger()],
    ["known as a warning", aLedger([anEntry("a", { severity: "warn" })])],
    ["due again", aLedger([anEntry("a", { notifiedAt: ago(99) })])],
    ["found without a ledger", null],
  ])("that is muted is never told: %s", (_, ledger) => {
    expect(told(aVerdict([failing("a", { muted: MUTED })]), ledger)).toEqual([]);
  });

  it("of the run itself has a fingerprint of its own", () => {
    const verdict = aVerdict([aRunFinding("dbt-failed"), aRunFinding("platform")]);

    expect(told(verdict, aLedger([anEntry("run:platform:unknown")]))).toEqual([
      `error to ${ERRORS}: opened dbt-failed`,
    ]);
  });
});

describe("a problem of the run", () => {
  const code = aRunFinding("dbt-failed", { failureClass: "code" });
  const outage = aRunFinding("dbt-failed", { failureClass: "infrastructure" });

  it("is another one where its class is another: it is told, and the one before says nothing", () => {
    const ledger = aLedger([anEntry("run:dbt-failed:infrastructure", { notifiedAt: ago(0) })]);

    expect(told(aVerdict([code]), ledger)).toEqual([`error to ${ERRORS}: opened dbt-failed`]);
    expect(told(aVerdict([code], { passed: ["model.shop.a"] }), ledger)).toEqual([
      `error to ${ERRORS}: opened dbt-failed`,
    ]);
    expect(told(aVerdict([outage]), ledger)).toEqual([]);
  });

  it("that an old ledger holds without a class keeps nobody in the dark, and recovers", () => {
    const old = aLedger([anEntry("run:dbt-failed", { notifiedAt: ago(0) })]);

    expect(told(aVerdict([code]), old)).toEqual([`error to ${ERRORS}: opened dbt-failed`]);
    expect(told(aVerdict([], { passed: ["model.shop.a"] }), old)).toEqual([`recovered run:dbt-failed to ${ERRORS}`]);
  });
});

describe("a fingerprint", () => {
  it.each<[what: string, finding: Finding, fingerprint: string]>([
    ["of a node", failing("a"), "v1:test.shop.a"],
    [
      "of the run",
      aRunFinding("queue-timeout", { failureClass: "infrastructure" }),
      "v1:run:queue-timeout:infrastructure",
    ],
  ])("%s carries its version", (_, finding, fingerprint) => {
    expect(fingerprintOf(finding)).toBe(fingerprint);
    expect(upgradeFingerprint(fingerprint)).toBe(fingerprint);
    expect(upgradeFingerprint(nameOfFingerprint(fingerprint))).toBe(fingerprint);
  });

  it("of a later version is left as it is", () => {
    expect(upgradeFingerprint("v2:test.shop.a/x")).toBe("v2:test.shop.a/x");
  });
});

describe("without a ledger", () => {
  it("everything is told as opened, and nothing has recovered", () => {
    const verdict = aVerdict([failing("a"), failing("b", { severity: "warn" })], { passed: ["test.shop.c"] });

    expect(told(verdict, null)).toEqual([`error to ${ERRORS}: opened a`, `warn to ${WARNINGS}: opened b`]);
  });
});

describe("a problem that is over", () => {
  it.each<[what: string, verdict: Partial<Verdict>, hasRecovered: boolean]>([
    ["ran and passed", { passed: ["test.shop.a"], known: ["test.shop.a"] }, true],
    ["was skipped", { neutral: ["test.shop.a"], known: ["test.shop.a"] }, false],
    ["was not selected", { passed: ["test.shop.b"], known: ["test.shop.a", "test.shop.b"] }, false],
    ["is gone from the manifest", { passed: ["test.shop.b"], known: ["test.shop.b"] }, false],
    ["was in a run that did nothing", { level: "nothing" }, false],
  ])("has recovered only if it ran and passed: it %s", (_, overrides, hasRecovered) => {
    expect(told(aVerdict([], overrides), aLedger([anEntry("a")]))).toEqual(
      hasRecovered ? [`recovered test.shop.a to ${ERRORS}`] : [],
    );
  });

  it("has not recovered where something upstream keeps it from running", () => {
    const verdict = aVerdict([failing("upstream", { skipped: ["test.shop.a"] })]);

    expect(told(verdict, aLedger([anEntry("a")]))).toEqual([`error to ${ERRORS}: opened upstream`]);
  });

  it("is told in the channel that heard of it, with what was known", () => {
    const entry = anEntry("a", { thread: { channel: "C0FINANCE1", ts: "1764000000.000009" }, runs: 7 });

    const alerts = decide(aVerdict([], { passed: ["test.shop.a"] }), aLedger([entry]));

    const key = expect.stringMatching(/^777\/1\/recovered\/test\.shop\.a\/[0-9a-f]{12}$/);
    expect(alerts).toMatchObject([
      { kind: "recovered", key, channel: "C0FINANCE1", items: [{ runs: 7, parent: entry.thread, news: "recovered" }] },
    ]);
  });

  it("that passed without anybody having been told says nothing", () => {
    expect(told(aVerdict([], { passed: ["test.shop.a"] }), aLedger())).toEqual([]);
  });

  it("of the run itself has recovered with the first run that builds something and does not have it", () => {
    const ledger = aLedger([anEntry("run:dbt-failed:code"), anEntry("run:platform:unknown")]);
    const verdict = aVerdict([aRunFinding("platform")], { passed: ["model.shop.orders"] });

    expect(told(verdict, ledger)).toEqual([`recovered run:dbt-failed:code to ${ERRORS}`]);
    expect(told(aVerdict([], { level: "nothing" }), ledger)).toEqual([]);
    expect(told(aVerdict([aRunFinding("queue-timeout")]), ledger)).toEqual([
      `error to ${ERRORS}: opened queue-timeout`,
    ]);
  });
});

describe("the alerts of a run", () => {
  it("are one for each severity and channel, errors first as the verdict has them", () => {
    const policy = aPolicy({
      channelOf: ({ severity, subject }) =>
        subject.kind === "node" && subject.tags.includes("finance")
          ? "C0FINANCE1"
          : severity === "error"
            ? ERRORS
            : WARNINGS,
    });
    const finance = { ...failing("b").subject, tags: ["finance"] } as Finding["subject"];
    const verdict = aVerdict([
      failing("a"),
      failing("b", { subject: finance }),
      failing("c"),
      failing("d", { severity: "warn" }),
      failing("e", { severity: "warn", subject: finance }),
    ]);

    const alerts = decide(verdict, aLedger([anEntry("c", { notifiedAt: ago(30) })]), { policy });

    expect(alerts.map(describeAlert)).toEqual([
      `error to ${ERRORS}: opened a; again c`,
      "error to C0FINANCE1: opened b",
      `warn to ${WARNINGS}: opened d`,
      "warn to C0FINANCE1: opened b",
    ]);
    expect(new Set(alerts.map(({ key }) => key)).size).toBe(alerts.length);
  });

  it("have the same key for the same thing in the same run, and another in the next attempt", () => {
    const verdict = aVerdict([failing("a")]);
    const keys = (run: Run) => decide(verdict, null, { run }).map(({ key }) => key);

    expect(keys(aRun())).toEqual(keys(aRun()));
    expect(keys(aRun())).not.toEqual(keys(aRun({ attempt: 2 })));
    expect(keys(aRun())).not.toEqual(keys(aRun({ id: "778" })));
  });

  it("have other keys in another scope and for other news: what one project told is not taken for another's", () => {
    const keysOf = (verdict: Verdict, ledger: Ledger | null, scope: string) =>
      decide(verdict, ledger, { policy: aPolicy({ digest: (text) => `${scope}:${text}` }) }).map(({ key }) => key);
    const one = aVerdict([failing("a")]);

    const keys = [
      ...keysOf(one, null, "shop"),
      ...keysOf(one, null, "finance"),
      ...keysOf(aVerdict([failing("a"), failing("b")]), null, "shop"),
      ...keysOf(one, aLedger([anEntry("a", { notifiedAt: ago(30) })]), "shop"),
    ];

    expect(new Set(keys).size).toBe(4);
  });

  it("mention each owner once, of those that are told alone", () => {
    const policy = aPolicy({
      mentionsOf: ({ subject }) =>
        subject.kind === "node" ? (subject.name === "c" ? ["S0CCCCCCC"] : ["S0AAAAAAA"]) : [],
    });
    const verdict = aVerdict([failing("a"), failing("b"), failing("c")]);

    const [alert] = decide(verdict, aLedger([anEntry("c")]), { policy });

    expect(alert).toMatchObject({ mentions: ["S0AAAAAAA"] });
  });

  it("are none where nothing is wrong", () => {
    expect(decide(aVerdict([], { passed: ["model.shop.a"] }), aLedger())).toEqual([]);
  });

  it("do not depend on the time of day but on the time since: the clock may stand anywhere", () => {
    const ledger = aLedger([anEntry("a", { notifiedAt: new Date(NOW).toISOString() })]);
    const verdict = aVerdict([failing("a")]);

    expect(told(verdict, ledger, { now: NOW + 24 * HOUR_MS - 1 })).toEqual([]);
    expect(told(verdict, ledger, { now: NOW + 24 * HOUR_MS })).toHaveLength(1);
    expect(told(verdict, ledger, { now: NOW - HOUR_MS })).toEqual([]);
  });
});
