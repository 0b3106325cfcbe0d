import type { Alert } from "../alerts/alert.ts";
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

/** Restores the ledger from one page of the channel's history; a second page, of the error channel, where no board is there. */
export async function loadFromBoard(
  reader: HistoryReader,
  place: BoardPlace,
  scope: string,
  candidates: Candidates,
): Promise<Loaded> {
  const { warnChannel, errorChannel, scopeId } = place;
  const page = await readMessages(reader, warnChannel);
  if (isFailure(page)) return { kind: "unreadable", failure: page, channel: warnChannel };
  const ours = page.filter(({ payload }) => payload.scope === scopeId);
  const boards = ours
    .filter(({ eventType }) => eventType === BOARD_EVENT)
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
    return { kind: "known", ledger, savedAt: told[0]?.ts ?? null, parts: [] };
  }
  const { message } = board;
  let { savedAt } = message;
  let { ledger } = board;
  const parts: string[] = [];
  // Answers keep what has no room on the board; those from after it was saved are of a run that was stopped between the two.
  const isLarge = typeof message.payload.parts === "number" && message.payload.parts > 1;
  if (isLarge || (message.latestReply !== null && message.latestReply > savedAt)) {
    const oldest = isLarge ? null : savedAt;
    const replies = await readMessages(reader, warnChannel, { thread: message.ts, oldest });
    if (isFailure(replies) && isLarge) return { kind: "unreadable", failure: replies, channel: warnChannel };
    if (!isFailure(replies)) {
      for (const part of partsIn(replies, scopeId)) {
        parts.push(part.ts);
        const more = ledgerIn(part, scope, { channel: warnChannel, ts: message.ts }, candidates);
        ledger = { ...ledger, entries: [...ledger.entries, ...(more?.entries ?? [])] };
      }
      const since = replies.filter(({ payload, ts }) => payload.scope === scopeId && ts > savedAt);
      // Where the board cannot be edited an answer keeps the state.
      const [newer] = since.filter(({ eventType }) => eventType === BOARD_EVENT);
      const self = { channel: warnChannel, ts: message.ts };
      const kept = newer === undefined ? null : ledgerIn(newer, scope, self, candidates);
      if (kept !== null && newer !== undefined) {
        ledger = kept;
        savedAt = newer.ts;
      }
      const told = since.filter(({ ts }) => ts > savedAt);
      ledger = withTold(ledger, warnChannel, told, candidates, message.ts);
    }
  }
  return {
    kind: "known",
    ledger: withTold(
      ledger,
      warnChannel,
      ours.filter(({ ts }) => ts > savedAt),
      candidates,
      null,
    ),
    savedAt,
    parts,
  };
}

/** The newest answer for each part from the second on, in their order. */
function partsIn(replies: readonly SeenMessage[], scopeId: string): readonly SeenMessage[] {
  const parts: SeenMessage[] = [];
  for (let number = 1; number < MOST_PARTS; number += 1) {
    const part = replies.find(
      ({ eventType, payload }) => eventType === PART_EVENT && payload.scope === scopeId && payload.part === number,
    );
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
  const messages = await readMessages(reader, channel, savedAt === null ? {} : { oldest: savedAt });
  if (isFailure(messages)) return messages;
  const ours = messages.filter(
    ({ payload, ts }) => payload.scope === place.scopeId && (savedAt === null || ts > savedAt),
  );
  return withTold(ledger, channel, ours, candidates, null);
}

/** What goes along with an alert: who told what, so that it can be read off the message. */
export function payloadOf(alert: Alert, scopeId: string, at: string): Readonly<Record<string, unknown>> {
  const [post] = unsettledOf([alert], at, at);
  const told = (post?.told ?? []).map(
    ({ fingerprint, severity }) => `${fingerprintHash(fingerprint)}${LETTERS[severity ?? "over"]}`,
  );
  return { scope: scopeId, at, told: told.join("").slice(0, MOST_CHARACTERS) };
}

const LETTERS = { error: "e", warn: "w", over: "o" } as const;
const SEVERITIES = { e: "error", w: "warn", o: null } as const;

/**
 * The metadata of the board, and of the answers that keep what it has no room for: each problem stays in its part while
 * their number does. null: even twenty messages are not enough.
 */
export function boardPayloads(ledger: Ledger, scopeId: string): readonly Readonly<Record<string, unknown>>[] | null {
  for (let count = 1; count <= MOST_PARTS; count += 1) {
    const payloads = Array.from({ length: count }, (_, part) => payloadOfPart(ledger, scopeId, part, count));
    if (payloads.every((payload) => JSON.stringify(payload).length <= MOST_CHARACTERS)) return payloads;
  }
  return null;
}

function payloadOfPart(
  ledger: Ledger,
  scopeId: string,
  part: number,
  count: number,
): Readonly<Record<string, unknown>> {
  const entries = ledger.entries.filter(
    ({ fingerprint }) => Number.parseInt(fingerprintHash(fingerprint).slice(0, 6), 16) % count === part,
  );
  if (part > 0) {
    const state = packLedger({ ...emptyLedger(ledger.scope), lastRun: ledger.lastRun, entries });
    return { scope: scopeId, part, state };
  }
  const unsettled = ledger.unsettled.map((post) => ({
    ...post,
    told: post.told
      .map(({ fingerprint, severity }) => `${fingerprintHash(fingerprint)}${LETTERS[severity ?? "over"]}`)
      .join(""),
  }));
  return {
    scope: scopeId,
    state: packLedger({ ...ledger, entries }),
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
        told: readTold(told, candidates),
      },
    ];
  });
  return { ...ledger, unsettled };
}

function readTold(text: unknown, { fingerprints }: Candidates): UnsettledPost["told"] {
  const known = new Map([...fingerprints.keys()].map((fingerprint) => [fingerprintHash(fingerprint), fingerprint]));
  return [...(typeof text === "string" ? text : "").slice(0, MOST_CHARACTERS).matchAll(/([0-9a-f]{10})([ewo])/g)].map(
    ([, hash = "", letter]) => ({
      fingerprint: known.get(hash) ?? `v1:#${hash}`,
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
  return messages
    .filter(({ eventType }) => eventType === EVENT_TYPE)
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
        told: readTold(told, candidates),
      };
      return settle(known, post, ts);
    }, ledger);
}

/** Our other boards of the same week, older than this one: another run was first. */
export async function findOlderTwin(
  reader: HistoryReader,
  { warnChannel, scopeId }: BoardPlace,
  own: MessageRef,
  savedAt: string | null,
): Promise<MessageRef | null> {
  const messages = await readMessages(reader, warnChannel, savedAt === null ? {} : { oldest: savedAt });
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
