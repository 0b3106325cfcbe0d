import type { Alert, AlertItem } from "../alerts/alert.ts";
import { emptyLedger, type Ledger, type MessageRef, type UnsettledPost } from "../alerts/ledger.ts";
import { settle, unsettledOf } from "../alerts/unsettled.ts";
import type { Failure } from "./failure.ts";
import { EVENT_TYPE } from "./look.ts";
import { type Candidates, fingerprintHash, packLedger, unpackLedger } from "./packed-ledger.ts";
import { type HistoryReader, isFailure, readMessages, type SeenMessage } from "./read-messages.ts";

/**
 * The ledger in Slack: its state is the metadata of the board in the main warn channel. What messages have told since the
 * board was saved is read off themselves, so that a run that was killed loses nothing and tells nothing twice.
 */

export const BOARD_EVENT = "signalbox_board";
/** An answer to the board that keeps what the board's own metadata has no room for. */
export const PART_EVENT = "signalbox_part";
const MOST_PARTS = 20;
/** Slack publishes no limit; below this it takes metadata. */
const MOST_CHARACTERS = 3_000;

export interface BoardPlace {
  /** The main channels: the board stands in the one, errors are told in the other. */
  readonly warnChannel: string;
  readonly errorChannel: string;
  /** A short hash of the scope: several may share the channels. */
  readonly scopeId: string;
}

export type Loaded =
  | {
      readonly kind: "known";
      readonly ledger: Ledger;
      /** Slack's time up to which the ledger knows what was told; null: it knows nothing yet. */
      readonly savedAt: string | null;
      /** Slack's times of the answers that keep a part of it: the first is part 1. */
      readonly parts: readonly string[];
    }
  /** The app may not read, or Slack does not answer. */
  | { readonly kind: "unreadable"; readonly failure: Failure; readonly channel: string };

/**
 * Restores the ledger from the channel's history, of which the page with the board is the last that is read; where there is
 * no board from the error channel's too, and where answers to the board keep a part of it, from its thread.
 */
export async function loadFromBoard(
  reader: HistoryReader,
  place: BoardPlace,
  scope: string,
  candidates: Candidates,
): Promise<Loaded> {
  const { warnChannel, errorChannel, scopeId } = place;
  const isBoard = ({ eventType, payload }: SeenMessage) => eventType === BOARD_EVENT && payload.scope === scopeId;
  const page = await readMessages(reader, warnChannel, { isEnough: (seen) => seen.some(isBoard) });
  if (isFailure(page)) return { kind: "unreadable", failure: page, channel: warnChannel };
  const ours = page.filter(({ payload }) => payload.scope === scopeId);
  const boards = ours
    .filter(isBoard)
    .flatMap((message) => {
      const ledger = ledgerIn(message, scope, { channel: warnChannel, ts: message.ts }, candidates);
      return ledger === null ? [] : [{ message, ledger }];
    })
    // Of two that were saved at once the older message counts.
    .sort((a, b) => compare(b.ledger.lastRun ?? "", a.ledger.lastRun ?? "") || compare(a.message.ts, b.message.ts));
  const [board] = boards;
  if (board === undefined) {
    const errors = errorChannel === warnChannel ? page : await readMessages(reader, errorChannel);
    if (isFailure(errors)) return { kind: "unreadable", failure: errors, channel: errorChannel };
    const told = errors.filter(({ payload }) => payload.scope === scopeId);
    const ledger = withTold(emptyLedger(scope), errorChannel, told, candidates, null);
    // A board that cannot be read stands there already: it is no other run's.
    const savedAt =
      [ours[0]?.ts, told[0]?.ts]
        .filter((ts) => ts !== undefined)
        .toSorted(compare)
        .at(-1) ?? null;
    return { kind: "known", ledger, savedAt, parts: [] };
  }
  const { message } = board;
  let { savedAt } = message;
  let { ledger } = board;
  const parts: string[] = [];
  // Answers keep what has no room on the board; those from after it was saved are of a run that was stopped between the two.
  const isLarge = partsOf(message) > 1;
  if (isLarge || (message.latestReply !== null && message.latestReply > savedAt)) {
    const oldest = isLarge ? null : savedAt;
    const replies = await readMessages(reader, warnChannel, { thread: message.ts, oldest });
    if (isFailure(replies) && isLarge) return { kind: "unreadable", failure: replies, channel: warnChannel };
    if (!isFailure(replies)) {
      const self = { channel: warnChannel, ts: message.ts };
      const answers = replies.filter(({ payload }) => payload.scope === scopeId);
      // Where the board cannot be edited an answer keeps the state.
      const newer = answers.find(({ eventType, ts }) => eventType === BOARD_EVENT && ts > savedAt);
      const kept = newer === undefined ? null : ledgerIn(newer, scope, self, candidates);
      let count = partsOf(message);
      if (newer !== undefined && kept !== null) {
        ledger = kept;
        savedAt = newer.ts;
        count = partsOf(newer);
      }
      for (const part of partsIn(answers, count)) {
        parts.push(part.ts);
        const more = ledgerIn(part, scope, self, candidates);
        ledger = { ...ledger, entries: [...ledger.entries, ...(more?.entries ?? [])] };
      }
      const told = answers.filter(({ ts }) => ts > savedAt);
      ledger = withTold(ledger, warnChannel, told, candidates, message.ts);
    }
  }
  const later = ours.filter(({ ts }) => ts > savedAt);
  return { kind: "known", ledger: withTold(ledger, warnChannel, later, candidates, null), savedAt, parts };
}

