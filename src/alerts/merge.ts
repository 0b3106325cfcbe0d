import type { Ledger, LedgerEntry, SecondStartDays } from "./ledger.ts";

/**
 * One ledger of two that have changed since `base`: `ours`, and what another writer has stored meanwhile. What one of them
 * alone has changed is taken from it; what both have changed is kept rather than lost.
 */
export function mergeLedgers(base: Ledger, stored: Ledger, ours: Ledger): Ledger {
  return {
    scope: ours.scope,
    lastRun: later(stored.lastRun, ours.lastRun),
    entries: mergeLists(base.entries, stored.entries, ours.entries, ({ fingerprint }) => fingerprint, mergeEntries),
    recentRuns: mergeLists(base.recentRuns, stored.recentRuns, ours.recentRuns, (at) => at),
    pauses: mergeLists(base.pauses, stored.pauses, ours.pauses, ({ from }) => from),
    boards: mergeLists(base.boards, stored.boards, ours.boards, ({ channel }) => channel),
    dailyAt: later(stored.dailyAt, ours.dailyAt),
    secondStarts: mergeSecondStarts(base.secondStarts, stored.secondStarts, ours.secondStarts),
    mentioned: isSame(base.mentioned, ours.mentioned) ? stored.mentioned : ours.mentioned,
    expiredTold: mergeLists(base.expiredTold, stored.expiredTold, ours.expiredTold, (id) => id),
    unsettled: mergeLists(base.unsettled, stored.unsettled, ours.unsettled, ({ key }) => key),
  };
}

function mergeLists<T>(
  base: readonly T[],
  stored: readonly T[],
  ours: readonly T[],
  keyOf: (item: T) => string,
  mergeBoth: (their: T, our: T) => T = (_, our) => our,
): readonly T[] {
  const byKey = (items: readonly T[]) => new Map(items.map((item) => [keyOf(item), item]));
  const [before, theirs, own] = [byKey(base), byKey(stored), byKey(ours)];
  return [...new Set([...own.keys(), ...theirs.keys()])].flatMap((key) => {
    const [was, their, our] = [before.get(key), theirs.get(key), own.get(key)];
    if (isSame(was, their)) return our ?? [];
    if (isSame(was, our)) return their ?? [];
    return their === undefined || our === undefined ? (our ?? their ?? []) : mergeBoth(their, our);
  });
}

/** As we have seen it; what people were told is what they were told last, of the same deadline too. */
function mergeEntries(their: LedgerEntry, our: LedgerEntry): LedgerEntry {
  const { told, notifiedAt, thread, isFlapping } = (their.notifiedAt ?? "") > (our.notifiedAt ?? "") ? their : our;
  const { remindedAt, overdueToldAt } = our;
  const deadline =
    their.firstSeen === our.firstSeen
      ? { remindedAt: later(their.remindedAt, remindedAt), overdueToldAt: later(their.overdueToldAt, overdueToldAt) }
      : { remindedAt, overdueToldAt };
  return { ...our, told, notifiedAt, thread, isFlapping, ...deadline };
}

/** Of two runs at once one may have found that the days before are over, and the other begun to count anew: that counts. */
function mergeSecondStarts(
  base: SecondStartDays | null,
  stored: SecondStartDays | null,
  ours: SecondStartDays | null,
): SecondStartDays | null {
  if (isSame(base, ours)) return stored;
  if (isSame(base, stored) || stored === null) return ours;
  return ours === null || stored.day > ours.day || (stored.day === ours.day && stored.days > ours.days) ? stored : ours;
}

/** The later of two ISO times; null: none. */
function later(one: string | null, other: string | null): string | null {
  return (one ?? "") > (other ?? "") ? one : other;
}

/** Whether both hold the same, whatever the order of their keys. */
export function isSame(one: unknown, other: unknown): boolean {
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return one === other;
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => Object.hasOwn(other, key) && isSame(one[key as never], other[key as never]))
  );
}
