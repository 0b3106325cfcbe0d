import type { Alert, Delivery } from "../../src/alerts/alert.ts";
import { decideAlerts } from "../../src/alerts/decide.ts";
import { nameOfFingerprint } from "../../src/alerts/fingerprint.ts";
import { emptyLedger, type Ledger } from "../../src/alerts/ledger.ts";
import type { AlertPolicy } from "../../src/alerts/policy.ts";
import { recordDeliveries } from "../../src/alerts/record.ts";
import type { Run } from "../../src/run/run.ts";
import type { Verdict } from "../../src/severity/verdict.ts";
import { aRun } from "../run/build.ts";
import { aPolicy, HOUR_MS, NOW, sent } from "./build.ts";

export interface Played {
  readonly alerts: readonly Alert[];
  /** What is posted at the top of a channel or into a thread, without edits: `C0ERRORS01: opened a`. */
  readonly posts: readonly string[];
  /** What is edited. */
  readonly edits: readonly string[];
  readonly ledger: Ledger;
}

export interface PlayOptions {
  readonly run?: Partial<Run>;
  readonly policy?: Partial<AlertPolicy>;
  readonly deliver?: (alert: Alert, ts: string) => Delivery | null;
}

/** Runs of one scope, one after the other; every ledger goes through JSON, as it does on disk. */
export function createPlay(policy: Partial<AlertPolicy> = {}, from: Ledger = emptyLedger("acme/shop shop prod")) {
  let ledger = from;
  let posted = 0;
  const play = (hours: number, verdict: Verdict, options: PlayOptions = {}): Played => {
    const now = Math.round(NOW + hours * HOUR_MS);
    const rules = aPolicy({ ...policy, ...options.policy });
    const run = aRun({ id: `run-${hours}`, trigger: "schedule", ...options.run });
    const { alerts, ledger: seen } = decideAlerts(verdict, ledger, run, rules, now);
    if (seen === null) throw new Error("no ledger");
    const deliveries = alerts.flatMap((alert) => {
      posted += 1;
      const ts = `${Math.floor(now / 1000)}.${String(posted).padStart(6, "0")}`;
      return (options.deliver ?? arrive)(alert, ts) ?? [];
    });
    ledger = JSON.parse(
      JSON.stringify(recordDeliveries(seen, alerts, deliveries, rules, new Date(now).toISOString())),
    ) as Ledger;
    const isEdit = ({ address }: Alert) => address.kind === "edit";
    return {
      alerts,
      posts: alerts.filter((alert) => !isEdit(alert)).map(describeAlert),
      edits: alerts.filter(isEdit).map(describeAlert),
      ledger,
    };
  };
  return Object.assign(play, {
    ledger: () => ledger,
    set: (changed: Ledger) => {
      ledger = changed;
    },
  });
}

/** Slack takes it: a post gets a time of its own, an edit keeps the message's. */
export function arrive(alert: Alert, ts: string): Delivery {
  const { address, key, channel } = alert;
  return address.kind === "edit" ? { key, result: "updated", channel, ts: address.ts } : sent(alert, ts);
}

/** `C0ERRORS01: problems opened a, again b`; `thread C0WARNINGS: recovered a`. */
export function describeAlert(alert: Alert): string {
  const { kind, address, channel, items } = alert;
  const names = items.map(({ news, fingerprint }) => {
    const name = nameOfFingerprint(fingerprint).replace("test.shop.", "");
    return news === null || news === kind ? name : `${news} ${name}`;
  });
  const where = address.kind === "channel" ? channel : `${address.kind} ${channel}`;
  const what =
    kind === "board" || kind === "flapping" ? `${kind} ${kind === "board" ? alert.state : alert.phase}` : kind;
  const score = kind === "board" ? ` (${alert.score.opened}/${alert.score.fixed}/${alert.score.carried})` : "";
  return `${where}: ${what}${score}${names.length === 0 ? "" : ` ${names.join(", ")}`}`;
}
