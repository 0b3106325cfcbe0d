import type { Decision } from "../../alerts/decide.ts";
import type { Ledger, UnsettledPost } from "../../alerts/ledger.ts";
import { isSame } from "../../alerts/merge.ts";
import { isSaidBy, unsettledOf } from "../../alerts/unsettled.ts";
import type { KeptLedger } from "./kept-ledger.ts";

export interface Claim {
  readonly decision: Decision;
  /** With the posts that are about to be made. */
  readonly ledger: Ledger;
  /** Whether the file holds them, for the next run to look for. */
  readonly isSaved: boolean;
}

/** Each try is a moment in which yet another run has written the file. */
const MOST_TRIES = 5;

/**
 * Writes what is about to be posted into the file, before the first post: a run that is killed before it records leaves the
 * next one the keys to look for. What another run has written since the file was read counts: what it has told is told, and
 * what it is about to post is left to it.
 */
export async function claimPosts(
  file: KeptLedger,
  ledger: Ledger,
  first: Decision,
  decide: (from: Ledger) => Decision,
  { at, since }: Pick<UnsettledPost, "at" | "since">,
): Promise<Claim> {
  let known = ledger;
  let decision = first;
  let theirs: readonly UnsettledPost[] = [];
  for (let tries = 1; ; tries += 1) {
    if (decision.alerts.length === 0) return { decision, ledger: known, isSaved: false };
    const before = [...known.unsettled, ...unsettledOf(decision.alerts, at, since)];
    const keys = new Set(before.map(({ key }) => key));
    const saved = await file.save({ ...known, unsettled: before });
    const come = saved.ledger.unsettled.filter(({ key }) => !keys.has(key));
    const isAsKnown = come.length === 0 && isSame(saved.ledger.entries, known.entries);
    if (!saved.isSaved || isAsKnown || tries === MOST_TRIES) return { ...saved, decision };
    theirs = [...theirs, ...come];
    known = { ...saved.ledger, unsettled: [...known.unsettled, ...come] };
    const again = decide(known);
    decision = { ...again, alerts: again.alerts.filter((alert) => !isSaidBy(alert, theirs)) };
  }
}
