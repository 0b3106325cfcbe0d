import type { MessageMetadata } from "@slack/types";
import type { WebClient } from "@slack/web-api";
import type { Address, Delivery } from "../alerts/alert.ts";
import { IN_CHANNEL } from "../alerts/draft.ts";
import type { SlackMessage } from "../render/slack.ts";
import { asFirstLine, asPlainText, markedAsRepeat, redirectedFrom } from "../render/slack-plain.ts";
import type { Clock } from "../support/clock.ts";
import { REQUEST_TIMEOUT_MS } from "./client.ts";
import { type Failure, NOT_SLACK, readFailure } from "./failure.ts";
import { EVENT_TYPE, type LostPost, lookFor, type Sighting } from "./look.ts";
import { isLeft, type Meant, nextWay, type Way } from "./ways.ts";

export interface Post extends Meant {
  /** The alert's key; it goes along as metadata, so that a message can be found again. */
  readonly key: string;
  /** Where in the channel; absent: at the top. */
  readonly address?: Address;
  readonly message: SlackMessage;
  /** What goes along with the key as metadata. */
  readonly payload?: Readonly<Record<string, unknown>>;
  /** True where an earlier run may have posted it and nobody can look: the message says so. */
  readonly mayRepeat?: boolean;
}

export interface DeliverOptions {
  readonly client: WebClient;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** The channel for what another one refuses; null: there is none. */
  readonly fallback: string | null;
}

/** All tries of one message end within this time. */
const DEADLINE_MS = 90_000;
/** The same for each message after one for which Slack was out all the time: not 90 s for every one of them. */
const DEADLINE_WHILE_OUT_MS = 30_000;
/**
 * All messages of a run end within this time: two hundred tests that pass again are two hundred messages, and the run
 * keeps its place in the queue meanwhile. What is left is told by the next run.
 */
const ALL_END_MS = 300_000;
const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 16_000;
/** A proxy answered once, or it always does. */
const MOST_FOREIGN_LOOKS = 2;
/** After a rate limit that does not say how long. */
const UNTOLD_PAUSE_MS = 10_000;

/**
 * Posts one message after another. Never throws: each post has its delivery, also what was not posted any more because
 * `signal` aborted. What has arrived by then must be recorded.
 */
export async function deliver(posts: readonly Post[], options: DeliverOptions): Promise<readonly Delivery[]> {
  const deliveries: Delivery[] = [];
  const end = options.clock.monotonic() + ALL_END_MS;
  let isOut = false;
  for (const post of posts) {
    const leftMs = end - options.clock.monotonic();
    if (leftMs < (isOut ? DEADLINE_WHILE_OUT_MS : REQUEST_TIMEOUT_MS)) {
      deliveries.push({ key: post.key, result: "failed", ...OUT_OF_TIME });
      continue;
    }
    const ended = await deliverOne(post, options, Math.min(isOut ? DEADLINE_WHILE_OUT_MS : DEADLINE_MS, leftMs));
    deliveries.push(ended.delivery);
    isOut = ended.isOut;
  }
  return deliveries;
}

const OUT_OF_TIME = {
  code: "out_of_time",
  hint: `not posted: the messages before it took all of the ${ALL_END_MS / 60_000} minutes; the next run tells it`,
};

interface Ended {
  readonly delivery: Delivery;
  /** Slack gave no answer that counts in the whole time. */
  readonly isOut: boolean;
}

