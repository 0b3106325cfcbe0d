import { describe, expect, it } from "vitest";
import type { Alert } from "../../src/alerts/alert.ts";
import { decideAlerts } from "../../src/alerts/decide.ts";
import { fingerprintOf, nameOfFingerprint, upgradeFingerprint } from "../../src/alerts/fingerprint.ts";
import type { Ledger } from "../../src/alerts/ledger.ts";
import type { AlertPolicy } from "../../src/alerts/policy.ts";
import type { Run } from "../../src/run/run.ts";
import type { Finding, Verdict } from "../../src/severity/verdict.ts";
import { aRun } from "../run/build.ts";
import { aRunFinding, aSubject, aVerdict } from "../severity/build.ts";
import { ago, aLedger, anEntry, aPolicy, ERRORS, failing, NOW, WARNINGS } from "./build.ts";
import { describeAlert } from "./play.ts";

const MUTED = { until: "2026-12-15", reason: "DATA-12" };
const BOARD = { channel: WARNINGS, ts: "1764000000.000002", week: "2026-W48", opened: 1, fixed: 0, isClosed: false };

function decide(
  verdict: Verdict,
  ledger: Ledger | null,
  { policy = aPolicy(), run = aRun(), now = NOW }: { policy?: AlertPolicy; run?: Run; now?: number } = {},
): readonly Alert[] {
  return decideAlerts(verdict, ledger, run, policy, now).alerts;
}

/** Without the boards, which have tests of their own. */
const told = (...args: Parameters<typeof decide>) =>
  decide(...args)
    .filter(({ kind }) => kind !== "board")
    .map(describeAlert);

describe("a problem", () => {
  it("that the ledger does not know has opened", () => {
    expect(told(aVerdict([failing("a")]), aLedger())).toEqual([`${ERRORS}: problems opened a`]);
  });

  it.each(["", "garbage", "2099-01-01T00:00:00.000Z", "+275760-09-13T00:00:00.001Z", ago(-20.1)])(
    "that was told at %j, as a wrong clock or a damaged ledger says, is not silent for ever",
    (notifiedAt) => {
      const ledger = aLedger([anEntry("a", { notifiedAt })], { dailyAt: notifiedAt });

      expect(told(aVerdict([failing("a")]), ledger)).toEqual([`${ERRORS}: daily again a`]);
    },
  );

  it("is not told twice for a clock that is an hour off", () => {
    const ledger = aLedger([anEntry("a", { notifiedAt: ago(-1) })], { dailyAt: ago(1) });

    expect(told(aVerdict([failing("a")]), ledger)).toEqual([]);
  });

  it("that grows from warning to error is told at once, with the board that told the warning", () => {
    const thread = { channel: WARNINGS, ts: BOARD.ts };
    const ledger = aLedger([anEntry("a", { severity: "warn", notifiedAt: ago(0), thread })]);

    const [alert] = decide(aVerdict([failing("a")]), ledger);

    expect(alert && describeAlert(alert)).toBe(`${ERRORS}: problems worse a`);
    expect(alert?.items).toMatchObject([{ parent: thread, firstSeen: ago(1), runs: 2 }]);
  });

  it("that shrinks from error to warning is answered under its message, and edits that", () => {
    const ledger = aLedger([anEntry("a", { notifiedAt: ago(2) })], { boards: [BOARD] });

    expect(told(aVerdict([failing("a", { severity: "warn" })]), ledger)).toEqual([
      `edit ${ERRORS}: problems better a`,
      `thread ${ERRORS}: downgraded better a`,
    ]);
  });

  it.each<[what: string, ledger: Ledger | null]>([
    ["new", aLedger()],
    ["known as a warning", aLedger([anEntry("a", { severity: "warn" })])],
    ["due again", aLedger([anEntry("a", { notifiedAt: ago(99) })], { dailyAt: ago(99) })],
    ["found without a ledger", null],
  ])("that is muted is never told: %s", (_, ledger) => {
    expect(told(aVerdict([failing("a", { muted: MUTED })]), ledger)).toEqual([]);
  });

  it("of the run itself has a fingerprint of its own", () => {
    const verdict = aVerdict([aRunFinding("dbt-failed"), aRunFinding("artifacts")]);

    expect(told(verdict, aLedger([anEntry("run:artifacts:unknown")]))).toEqual([
      `${ERRORS}: problems opened run:dbt-failed:unknown`,
    ]);
  });
});

