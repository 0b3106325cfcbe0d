import type { Alert, AlertItem } from "../alerts/alert.ts";
import { isOver } from "../alerts/item.ts";
import { emptyLedger, type Ledger, type MessageRef, type UnsettledPost } from "../alerts/ledger.ts";
import { unsettledOf } from "../alerts/unsettled.ts";
import { type Candidates, fingerprintHash, packLedger, unpackLedger } from "./packed-ledger.ts";
import type { SeenMessage } from "./read-messages.ts";

/** What the metadata of our messages holds: the board's the ledger, each other's what it told. Pure. */

const MOST_PARTS = 20;
/** Slack publishes no limit; below this it takes metadata. */
const MOST_CHARACTERS = 3_000;

/** In how many messages the state is, this one included. */
export function partsOf({ payload }: SeenMessage): number {
  return typeof payload.parts === "number" ? Math.min(payload.parts, MOST_PARTS) : 1;
}

/** What goes along with an alert: who told what, so that it can be read off the message. */
export function payloadOf(alert: Alert, scopeId: string, at: string): Readonly<Record<string, unknown>> {
  const [post] = unsettledOf([alert], at, at);
  // An edit takes the place of what was told first: where the board is gone, it has to say how things stand.
  const told = alert.kind === "problems" && alert.address.kind === "edit" ? alert.items.map(stateOf) : post?.told;
  return { scope: scopeId, at, told: packTold(told ?? []).slice(0, MOST_CHARACTERS) };
}

function stateOf({ fingerprint, severity, state }: AlertItem): UnsettledPost["told"][number] {
  return { fingerprint, severity: isOver({ state }) ? null : severity };
}

function packTold(told: UnsettledPost["told"]): string {
  return told
    .map(({ fingerprint, severity }) => `${fingerprintHash(fingerprint)}${LETTERS[severity ?? "over"]}`)
    .join("");
}

const LETTERS = { error: "e", warn: "w", overdue: "d", over: "o" } as const;
const SEVERITIES = { e: "error", w: "warn", d: "overdue", o: null } as const;

/**
 * The metadata of the board, and of the answers that keep what it has no room for: each problem stays in its part while
 * their number does. null: even twenty messages are not enough.
 */
export function boardPayloads(ledger: Ledger, scopeId: string): readonly Readonly<Record<string, unknown>>[] | null {
  const placed = ledger.entries.map((entry) => ({
    entry,
    number: Number.parseInt(fingerprintHash(entry.fingerprint).slice(0, 6), 16),
  }));
  for (let count = 1; count <= MOST_PARTS; count += 1) {
    const payloads = Array.from({ length: count }, (_, part) => {
      const entries = placed.filter(({ number }) => number % count === part).map(({ entry }) => entry);
      return payloadOfPart({ ...ledger, entries }, scopeId, part, count);
    });
    if (payloads.every((payload) => JSON.stringify(payload).length <= MOST_CHARACTERS)) return payloads;
  }
  return null;
}

/** `ledger`: with the entries of this part alone. */
function payloadOfPart(
  ledger: Ledger,
  scopeId: string,
  part: number,
  count: number,
): Readonly<Record<string, unknown>> {
  if (part > 0) {
    const { scope, lastRun, entries } = ledger;
    return { scope: scopeId, part, state: packLedger({ ...emptyLedger(scope), lastRun, entries }) };
  }
  const unsettled = ledger.unsettled.map((post) => ({ ...post, told: packTold(post.told) }));
  return {
    scope: scopeId,
    state: packLedger(ledger),
    ...(count === 1 ? {} : { parts: count }),
    ...(unsettled.length === 0 ? {} : { unsettled: JSON.stringify(unsettled) }),
  };
}

/** The ledger that a message of ours keeps; null: it keeps none that can be read. `self`: the board. */
export function ledgerIn(
  { payload }: SeenMessage,
  scope: string,
  self: MessageRef,
  candidates: Candidates,
): Ledger | null {
  const ledger = typeof payload.state === "string" ? unpackLedger(payload.state, scope, self, candidates) : null;
  return ledger === null ? null : withUnsettled(ledger, payload.unsettled, candidates);
}

function withUnsettled(ledger: Ledger, packed: unknown, candidates: Candidates): Ledger {
  if (typeof packed !== "string") return ledger;
  let posts: unknown;
  try {
    posts = JSON.parse(packed);
  } catch {
    return ledger;
  }
  const names = namesByHash(ledger, candidates);
  const unsettled = (Array.isArray(posts) ? posts : []).flatMap((post: unknown): readonly UnsettledPost[] => {
    const { key, channel, thread, since, at, week, isKeyless, told } = (post ?? {}) as Record<string, unknown>;
    if (typeof key !== "string" || typeof channel !== "string" || typeof since !== "string" || typeof at !== "string")
      return [];
    return [
      {
        key,
        channel,
        thread: typeof thread === "string" ? thread : null,
        since,
        at,
        week: typeof week === "string" ? week : null,
        ...(isKeyless === true ? { isKeyless } : {}),
        told: readTold(told, names),
      },
    ];
  });
  return { ...ledger, unsettled };
}

/** What the hashes in messages stand for: all that this run knows, and what the ledger holds. */
export function namesByHash({ entries }: Ledger, { fingerprints }: Candidates): ReadonlyMap<string, string> {
  const all = [...fingerprints.keys(), ...entries.map(({ fingerprint }) => fingerprint)];
  return new Map(all.map((fingerprint) => [fingerprintHash(fingerprint), fingerprint]));
}

/** What a message told, as `payloadOf` packs it. */
export function readTold(text: unknown, names: ReadonlyMap<string, string>): UnsettledPost["told"] {
  return [...(typeof text === "string" ? text : "").slice(0, MOST_CHARACTERS).matchAll(/([0-9a-f]{10})([ewdo])/g)].map(
    ([, hash = "", letter]) => ({
      fingerprint: names.get(hash) ?? `v1:#${hash}`,
      severity: SEVERITIES[letter as keyof typeof SEVERITIES],
    }),
  );
}
