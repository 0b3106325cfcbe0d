import { ERRORS, NOW, WARNINGS } from "../../alerts/build.ts";
import type { FakeMessage, Fault } from "../../slack/fake-slack.ts";
import { createRandom } from "../../support/random.ts";
import { writeHistory } from "./history.ts";
import { judgeReplay, type Read, type Score } from "./oracle.ts";
import { createTeam } from "./team.ts";

export interface Replayed extends Score {
  /** The most calls of Slack that a run without news took. */
  readonly mostCallsOfQuiet: number;
  /** Top-level messages in both channels, by the fake's own count, without what stands there twice and says so. */
  readonly standing: number;
}

/** What a message says that may stand there already: its answer was lost, and nobody could look. */
const MARK = " (may be a repeat)";

function firstLine(message: FakeMessage | undefined): string {
  return message?.text.split("\n")[0] ?? "";
}

/** Plays a history against a Slack in the process, the ledger in the board. `faults`: the share of requests that go wrong. */
export async function replay(seed: number, runs: number, faults = 0): Promise<Replayed> {
  const history = writeHistory(seed, runs, NOW);
  const team = await createTeam(NOW, { mentionsOf: () => ["S0AAAAAAA"] });
  const random = createRandom(seed + 1);
  const KINDS: readonly [Fault, ...Fault[]] = [
    "reset",
    "hang",
    "500",
    "html",
    "429",
    "429 without a time",
    "500 before",
    "refused",
  ];
  team.slack.fault = () => (random.chance(faults) ? random.pick(KINDS) : null);
  const reads: Read[] = [];
  let mostCallsOfQuiet = 0;
  for (const run of history.runs) {
    const { verdict } = run;
    const { decision, deliveries, calls } = await team.run(run.at, verdict);
    const arrived = new Set(deliveries.flatMap(({ key, result }) => (result === "failed" ? [] : [key])));
    const alerts = decision.alerts.filter(({ key }) => arrived.has(key));
    if (decision.alerts.every(({ kind, address }) => address.kind === "edit" && kind === "board"))
      mostCallsOfQuiet = Math.max(mostCallsOfQuiet, calls.length);
    const hasProblem = verdict.findings.some(({ muted }) => muted === null);
    reads.push({ run, alerts, hasProblem });
  }
  const top = team.slack.messages.filter(
    ({ channel, thread }) => thread === null && [ERRORS, WARNINGS].includes(channel),
  );
  const isTwin = (message: FakeMessage, index: number) => firstLine(message) === `${firstLine(top[index - 1])}${MARK}`;
  const standing = top.filter((message, index) => !isTwin(message, index)).length;
  return { ...judgeReplay(history, reads, faults === 0 ? 0 : 1), mostCallsOfQuiet, standing };
}
