import type { WebClient } from "@slack/web-api";
import type { Ledger, UnsettledPost } from "../../alerts/ledger.ts";
import { settle, withoutPassed } from "../../alerts/unsettled.ts";
import { listed } from "../../render/words.ts";
import type { Context } from "../../setup/context.ts";
import { createFileLedger, type NamedLedger } from "../../slack/ledger-store.ts";
import { lookFor, type Sighting } from "../../slack/look.ts";
import type { Clock } from "../../support/clock.ts";
import { SignalboxError } from "../../support/errors.ts";
import type { Log } from "../../support/log.ts";
import { cleanLine } from "../../text/clean.ts";

/** The ledger of one scope while a run tells people of it. Alerts are sent whatever becomes of it. */
export interface KeptLedger {
  readonly ledger: Ledger;
  /** Stores it; the answer is what is stored, with what another writer has added. Never throws: what fails is told. */
  save(ledger: Ledger): Promise<{ readonly ledger: Ledger; readonly isSaved: boolean }>;
}

type KeptParts = Pick<Context, "log" | "runner" | "clock">;

/** Opens a ledger's file. One that cannot be read is told of, and everything counts as new. */
export async function openKeptLedger(
  parts: KeptParts,
  { path, isInWorkFolder }: NamedLedger,
  scope: string,
): Promise<KeptLedger> {
  const { log, clock } = parts;
  if (isInWorkFolder)
    tellLoud(
      parts,
      `the ledger ${path} lies in the work folder, which every \`ci\` empties: each run tells everything again. Name a file in a folder that lasts`,
    );
  const store = createFileLedger(path, clock);
  const { ledger, damage, foreign } = await store.load(scope);
  if (damage !== null)
    tellLoud(parts, `the ledger ${path} ${damage}. What earlier runs told is not known: every open problem is told`);
  if (foreign.length > 0)
    log.warn(
      "notify",
      `the ledger ${path} holds what was told of ${listed(
        foreign.map((each) => cleanLine(each)),
        3,
      )}, and nothing of ${cleanLine(scope)} (repository, dbt project, target): every open problem counts as new`,
    );

  let base = ledger;
  let hasFailed = false;
  return {
    ledger,
    save: async (changed) => {
      try {
        const saved = await store.save(base, changed);
        base = saved.ledger;
        if (saved.keptAs !== null)
          log.warn("notify", `the damaged ledger is kept as ${saved.keptAs}; a new one begins`);
        return { ledger: saved.ledger, isSaved: true };
      } catch (error) {
        if (!(error instanceof SignalboxError)) throw error;
        if (!hasFailed) tellLoud(parts, `${error.message}. Alerts are sent; the next run tells them once more`);
        hasFailed = true;
        return { ledger: changed, isSaved: false };
      }
    },
  };
}

function tellLoud({ log, runner }: Pick<KeptParts, "log" | "runner">, message: string): void {
  log.warn("notify", message);
  runner.annotate([{ level: "warning", title: "Ledger of alerts", message, file: null, line: null }]);
}

/** All looks together: a run does not wait longer for what earlier ones have left open. */
const LOOKS_END_MS = 30_000;

/** The ledger after a look for each post whose answer an earlier run has lost, and those that nobody could look up. */
export async function settleLost(
  client: WebClient,
  ledger: Ledger,
  passed: readonly string[],
  {
    clock,
    log,
    signal,
    fallback,
  }: {
    readonly clock: Clock;
    readonly log: Log;
    readonly signal: AbortSignal;
    /** The channel for what another one refuses; null: there is none. */
    readonly fallback: string | null;
  },
): Promise<{ ledger: Ledger; open: readonly UnsettledPost[] }> {
  const end = clock.monotonic() + LOOKS_END_MS;
  const isOver = () => signal.aborted || clock.monotonic() > end;
  const open: UnsettledPost[] = [];
  let settled = ledger;
  for (const post of ledger.unsettled) {
    const what = `a message of ${post.at.slice(0, 16).replace("T", " ")} UTC to ${post.channel}, whose answer was lost,`;
    const { seen, channel } = await lookInBoth(client, post, fallback, isOver);
    switch (seen.kind) {
      case "found":
        settled = settle(settled, { ...post, channel }, seen.ts);
        log.step("notify", `${what} has arrived: it is not told again`);
        break;
      case "absent":
        settled = settle(settled, post, null);
        log.step("notify", `${what} has not arrived: it is told again`);
        break;
      default:
        log.warn(
          "notify",
          `whether ${what} has arrived cannot be looked up (${seen.why}): what it told is told as a possible repeat`,
        );
        open.push(seen.kind === "never" ? withoutPassed(post, passed) : post);
    }
  }
  return { ledger: { ...settled, unsettled: open }, open };
}

/** A run that was killed could not record that the channel refused its message and the fallback took it. */
async function lookInBoth(
  client: WebClient,
  post: UnsettledPost,
  fallback: string | null,
  isOver: () => boolean,
): Promise<{ readonly seen: Sighting; readonly channel: string }> {
  const { channel } = post;
  const seen = await lookFor(client, post, isOver);
  if (seen.kind === "found" || fallback === null || fallback === channel) return { seen, channel };
  const there = await lookFor(client, { ...post, channel: fallback }, isOver);
  // Absent only where it is in neither.
  return there.kind === "absent" ? { seen, channel } : { seen: there, channel: fallback };
}
