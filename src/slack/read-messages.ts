import type { WebClient } from "@slack/web-api";
import type { Clock } from "../support/clock.ts";
import { type Failure, mayPass, readFailure } from "./failure.ts";

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
/** A thread begins with its oldest answers: what is new stands on its last page. */
const MOST_PAGES_OF_THREAD = 10;
const TRIES_END_MS = 60_000;
const FIRST_PAUSE_MS = 2_000;

/**
 * Newest first, the messages that carry metadata of ours: of a channel its newest page, of a `thread` all answers up to
 * 2,000. Each page is tried for a minute. Free text is left where it is.
 * https://docs.slack.dev/reference/methods/conversations.replies
 */
export async function readMessages(
  reader: HistoryReader,
  channel: string,
  { thread = null, oldest = null }: { readonly thread?: string | null; readonly oldest?: string | null } = {},
): Promise<readonly SeenMessage[] | Failure> {
  const seen: SeenMessage[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < (thread === null ? 1 : MOST_PAGES_OF_THREAD); page += 1) {
    const answer: Page | Failure = await readPage(reader, {
      channel,
      thread,
      ...(oldest === null ? {} : { oldest }),
      ...(cursor === null ? {} : { cursor }),
    });
    if ("reaction" in answer) return answer;
    seen.push(...answer.messages.flatMap(seenIn));
    cursor = answer.next;
    if (cursor === null) break;
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
    if (!("reaction" in answer) && Array.isArray(answer.messages))
      return { messages: answer.messages, next: (answer.has_more && answer.response_metadata?.next_cursor) || null };
    const failure: Failure =
      "reaction" in answer
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

export function isFailure(value: readonly SeenMessage[] | Failure): value is Failure {
  return "reaction" in value;
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

function isTime(value: unknown): value is string {
  return typeof value === "string" && /^\d{10}\.\d{6}$/.test(value);
}