async function deliverOne(post: Post, options: DeliverOptions, timeMs: number): Promise<Ended> {
  const { client, clock, signal } = options;
  const deadline = clock.monotonic() + timeMs;
  const ways: string[] = [];
  let way: Way = {
    channel: post.channel,
    address: post.address ?? IN_CHANNEL,
    form: "full",
    hasMetadata: true,
    isMarked: post.mayRepeat === true,
    redirected: null,
  };
  if (way.isMarked) ways.push("marked as a possible repeat: nobody can look whether an earlier run's message arrived");
  // The last post whose outcome is not known.
  let lost = null as LostPost | null;
  let pauseMs = FIRST_PAUSE_MS;

  const fail = ({ code, hint }: Pick<Failure, "code" | "hint">, isOut = false): Ended => ({
    delivery: {
      key: post.key,
      result: "failed",
      code,
      hint: lost === null ? hint : `${hint}; the message may have arrived all the same`,
      ...(lost === null ? {} : { mayBeIn: whereOf(lost) }),
    },
    isOut,
  });
  const arrived = (result: "sent" | "updated" | "already-there" | "left", channel: string, ts: string): Ended => ({
    delivery: { key: post.key, result, channel, ts, ...(ways.length === 0 ? {} : { ways }) },
    isOut: false,
  });
  /** Waits; false where the time is over: a request that cannot end within it is not begun. */
  const pause = async (ms: number): Promise<boolean> => {
    if (clock.monotonic() + ms + REQUEST_TIMEOUT_MS > deadline) return false;
    await clock.sleep(ms, signal).catch(() => {});
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    return true;
  };
  const interrupted = { code: "interrupted", hint: "stopped before it was posted" };

  for (;;) {
    if (signal.aborted) return fail(interrupted);
    const since = new Date(clock.now()).toISOString();
    const tried = await tryOnce(client, post, way);
    const isEdit = way.address.kind === "edit";
    if ("ts" in tried) {
      // An answer in place of an edit leaves the message where it is.
      const isAnswer = post.address?.kind === "edit" && way.address.kind === "thread";
      return isAnswer
        ? arrived("updated", tried.channel, post.address.ts)
        : arrived(isEdit ? "updated" : "sent", tried.channel, tried.ts);
    }

    // The same edit twice is one: there is nothing to look for.
    switch (isEdit && tried.reaction === "look" ? "wait" : tried.reaction) {
      case "wait":
        if (!(await pause(waitFor(tried, pauseMs)))) return fail(tried, true);
        continue;
      case "look": {
        // That one of several went without its key is enough: a look that finds nothing says nothing of it.
        const isKeyless: boolean = lost?.isKeyless === true || !way.hasMetadata;
        lost = {
          key: post.key,
          channel: way.channel,
          thread: way.address.kind === "thread" ? way.address.ts : null,
          since,
          ...(isKeyless ? { isKeyless } : {}),
        };
        let seen: Sighting;
        let lookAfterMs = pauseMs;
        let foreign = 0;
        do {
          if (!isKeyless && !(await pause(lookAfterMs))) return fail(tried, true);
          if (signal.aborted) return fail(interrupted);
          seen = await lookFor(client, lost, () => clock.monotonic() + REQUEST_TIMEOUT_MS > deadline);
          lookAfterMs = (seen.kind === "later" ? seen.retryAfterMs : null) ?? pauseMs;
          if (seen.kind === "later" && seen.isForeign) foreign += 1;
        } while (seen.kind === "later" && foreign < MOST_FOREIGN_LOOKS);
        if (seen.kind === "found") return arrived("already-there", lost.channel, seen.ts);
        if (seen.kind === "absent") {
          lost = null;
          continue;
        }
        // Nobody can look: once more, and the message says so.
        if (way.isMarked) return fail(tried);
        ways.push(
          `marked as a possible repeat: the answer was lost (${tried.code}), and nobody can look (${seen.why})`,
        );
        way = { ...way, isMarked: true };
        continue;
      }
      default: {
        if (way.address.kind === "edit" && isLeft(post, tried)) {
          ways.push(`as it is: Slack does not let it be edited any more (${tried.code})`);
          return arrived("left", way.channel, way.address.ts);
        }
        const next = nextWay(way, tried, options.fallback, post);
        if (next === null) return fail(tried);
        ways.push(next.words);
        way = next.way;
        if (clock.monotonic() + REQUEST_TIMEOUT_MS > deadline) return fail(tried, true);
      }
    }
  }
}

function whereOf({ channel, since, isKeyless }: LostPost) {
  return { channel, since, ...(isKeyless ? { isKeyless } : {}) };
}

function waitFor({ retryAfterMs, code }: Failure, pauseMs: number): number {
  return retryAfterMs ?? (code === "ratelimited" || code === "rate_limited" ? UNTOLD_PAUSE_MS : pauseMs);
}

function messageFor({ message, channel }: Post, { form, isMarked, redirected }: Way): SlackMessage {
  const shaped = form === "full" ? message : form === "plain" ? asPlainText(message) : asFirstLine(message);
  const placed = redirected === null ? shaped : redirectedFrom(channel, redirected, shaped);
  return isMarked ? markedAsRepeat(placed) : placed;
}

async function tryOnce(client: WebClient, post: Post, way: Way): Promise<{ channel: string; ts: string } | Failure> {
  const { text, blocks } = messageFor(post, way);
  const method = way.address.kind === "edit" ? "chat.update" : "chat.postMessage";
  const common = {
    channel: way.channel,
    text,
    ...(way.hasMetadata
      ? {
          metadata: {
            event_type: post.eventType ?? EVENT_TYPE,
            event_payload: { ...post.payload, key: post.key } as MessageMetadata["event_payload"],
          },
        }
      : {}),
    // In the text no bare address becomes a link. https://docs.slack.dev/reference/methods/chat.postMessage#arg_parse
    parse: "none" as const,
  };
  try {
    const answer =
      way.address.kind === "edit"
        ? // Without blocks Slack keeps those that the message has.
          await client.chat.update({ ...common, ts: way.address.ts, blocks: [...blocks] })
        : await client.chat.postMessage({
            ...common,
            ...(blocks.length === 0 ? {} : { blocks: [...blocks] }),
            ...(way.address.kind === "thread" ? { thread_ts: way.address.ts } : {}),
            unfurl_links: false,
            unfurl_media: false,
          });
    // What does not say where the message stands is no answer of Slack's.
    if (answer.ok !== true || typeof answer.ts !== "string" || !/^\d{1,20}\.\d{1,20}$/.test(answer.ts))
      return NOT_SLACK;
    return { channel: typeof answer.channel === "string" ? answer.channel : way.channel, ts: answer.ts };
  } catch (error) {
    return readFailure(error, method);
  }
}
