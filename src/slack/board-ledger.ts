import { emptyLedger, type Ledger, type MessageRef, type UnsettledPost } from "../alerts/ledger.ts";
import { settle } from "../alerts/unsettled.ts";
import { ledgerIn, namesByHash, partsOf, readTold } from "./board-payload.ts";
import { type Failure, isFailure } from "./failure.ts";
import { EVENT_TYPE } from "./look.ts";
import type { Candidates } from "./packed-ledger.ts";
import { type HistoryReader, readMessages, type SeenMessage } from "./read-messages.ts";

/**
 * The ledger in Slack: its state is the metadata of the board in the main warn channel. What messages have told since the
 * board was saved is read off themselves, so that a run that was killed loses nothing and tells nothing twice.
 */

export const BOARD_EVENT = "signalbox_board";
/** An answer to the board that keeps what the board's own metadata has no room for. */
export const PART_EVENT = "signalbox_part";
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
  const isBoard = ({ eventType }: SeenMessage) => eventType === BOARD_EVENT;
  const page = await readMessages(reader, warnChannel, scopeId, { isEnough: (seen) => seen.some(isBoard) });
  if (isFailure(page)) return { kind: "unreadable", failure: page, channel: warnChannel };
  const boards = page
    .filter(isBoard)
    .flatMap((message) => {
      const ledger = ledgerIn(message, scope, { channel: warnChannel, ts: message.ts }, candidates);
      return ledger === null ? [] : [{ message, ledger }];
    })
    // Of two that were saved at once the older message counts.
    .sort((a, b) => compare(b.ledger.lastRun ?? "", a.ledger.lastRun ?? "") || compare(a.message.ts, b.message.ts));
  const [board] = boards;
  if (board === undefined) {
    const told = errorChannel === warnChannel ? page : await readMessages(reader, errorChannel, scopeId);
    if (isFailure(told)) return { kind: "unreadable", failure: told, channel: errorChannel };
    const ledger = withTold(emptyLedger(scope), errorChannel, told, candidates, null);
    // A board that cannot be read stands there already: it is no other run's.
    const savedAt =
      [page[0]?.ts, told[0]?.ts]
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
    const answers = await readMessages(reader, warnChannel, scopeId, { thread: message.ts, oldest });
    if (isFailure(answers) && isLarge) return { kind: "unreadable", failure: answers, channel: warnChannel };
    if (!isFailure(answers)) {
      const self = { channel: warnChannel, ts: message.ts };
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
  const later = page.filter(({ ts }) => ts > savedAt);
  return { kind: "known", ledger: withTold(ledger, warnChannel, later, candidates, null), savedAt, parts };
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
  { scopeId }: Pick<BoardPlace, "scopeId">,
  ledger: Ledger,
  channel: string,
  savedAt: string | null,
  candidates: Candidates,
): Promise<Ledger | Failure> {
  const messages = await readMessages(reader, channel, scopeId, since(savedAt));
  if (isFailure(messages)) return messages;
  const later = messages.filter(({ ts }) => savedAt === null || ts > savedAt);
  return withTold(ledger, channel, later, candidates, null);
}

/** What another run has told meanwhile stands on the newest page. */
function since(savedAt: string | null): Parameters<typeof readMessages>[3] {
  return savedAt === null ? { isEnough: () => true } : { oldest: savedAt };
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
  const messages = await readMessages(reader, warnChannel, scopeId, since(savedAt));
  if (isFailure(messages)) return null;
  const older = messages.filter(
    ({ ts, eventType }) => eventType === BOARD_EVENT && ts < own.ts && (savedAt === null || ts > savedAt),
  );
  const first = older.at(-1);
  return first === undefined ? null : { channel: warnChannel, ts: first.ts };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