describe("a problem of the run", () => {
  const code = aRunFinding("dbt-failed", { failureClass: "code" });
  const outage = aRunFinding("dbt-failed", { failureClass: "infrastructure" });

  it("is another one where its class is another: it is told, and the one before says nothing", () => {
    const ledger = aLedger([anEntry("run:dbt-failed:infrastructure", { notifiedAt: ago(0) })]);

    const opened = [`${ERRORS}: problems opened run:dbt-failed:code`];
    expect(told(aVerdict([code]), ledger)).toEqual(opened);
    expect(told(aVerdict([code], { passed: ["model.shop.a"] }), ledger)).toEqual(opened);
    expect(told(aVerdict([outage]), ledger)).toEqual([]);
  });

  it("that an old ledger holds without a class keeps nobody in the dark, and recovers", () => {
    const old = aLedger([anEntry("run:dbt-failed", { notifiedAt: ago(0) })]);

    expect(told(aVerdict([code]), old)).toEqual([`${ERRORS}: problems opened run:dbt-failed:code`]);
    expect(told(aVerdict([], { passed: ["model.shop.a"] }), old)).toEqual([
      `edit ${ERRORS}: problems recovered run:dbt-failed`,
      `thread ${ERRORS}: recovered run:dbt-failed`,
    ]);
  });
});

