import { describe, expect, it } from "vitest";
import { decideAlerts } from "../../src/alerts/decide.ts";
import type { Ledger } from "../../src/alerts/ledger.ts";
import { describeTold } from "../../src/render/told-words.ts";
import type { Verdict } from "../../src/severity/verdict.ts";
import { ago, aLedger, anEntry, aPolicy, failing, NOW } from "../alerts/build.ts";
import { aRun } from "../run/build.ts";
import { aVerdict } from "../severity/build.ts";

const MUTED = { muted: { until: "2026-12-15", reason: "DATA-12" } };
const decide = (verdict: Verdict, ledger: Ledger | null) => decideAlerts(verdict, ledger, aRun(), aPolicy(), NOW);

describe("what a run does not tell", () => {
  it.each([
    ["told an hour ago", [failing("a")], [anEntry("a")], [ago(1)]],
    ["muted", [failing("a", MUTED)], [], [null]],
    ["muted, and told before", [failing("a", MUTED)], [anEntry("a")], [null]],
    ["nothing, where it is new", [failing("a")], [], []],
    ["nothing, where it is told again after a day", [failing("a")], [anEntry("a", { notifiedAt: ago(25) })], []],
    ["nothing, where it has grown worse", [failing("a")], [anEntry("a", { severity: "warn" })], []],
    ["nothing, where nobody knows when it was told", [failing("a")], [anEntry("a", { notifiedAt: "soon" })], []],
  ])("is %s", (_, findings, entries, expected) => {
    const ledger = aLedger(entries, { dailyAt: ago(24) });

    expect(decide(aVerdict(findings), ledger).quiet.map(({ at }) => at)).toEqual(expected);
  });

  it("is, with what it tells, all that it found", () => {
    const verdict = aVerdict([failing("a"), failing("b"), failing("c", MUTED)]);

    const { quiet, alerts } = decide(verdict, aLedger([anEntry("a")]));

    const sent = alerts.flatMap(({ items }) => items.filter(({ news }) => news !== null));
    expect([...quiet, ...sent]).toHaveLength(verdict.findings.length);
  });
});

describe("in words", () => {
  const at = (time: string | null, name = "a", severity: "error" | "warn" = "error") => ({
    finding: failing(name, { severity }),
    at: time,
  });

  it.each([
    ["of this day has the time", [at("2026-11-25T06:07:59Z")], ["1 error already told at 06:07 UTC: orders.id"]],
    [
      "of another day has the day",
      [at("2026-11-24T23:07:00.000Z")],
      ["1 error already told on 2026-11-24 at 23:07 UTC: orders.id"],
    ],
    [
      "of one moment is one line, errors and warnings apart",
      [at("2026-11-25T06:07:01Z"), at("2026-11-25T06:07:59Z", "b"), at("2026-11-25T06:07:59Z", "c", "warn")],
      ["2 errors already told at 06:07 UTC: orders.id, orders.id", "1 warning already told at 06:07 UTC: orders.id"],
    ],
    ["that is muted says so", [at(null)], ["1 error muted: orders.id"]],
    ["of nothing is nothing", [], []],
  ])("what was told %s", (_, told, lines) => {
    expect(describeTold(told, NOW)).toEqual(lines);
  });
});