/** In how many messages the state is, this one included. */
function partsOf({ payload }: SeenMessage): number {
  return typeof payload.parts === "number" ? Math.min(payload.parts, MOST_PARTS) : 1;
}

/** The newest answer for each part from the second on, in their order: those that are in use, as old ones stay in the thread. */
function partsIn(answers: readonly SeenMessage[], count: number): readonly SeenMessage[] {
  const parts: SeenMessage[] = [];
  for (let number = 1; number < count; number += 1) {
    const part = answers.find(({ eventType, payload }) => eventType === PART_EVENT && payload.part === number);
    if (part === undefined) break;
    parts.push(part);
  }
  return parts;
}

/** The ledger with what was posted to a channel since it was saved, which it does not know of. */
export async function readSince(
  reader: HistoryReader,
  place: Pick<BoardPlace, "scopeId">,
  ledger: Ledger,
  channel: string,
  savedAt: string | null,
  candidates: Candidates,
): Promise<Ledger | Failure> {
  const messages = await readMessages(reader, channel, since(savedAt));
  if (isFailure(messages)) return messages;
  const ours = messages.filter(
    ({ payload, ts }) => payload.scope === place.scopeId && (savedAt === null || ts > savedAt),
  );
  return withTold(ledger, channel, ours, candidates, null);
}

/** What another run has told meanwhile stands on the newest page. */
function since(savedAt: string | null): Parameters<typeof readMessages>[2] {
  return savedAt === null ? { isEnough: () => true } : { oldest: savedAt };
}

/** What goes along with an alert: who told what, so that it can be read off the message. */
export function payloadOf(alert: Alert, scopeId: string, at: string): Readonly<Record<string, unknown>> {
  const [post] = unsettledOf([alert], at, at);
  // An edit takes the place of what was told first: where the board is gone, it has to say how things stand.
  const told = alert.kind === "problems" && alert.address.kind === "edit" ? alert.items.map(stateOf) : post?.told;
  return { scope: scopeId, at, told: packTold(told ?? []).slice(0, MOST_CHARACTERS) };
}

function stateOf({ fingerprint, severity, state }: AlertItem): UnsettledPost["told"][number] {
  return { fingerprint, severity: state === "recovered" || state === "removed" ? null : severity };
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

function ledgerIn({ payload }: SeenMessage, scope: string, self: MessageRef, candidates: Candidates): Ledger | null {
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
function namesByHash({ entries }: Ledger, { fingerprints }: Candidates): ReadonlyMap<string, string> {
  const all = [...fingerprints.keys(), ...entries.map(({ fingerprint }) => fingerprint)];
  return new Map(all.map((fingerprint) => [fingerprintHash(fingerprint), fingerprint]));
}

function readTold(text: unknown, names: ReadonlyMap<string, string>): UnsettledPost["told"] {
  return [...(typeof text === "string" ? text : "").slice(0, MOST_CHARACTERS).matchAll(/([0-9a-f]{10})([ewdo])/g)].map(
    ([, hash = "", letter]) => ({
      fingerprint: names.get(hash) ?? `v1:#${hash}`,
      severity: SEVERITIES[letter as keyof typeof SEVERITIES],
    }),
  );
}

/** Oldest first: the last message about a problem counts. */
function withTold(
  ledger: Ledger,
  channel: string,
  messages: readonly SeenMessage[],
  candidates: Candidates,
  thread: string | null,
): Ledger {
  const telling = messages.filter(({ eventType }) => eventType === EVENT_TYPE);
  if (telling.length === 0) return ledger;
  const names = namesByHash(ledger, candidates);
  return telling
    .toSorted((a, b) => compare(a.ts, b.ts))
    .reduce((known, { ts, payload }) => {
      const { key, at, told } = payload;
      const post: UnsettledPost = {
        key: String(key),
        channel,
        thread,
        since: String(at),
        at: typeof at === "string" ? at : "",
        week: null,
        told: readTold(told, names),
      };
      return settle(known, post, ts);
    }, ledger);
}

/** The first of our other boards that were posted since the ledger was read, and before this one: another run was first. */
export async function findOlderTwin(
  reader: HistoryReader,
  { warnChannel, scopeId }: BoardPlace,
  own: MessageRef,
  savedAt: string | null,
): Promise<MessageRef | null> {
  const messages = await readMessages(reader, warnChannel, since(savedAt));
  if (isFailure(messages)) return null;
  const older = messages.filter(
    ({ ts, eventType, payload }) =>
      eventType === BOARD_EVENT && payload.scope === scopeId && ts < own.ts && (savedAt === null || ts > savedAt),
  );
  const first = older.at(-1);
  return first === undefined ? null : { channel: warnChannel, ts: first.ts };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
