import type { WebClient } from "@slack/web-api";
import type { Clock } from "../support/clock.ts";
import { type Failure, isFailure, mayPass, readFailure } from "./failure.ts";

/** What we need of a message. */
export interface SeenMessage {
  readonly ts: string;
  /** Slack's time of its last edit; its own where it was never edited. */
  readonly savedAt: string;
  /** The newest answer in its thread; null: there is none. */
  readonly latestReply: string | null;
  readonly eventType: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

export interface HistoryReader {
  readonly client: WebClient;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const PAGE = 200;
const MOST_PAGES = 10;
/** An app that may ask once a minute is told to wait for all of it. */
const TRIES_END_MS = 90_000;
/** All pages together: the run keeps its place in the queue meanwhile. */
const PAGES_END_MS = 180_000;
const FIRST_PAUSE_MS = 2_000;
/** A board is a week old at most while something is open. */
const WEEK_AND_DAY_MS = 8 * 86_400_000;

interface HistoryRange {
  /** The message whose answers are read; null: the channel itself. */
  readonly thread?: string | null;
  /** Slack's time after which messages are read; null: from 8 days ago on, where one page is not enough. */
  readonly oldest?: string | null;
  /** Of a channel: whether what has been read so far is enough. */
  readonly isEnough?: (seen: readonly SeenMessage[]) => boolean;
}

/**
 * Newest first, the messages that carry metadata of this scope, of up to ten pages: of a `thread` all, as it begins with its
 * oldest answers; of a channel until it is enough. Each page is tried for a minute and a half; what stands behind the time
 * of all pages is not read. Free text is left where it is.
 * https://docs.slack.dev/reference/methods/conversations.replies
 */
export async function readMessages(
  reader: HistoryReader,
  channel: string,
  scopeId: string,
  { thread = null, oldest = null, isEnough = () => false }: HistoryRange = {},
): Promise<readonly SeenMessage[] | Failure> {
  const { clock } = reader;
  const end = clock.monotonic() + PAGES_END_MS;
  const from = oldest === null ? (clock.now() - WEEK_AND_DAY_MS) / 1000 : 0;
  const seen: SeenMessage[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const answer: Page | Failure = await readPage(reader, {
      channel,
      thread,
      ...(oldest === null ? {} : { oldest }),
      ...(cursor === null ? {} : { cursor }),
    });
    if (isFailure(answer)) return answer;
    seen.push(...answer.messages.flatMap(seenIn).filter(({ payload }) => payload.scope === scopeId));
    cursor = answer.next;
    if (cursor === null || clock.monotonic() > end) break;
    if (thread === null && (isEnough(seen) || answer.messages.some((each) => timeOf(each) < from))) break;
  }
  return seen.sort((a, b) => (a.ts < b.ts ? 1 : -1));
}

interface Page {
  readonly messages: readonly unknown[];
  /** The cursor of the page behind it; null: it is the last. */
  readonly next: string | null;
}

async function readPage(
  { client, clock, signal }: HistoryReader,
  { thread, ...where }: { readonly channel: string; readonly thread: string | null },
): Promise<Page | Failure> {
  const end = clock.monotonic() + TRIES_END_MS;
  // Without the last one Slack leaves metadata out.
  const asked = { ...where, limit: PAGE, include_all_metadata: true };
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs *= 2) {
    const method = thread === null ? "conversations.history" : "conversations.replies";
    const answer = await (thread === null
      ? client.conversations.history(asked)
      : client.conversations.replies({ ...asked, ts: thread })
    ).catch((error: unknown) => readFailure(error, method));
    if (!isFailure(answer) && Array.isArray(answer.messages))
      return { messages: answer.messages, next: (answer.has_more && answer.response_metadata?.next_cursor) || null };
    const failure: Failure = isFailure(answer)
      ? answer
      : {
          code: "no_history",
          hint: "the answer holds no messages: is it Slack that answers?",
          reaction: "stop",
          retryAfterMs: null,
          pointers: [],
        };
    const waitMs = failure.retryAfterMs ?? pauseMs;
    if (!mayPass(failure) || signal.aborted || clock.monotonic() + waitMs > end) return failure;
    await clock.sleep(waitMs, signal).catch(() => {});
  }
}

function seenIn(message: unknown): readonly SeenMessage[] {
  const { ts, edited, latest_reply, metadata } = (message ?? {}) as {
    ts?: unknown;
    edited?: { ts?: unknown };
    latest_reply?: unknown;
    metadata?: { event_type?: unknown; event_payload?: unknown };
  };
  const { event_type: eventType, event_payload: payload } = metadata ?? {};
  if (!isTime(ts) || typeof eventType !== "string" || typeof payload !== "object" || payload === null) return [];
  return [
    {
      ts,
      savedAt: isTime(edited?.ts) && edited.ts > ts ? edited.ts : ts,
      latestReply: isTime(latest_reply) ? latest_reply : null,
      eventType,
      payload: payload as Readonly<Record<string, unknown>>,
    },
  ];
}

/** In seconds since the epoch. */
function timeOf(message: unknown): number {
  return Number((message as { ts?: unknown } | null)?.ts);
}

function isTime(value: unknown): value is string {
  return typeof value === "string" && /^\d{10}\.\d{6}$/.test(value);
}
