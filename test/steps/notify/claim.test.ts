import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Alert } from "../../../src/alerts/alert.ts";
import { decideAlerts } from "../../../src/alerts/decide.ts";
import type { Ledger } from "../../../src/alerts/ledger.ts";
import { recordDeliveries } from "../../../src/alerts/record.ts";
import type { Verdict } from "../../../src/severity/verdict.ts";
import { claimPosts } from "../../../src/steps/notify/claim.ts";
import { openKeptLedger } from "../../../src/steps/notify/kept-ledger.ts";
import { systemClock } from "../../../src/support/clock.ts";
import { aPolicy, ERRORS, failing, NOW, WARNINGS } from "../../alerts/build.ts";
import { arrive, describeAlert } from "../../alerts/play.ts";
import { aRun } from "../../run/build.ts";
import { aVerdict } from "../../severity/build.ts";
import { quietLog } from "../../support/quiet-log.ts";
import { useTempDir } from "../../support/temp-dir.ts";

const dir = useTempDir();
const SCOPE = "acme/shop shop prod";
const both = aVerdict([failing("a"), failing("w", { severity: "warn" })]);

/** A run of the scope, which reads the file now, and goes on step by step. */
async function aWriter(id: number, verdict: Verdict) {
  const now = NOW + id * 1000;
  const at = new Date(now).toISOString();
  const runner = { annotate: () => {} } as unknown as Parameters<typeof openKeptLedger>[0]["runner"];
  const file = await openKeptLedger(
    { log: quietLog([]), runner, clock: systemClock },
    { path: join(dir(), "ledger.json"), isInWorkFolder: false },
    SCOPE,
  );
  const decide = (from: Ledger) => decideAlerts(verdict, from, aRun({ id: String(id) }), aPolicy(), now);
  let claim: Awaited<ReturnType<typeof claimPosts>>;
  return {
    claim: async () => {
      claim = await claimPosts(file, file.ledger, decide(file.ledger), decide, { at, since: at });
      return claim.decision.alerts.map(describeAlert);
    },
    /** Its messages arrive. */
    record: async () => {
      const { decision, ledger } = claim;
      const seen = { ...(decision.ledger ?? ledger), unsettled: ledger.unsettled };
      const arrived = (alert: Alert, index: number) => arrive(alert, `17640000${id}0.00000${index}`);
      return (await file.save(recordDeliveries(seen, decision.alerts, decision.alerts.map(arrived), aPolicy(), at)))
        .ledger;
    },
  };
}

const ALL = [`${ERRORS}: problems opened a`, `${WARNINGS}: board open (1/0/1) a, opened w`];

describe("two runs with one file", () => {
  it("tell what both have found once, where both read it before either wrote", async () => {
    const [one, two] = [await aWriter(1, both), await aWriter(2, both)];

    const claimed = [await one.claim(), await two.claim()];
    await one.record();
    const { entries, unsettled, boards } = await two.record();

    expect(claimed).toEqual([ALL, []]);
    expect(entries.map(({ told }) => told)).toEqual(["error", "warn"]);
    expect([unsettled, boards.length]).toEqual([[], 1]);
    expect(await (await aWriter(3, both)).claim()).toEqual([`edit ${WARNINGS}: board open (1/0/1) a, w`]);
  });

  it("know what the other told in between", async () => {
    const [one, two] = [await aWriter(1, both), await aWriter(2, both)];
    await one.claim();
    await one.record();

    expect(await two.claim()).toEqual([`edit ${WARNINGS}: board open (1/0/1) a, w`]);
  });

  it("tell what only one has found", async () => {
    const [one, two] = [await aWriter(1, both), await aWriter(2, aVerdict([failing("b")]))];
    await one.claim();

    expect(await two.claim()).toEqual([`${ERRORS}: problems opened b`]);
  });

  it("leave what a killed one did not post to the next, which looks for it", async () => {
    const [one, two] = [await aWriter(1, both), await aWriter(2, both)];
    await one.claim();
    await two.claim();

    const { unsettled, entries } = await two.record();

    expect(unsettled.map(({ channel }) => channel)).toEqual([ERRORS, WARNINGS]);
    expect(entries.map(({ told }) => told)).toEqual([null, null]);
  });
});
