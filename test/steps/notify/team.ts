import type { WebClient } from "@slack/web-api";
import type { Alert } from "../../../src/alerts/alert.ts";
import { decideAlerts } from "../../../src/alerts/decide.ts";
import type { AlertPolicy } from "../../../src/alerts/policy.ts";
import { renderAlert } from "../../../src/render/slack.ts";
import type { Run } from "../../../src/run/run.ts";
import type { Verdict } from "../../../src/severity/verdict.ts";
import { createSlackClient } from "../../../src/slack/client.ts";
import { candidatesOf, openSlackLedger } from "../../../src/steps/notify/slack-ledger.ts";
import { type TellingEnd, tellPeople } from "../../../src/steps/notify/tell-people.ts";
import type { Clock } from "../../../src/support/clock.ts";
import { aPolicy, ERRORS, WARNINGS } from "../../alerts/build.ts";
import { aRun } from "../../run/build.ts";
import { createFakeSlack, type FakeSlack } from "../../slack/fake-slack.ts";
import { quietLog } from "../../support/quiet-log.ts";
import { never } from "../../support/signals.ts";

/** A clock that sleepers push on. */
export function createHandClock(start: number): Clock & { set(ms: number): void } {
  let wall = start;
  let passed = 0;
  return {
    now: () => wall,
    monotonic: () => passed,
    sleep: async (ms) => {
      wall += ms;
      passed += ms;
    },
    set: (ms) => {
      passed += Math.max(0, ms - wall);
      wall = ms;
    },
  };
}

export interface Team {
  readonly slack: FakeSlack;
  readonly clock: ReturnType<typeof createHandClock>;
  /** What the log says. */
  log(): string;
  /** One run with the ledger in Slack. */
  run(at: number, verdict: Verdict, options?: TeamRun): Promise<TellingEnd & { readonly calls: readonly string[] }>;
}

export interface TeamRun {
  readonly run?: Partial<Run>;
  readonly policy?: Partial<AlertPolicy>;
  /** Called when it is decided what to tell, before the first post. */
  readonly beforePosts?: (alerts: readonly Alert[]) => Promise<void>;
}

/** A team's Slack with a channel for errors and one for warnings, and runs of one scope. */
export async function createTeam(start: number, policy: Partial<AlertPolicy> = {}): Promise<Team> {
  const clock = createHandClock(start);
  const slack = createFakeSlack({ now: clock.now, channels: [ERRORS, WARNINGS, "C0MOVED001"] });
  const client: WebClient = await createSlackClient("xoxb-1", "https://slack.test/api/", { fetch: slack.fetch });
  const lines: string[] = [];
  const log = quietLog(lines);
  const parts = { client, clock, signal: never(), log };

  return {
    slack,
    clock,
    log: () => lines.join(""),
    run: async (at, verdict, options = {}) => {
      clock.set(at);
      const rules = aPolicy({ isLedgerOnBoard: true, ...policy, ...options.policy });
      const run = aRun({ id: `run-${at}`, trigger: "schedule", ...options.run });
      const from = slack.calls.length;
      const candidates = candidatesOf(verdict, rules.nameOf, {
        mentions: [],
        expired: rules.expired.map(({ id }) => id),
      });
      const place = { warnChannel: WARNINGS, errorChannel: ERRORS, scopeId: "scope1" };
      const opened = await openSlackLedger(parts, place, "acme/shop shop prod", candidates);
      const about = { verdict, run, policy: rules, now: at };
      const facts = { run, mode: "schedule", target: "prod", projectName: "shop", reproduce: null } as const;
      if (opened.kind === "out") {
        const decision = decideAlerts(verdict, null, run, rules, at);
        const { alerts } = decision;
        return { decision, alerts, deliveries: [], ledger: null, isRemembered: false, calls: slack.calls.slice(from) };
      }
      const told = await tellPeople(
        {
          ...parts,
          fallback: null,
          boardFallback: null,
          render: (alert) => renderAlert(alert, facts),
          beforePosts: options.beforePosts ?? (async () => {}),
          say: () => {},
          findEarlier: async () => ({ there: [], repeats: [] }),
        },
        opened.kind === "known" ? { kind: "slack", slack: opened } : opened,
        about,
      );
      return { ...told, calls: slack.calls.slice(from) };
    },
  };
}