describe("a fingerprint", () => {
  it.each<[what: string, finding: Finding, fingerprint: string]>([
    ["of a node", failing("a"), "v1:test.shop.a"],
    [
      "of a node with an alert_key",
      failing("a", { subject: aSubject({ id: "test.shop.a", alertKey: "orders-complete" }) }),
      "v1:key:orders-complete",
    ],
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

  it("by an alert_key makes one problem of two tests, told by the worse one, over when no one fails", () => {
    const keyed = (id: string, severity: "error" | "warn") =>
      failing(id, { severity, subject: aSubject({ id: `test.shop.${id}`, name: id, alertKey: "complete" }) });
    const verdict = aVerdict([keyed("a", "error"), keyed("b", "warn")]);

    const [alert] = decide(verdict, aLedger());

    expect(alert).toMatchObject({ items: [{ fingerprint: "v1:key:complete", severity: "error" }] });
    const nodes = Object.fromEntries(["a", "b"].map((id) => [`test.shop.${id}`, { alertKey: "complete" }])) as never;
    const known = { nodes, passed: ["test.shop.a"], known: ["test.shop.a", "test.shop.b"] };
    const ledger = aLedger([anEntry("key:complete")]);
    expect(told(aVerdict([keyed("b", "error")], known), ledger)).toEqual([]);
    expect(told(aVerdict([], known), ledger)).toContain(`thread ${ERRORS}: recovered key:complete`);
  });

  it("by an alert_key is not over while one of its tests is kept from running", () => {
    const nodes = Object.fromEntries(["a", "b"].map((id) => [`test.shop.${id}`, { alertKey: "complete" }])) as never;
    const known = { nodes, passed: ["test.shop.a"], known: ["test.shop.a", "test.shop.b", "test.shop.upstream"] };
    const verdict = aVerdict([failing("upstream", { skipped: ["test.shop.b"] })], known);

    expect(told(verdict, aLedger([anEntry("key:complete")])).join("\n")).not.toContain("key:complete");
  });

  it("by an alert_key is not over, nor goes its clock on, where dbt may not have come to one of its tests", () => {
    const nodes = { "test.shop.a": { alertKey: "complete" } } as never;
    const known = { nodes, passed: ["test.shop.a"], known: ["test.shop.a", "test.shop.b"], unknownKeys: ["complete"] };
    const ledger = aLedger([anEntry("key:complete", { severity: "warn", told: "warn", clockFrom: ago(2) })]);

    const decision = decideAlerts(aVerdict([], known), ledger, aRun(), aPolicy(), NOW);
    expect(decision.ledger?.entries).toMatchObject([{ state: "open", clockFrom: ago(1) }]);
  });

  it("of the run is not over where all was held back behind a stale source", () => {
    const source = failing("raw", {
      subject: aSubject({ id: "source.shop.raw.a", type: "source" }),
      skipped: ["model.shop.a"],
    });
    const nodes = { "source.shop.raw.b": { type: "source" }, "model.shop.b": { type: "model" } } as never;
    const ledger = aLedger([anEntry("run:dbt-failed:stopped")]);
    const heard = (passed: readonly string[]) => told(aVerdict([source], { nodes, passed }), ledger).join("\n");

    expect(heard(["source.shop.raw.b"])).not.toContain("recovered");
    expect(heard(["source.shop.raw.b", "model.shop.b"])).toContain("recovered run:dbt-failed:stopped");
  });
});

describe("without a ledger", () => {
  it("everything is told as opened at the top, and nothing has recovered", () => {
    const verdict = aVerdict([failing("a"), failing("b", { severity: "warn" })], { passed: ["test.shop.c"] });

    expect(told(verdict, null)).toEqual([`${ERRORS}: problems opened a`, `${WARNINGS}: problems opened b`]);
    expect(decide(verdict, null)[0]?.items).toMatchObject([{ firstSeen: null, runs: null }]);
  });

  it("errors mention their owners, warnings nobody: they would every time", () => {
    const policy = aPolicy({ mentionsOf: () => ["S0AAAAAAA"] });
    const verdict = aVerdict([failing("a"), failing("b", { severity: "warn" })]);

    expect(decide(verdict, null, { policy }).map(({ mentions }) => mentions)).toEqual([["S0AAAAAAA"], []]);
  });
});

describe("a problem that is over", () => {
  const recovered = [`edit ${ERRORS}: problems recovered a`, `thread ${ERRORS}: recovered a`];
  const removed = [`edit ${ERRORS}: problems removed a`, `thread ${ERRORS}: removed a`];

  it.each<[what: string, verdict: Partial<Verdict>, expected: string[]]>([
    ["ran and passed", { passed: ["test.shop.a"], known: ["test.shop.a"] }, recovered],
    ["was skipped", { neutral: ["test.shop.a"], known: ["test.shop.a"] }, []],
    ["was not selected", { passed: ["test.shop.b"], known: ["test.shop.a", "test.shop.b"] }, []],
    ["is gone from the manifest", { passed: ["test.shop.b"], known: ["test.shop.b"] }, removed],
    ["is disabled", { passed: ["test.shop.b"], known: ["test.shop.b"], disabled: ["test.shop.a"] }, []],
    ["was in a run that did nothing", { level: "nothing" }, []],
    ["was in a project that did not compile", { known: [], disabled: [] }, []],
  ])("has recovered only if it ran and passed: it %s", (_, overrides, expected) => {
    expect(told(aVerdict([], overrides), aLedger([anEntry("a")]))).toEqual(expected);
  });

  it("has not recovered where something upstream keeps it from running", () => {
    const verdict = aVerdict([failing("upstream", { skipped: ["test.shop.a"] })]);

    expect(told(verdict, aLedger([anEntry("a")]))).toEqual([`${ERRORS}: problems opened upstream`]);
  });

  it("is answered under the message that told it, with what was known", () => {
    const thread = { channel: "C0FINANCE1", ts: "1764000000.000009" };
    const entry = anEntry("a", { thread, runs: 7, name: "orders.id · not_null test" });

    const alerts = decide(aVerdict([], { passed: ["test.shop.a"] }), aLedger([entry]));

    expect(alerts.find(({ kind }) => kind === "recovered")).toEqual({
      kind: "recovered",
      key: expect.stringMatching(/^777\/1\/recovered\/C0FINANCE1\/[0-9a-f]{12}$/),
      channel: "C0FINANCE1",
      address: { kind: "thread", ts: thread.ts },
      mentions: [],
      items: [
        expect.objectContaining({
          name: "orders.id · not_null test",
          runs: 7,
          parent: thread,
          state: "recovered",
          endedAt: new Date(NOW).toISOString(),
          finding: null,
        }),
      ],
    });
  });

  it("is one answer for each message, however many it told; the message shows all of them", () => {
    const [one, other] = ["1764000000.000001", "1764000000.000009"];
    const entry = (name: string, ts: string) => anEntry(name, { thread: { channel: ERRORS, ts } });
    const ledger = aLedger([entry("a", one), entry("b", one), entry("c", one), entry("d", other)]);

    const passed = ["test.shop.a", "test.shop.b", "test.shop.d"];
    expect(told(aVerdict([failing("c")], { passed }), ledger)).toEqual([
      `edit ${ERRORS}: problems recovered a, recovered b, c`,
      `edit ${ERRORS}: problems recovered d`,
      `thread ${ERRORS}: recovered a, b`,
      `thread ${ERRORS}: recovered d`,
    ]);
  });

  it("that passed without anybody having been told says nothing", () => {
    expect(told(aVerdict([], { passed: ["test.shop.a"] }), aLedger())).toEqual([]);
    expect(told(aVerdict([], { passed: ["test.shop.a"] }), aLedger([anEntry("a", { told: null })]))).toEqual([]);
  });

  it("of the run itself has recovered with the first run that builds something and does not have it", () => {
    const ledger = aLedger([anEntry("run:dbt-failed:code"), anEntry("run:artifacts:unknown")]);
    const verdict = aVerdict([aRunFinding("artifacts")], { passed: ["model.shop.orders"] });

    expect(told(verdict, ledger)).toContain(`thread ${ERRORS}: recovered run:dbt-failed:code`);
    expect(told(aVerdict([], { level: "nothing" }), ledger)).toEqual([]);
    expect(told(aVerdict([aRunFinding("queue-timeout")]), ledger)).toEqual([
      `${ERRORS}: problems opened run:queue-timeout:unknown`,
    ]);
  });
});

describe("a test whose arguments change, and with them dbt's id", () => {
  const secondKey = "model.shop.orders|id|not_null";
  const old = anEntry("old", { secondKey, firstSeen: ago(500), runs: 80 });
  const known = { known: ["test.shop.new", "model.shop.orders"] };

  it("keeps its age and says nothing: it is the same problem", () => {
    const { alerts, ledger } = decideAlerts(
      aVerdict([failing("new")], known),
      aLedger([old], { dailyAt: ago(1) }),
      aRun(),
      aPolicy(),
      NOW,
    );

    expect(alerts.filter(({ kind }) => kind !== "board")).toEqual([]);
    expect(ledger?.entries).toMatchObject([
      { fingerprint: "v1:test.shop.new", firstSeen: ago(500), runs: 81, told: "error" },
    ]);
  });

  it("recovers under its new id", () => {
    const facts = { attachedTo: "model.shop.orders", column: "id", test: "not_null", alertKey: null };
    const verdict = aVerdict([], { ...known, passed: ["test.shop.new"], nodes: { "test.shop.new": facts as never } });

    expect(told(verdict, aLedger([old]))).toContain(`thread ${ERRORS}: recovered new`);
  });

  it("is another one where two could be it", () => {
    const verdict = aVerdict([failing("new"), failing("newer")], { known: ["test.shop.new", "test.shop.newer"] });

    const lines = told(verdict, aLedger([old]));
    expect(lines[0]).toBe(`${ERRORS}: problems opened new, opened newer`);
    expect(lines).toContain(`thread ${ERRORS}: removed old`);
  });

  it("is another one while the old one is there", () => {
    const verdict = aVerdict([failing("new")], { known: ["test.shop.old", "test.shop.new"] });

    expect(told(verdict, aLedger([old]))).toEqual([`${ERRORS}: problems opened new`]);
  });
});

describe("the alerts of a run", () => {
  const channelOf = ({ severity, subject }: Finding) =>
    subject.kind === "node" && subject.tags.includes("finance")
      ? "C0FINANCE1"
      : severity === "error"
        ? ERRORS
        : WARNINGS;
  const finance = { ...failing("b").subject, tags: ["finance"] } as Finding["subject"];

  it("are one for each severity and channel, errors first as the verdict has them", () => {
    const policy = aPolicy({ channelOf });
    const boards = [BOARD, { ...BOARD, channel: "C0FINANCE1", ts: "1764000000.000003" }];
    const verdict = aVerdict([
      failing("a"),
      failing("b", { subject: finance }),
      failing("c"),
      failing("d", { severity: "warn" }),
      failing("e", { severity: "warn", subject: { ...finance, id: "test.shop.e" } as Finding["subject"] }),
    ]);
    const ledger = aLedger([anEntry("c", { notifiedAt: ago(30) })], { boards, dailyAt: ago(24) });

    const alerts = decide(verdict, ledger, { policy });

    expect(alerts.filter(({ kind }) => kind !== "board").map(describeAlert)).toEqual([
      `${ERRORS}: problems opened a, again c`,
      "C0FINANCE1: problems opened b",
      `thread ${WARNINGS}: problems opened d`,
      "thread C0FINANCE1: problems opened e",
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
      decide(verdict, ledger, { policy: aPolicy({ digest: (text) => `${scope}:${text}` }) })
        .filter(({ kind }) => kind !== "board")
        .map(({ key }) => key);
    const one = aVerdict([failing("a")]);

    const keys = [
      ...keysOf(one, null, "shop"),
      ...keysOf(one, null, "finance"),
      ...keysOf(aVerdict([failing("a"), failing("b")]), null, "shop"),
      ...keysOf(one, aLedger([anEntry("a", { notifiedAt: ago(30) })], { dailyAt: ago(24) }), "shop"),
    ];

    expect(new Set(keys).size).toBe(4);
  });

  it("mention the owners of what is new, each once", () => {
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
});
