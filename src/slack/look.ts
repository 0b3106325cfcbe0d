import type { WebClient } from "@slack/web-api";
import { isFailure, mayPass, readFailure } from "./failure.ts";

/** A post whose outcome nobody knows. */
export interface LostPost {
  /** The alert's key, which went along as metadata. */
  readonly key: string;
  readonly channel: string;
  /** The message that it answers; null: it stands in the channel. */
  readonly thread?: string | null;
  /** ISO time, by this machine's clock, at which it was posted. */
  readonly since: string;
  /** True where it went without the key. */
  readonly isKeyless?: true | undefined;
}

/**
 * `found`: it has arrived. `absent`: it has not. `later`: no answer just now. `never`: nobody can look, as the app has no
 * history scope or the channel has too many messages.
 */
export type Sighting =
  | { readonly kind: "found"; readonly ts: string }
  | { readonly kind: "absent" }
  | {
      readonly kind: "later";
      readonly retryAfterMs: number | null;
      readonly why: string;
      /** True where something else than Slack has answered: twice, and nobody can look. */
      readonly isForeign?: true;
    }
  | { readonly kind: "never"; readonly why: string };

export const EVENT_TYPE = "signalbox_alert";

/** Message times are Slack's: a machine's clock may be wrong by this much, and a page more costs little. */
const SKEW_MS = 24 * 3600_000;
const PAGE = 100;
const MOST_PAGES = 10;

/** Looks for a post by its key in its channel's history, while not `isOver`. Never throws. */
export async function lookFor(
  client: WebClient,
  { key, channel, thread, since, isKeyless }: LostPost,
  isOver: () => boolean,
): Promise<Sighting> {
  // Without its key a message cannot be told from another one: that it is not found says nothing.
  if (isKeyless) return { kind: "never", why: "it went without metadata" };
  const oldest = String(Math.max(0, Math.floor((Date.parse(since) - SKEW_MS) / 1000)) || 0);
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    if (isOver()) return { kind: "later", retryAfterMs: null, why: "the time is over" };
    const asked = {
      channel,
      oldest,
      limit: PAGE,
      // Without this Slack leaves metadata out.
      include_all_metadata: true,
      ...(cursor === undefined ? {} : { cursor }),
    };
    const isThread = typeof thread === "string";
    const answer = await (isThread
      ? client.conversations.replies({ ...asked, ts: thread })
      : client.conversations.history(asked)
    ).catch((error: unknown) => readFailure(error, isThread ? "conversations.replies" : "conversations.history"));
    if (isFailure(answer)) {
      // Where the token sees no channel, it has posted nothing.
      if (answer.code === "channel_not_found" || answer.code === "thread_not_found") return { kind: "absent" };
      const why = `${answer.code}: ${answer.hint}`;
      if (!mayPass(answer)) return { kind: "never", why };
      const isForeign = answer.code === "not_slack";
      return { kind: "later", retryAfterMs: answer.retryAfterMs, why, ...(isForeign ? { isForeign } : {}) };
    }
    if (!Array.isArray(answer.messages)) return { kind: "never", why: "the history holds no messages" };
    const message = answer.messages.find((each) => keyOf(each) === key);
    if (typeof message?.ts === "string") return { kind: "found", ts: message.ts };
    cursor = answer.response_metadata?.next_cursor;
    if (answer.has_more !== true) return { kind: "absent" };
    if (cursor === undefined || cursor === "") return { kind: "never", why: "the history breaks off" };
  }
  return { kind: "never", why: `the channel has more than ${PAGE * MOST_PAGES} messages since` };
}

function keyOf(message: unknown): unknown {
  const { metadata } = (message ?? {}) as { metadata?: { event_type?: unknown; event_payload?: { key?: unknown } } };
  return metadata?.event_type === EVENT_TYPE ? metadata.event_payload?.key : undefined;
}
