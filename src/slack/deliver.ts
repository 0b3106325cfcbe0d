import type { WebClient } from "@slack/web-api";
import type { Delivery } from "../alerts/alert.ts";
import type { SlackMessage } from "../render/slack.ts";
import type { Clock } from "../support/clock.ts";

export interface Post {
  /** The alert's key; it goes along as metadata, so that a message can be found again. */
  readonly key: string;
  readonly channel: string;
  readonly message: SlackMessage;
}

/** All tries of one message end within this time. */
const DEADLINE_MS = 90_000;
const REQUEST_TIMEOUT_MS = 10_000;
const PAUSE_MS = 2_000;
/** After a 429 that does not say how long. */
const UNTOLD_PAUSE_MS = 10_000;

/** What a person has to do. https://docs.slack.dev/reference/methods/chat.postMessage#errors */
const HINTS: Readonly<Record<string, string>> = {
  not_in_channel: "invite the bot: type /invite @signalbox in the channel",
  channel_not_found: "the id is wrong, or the channel is private and the bot is not in it: /invite @signalbox there",
  is_archived: "the channel is archived: name another one in signalbox.yml",
  invalid_auth: "SLACK_BOT_TOKEN is not valid: copy the bot token (xoxb-…) of the app again",
  not_authed: "SLACK_BOT_TOKEN is not valid: copy the bot token (xoxb-…) of the app again",
  token_revoked: "SLACK_BOT_TOKEN has been revoked: install the app again and copy the new token",
  token_expired: "SLACK_BOT_TOKEN has expired: install the app again and copy the new token",
  account_inactive: "the bot's user or workspace is deactivated",
  missing_scope: "the app needs the scope chat:write: add it and install the app again",
  restricted_action: "a workspace rule keeps the bot from posting there: ask an admin, or name another channel",
};

/** The SDK alone would retry for half an hour and post twice where an answer is lost: no retries of its own, then. */
export async function createSlackClient(token: string, url: string): Promise<WebClient> {
  const { WebClient, LogLevel } = await import("@slack/web-api");
  return new WebClient(token, {
    slackApiUrl: url,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    timeout: REQUEST_TIMEOUT_MS,
    allowAbsoluteUrls: false,
    logLevel: LogLevel.ERROR,
    // Failures are told by the deliveries, without the request's headers.
    logger: {
      debug() {},
      info() {},
      warn() {},
      error() {},
      setLevel() {},
      getLevel: () => LogLevel.ERROR,
      setName() {},
    },
  });
}

/**
 * Posts one message after another. Never throws: each post has its delivery, also what was not posted any more because
 * `signal` aborted. What has arrived by then must be recorded.
 */
export async function deliver(
  client: WebClient,
  posts: readonly Post[],
  clock: Clock,
  signal: AbortSignal,
): Promise<readonly Delivery[]> {
  const deliveries: Delivery[] = [];
  for (const post of posts) deliveries.push(await deliverOne(client, post, clock, signal));
  return deliveries;
}

async function deliverOne(client: WebClient, post: Post, clock: Clock, signal: AbortSignal): Promise<Delivery> {
  const deadline = clock.monotonic() + DEADLINE_MS;
  for (;;) {
    if (signal.aborted)
      return { key: post.key, result: "failed", code: "interrupted", hint: "stopped before it was posted" };
    try {
      const answer = await client.chat.postMessage({
        channel: post.channel,
        text: post.message.text,
        blocks: [...post.message.blocks],
        metadata: { event_type: "signalbox_alert", event_payload: { key: post.key } },
        unfurl_links: false,
        unfurl_media: false,
      });
      return { key: post.key, result: "sent", channel: answer.channel ?? post.channel, ts: answer.ts ?? "" };
    } catch (error) {
      const failure = readFailure(error);
      const pauseMs = failure.retryAfterMs;
      if (pauseMs === null || clock.monotonic() + pauseMs >= deadline)
        return { key: post.key, result: "failed", code: failure.code, hint: failure.hint };
      await clock.sleep(pauseMs, signal).catch(() => {});
    }
  }
}

interface Failure {
  readonly code: string;
  readonly hint: string;
  /** null: trying again is useless, or could post twice. */
  readonly retryAfterMs: number | null;
}

function readFailure(error: unknown): Failure {
  const fields = error as {
    code?: string;
    data?: { error?: string; needed?: string; provided?: string };
    retryAfter?: number;
    statusCode?: number;
  };
  switch (fields.code) {
    case "slack_webapi_platform_error": {
      const code = fields.data?.error;
      // For the SDK, whatever is no JSON is the code of an error, however long: a proxy's page, say.
      if (typeof code !== "string" || !/^[a-z0-9_]{1,80}$/.test(code)) {
        return {
          code: "not_slack",
          hint: "the answer is not Slack's: is a proxy in between? The message may have arrived, so it is not posted again",
          retryAfterMs: null,
        };
      }
      const scopes =
        fields.data?.needed === undefined
          ? ""
          : ` (needed: ${fields.data.needed}, provided: ${fields.data.provided ?? "none"})`;
      return {
        code,
        hint: `${HINTS[code] ?? `Slack refused the message: see the error ${code} of chat.postMessage`}${scopes}`,
        retryAfterMs: null,
      };
    }
    case "slack_webapi_rate_limited_error":
      return rateLimited(Math.max(fields.retryAfter ?? 0, 1) * 1000);
    case "slack_webapi_http_error":
      return {
        code: `http_${fields.statusCode ?? "error"}`,
        hint: "Slack answered with an error; the message may have arrived, so it is not posted again",
        retryAfterMs: null,
      };
    default: {
      // The SDK's plain error for a 429 without a valid Retry-After.
      if (error instanceof Error && error.message.startsWith("Retry header did not contain a valid timeout"))
        return rateLimited(UNTOLD_PAUSE_MS);
      const code = networkCode(error);
      // Nothing was sent before these: posting again cannot double it.
      const neverSent = code === "ECONNREFUSED" || code === "ENOTFOUND" || code === "EAI_AGAIN";
      return neverSent
        ? { code, hint: "Slack could not be reached", retryAfterMs: PAUSE_MS }
        : {
            code,
            hint: "no answer from Slack; the message may have arrived, so it is not posted again",
            retryAfterMs: null,
          };
    }
  }
}

function rateLimited(retryAfterMs: number): Failure {
  return { code: "ratelimited", hint: "Slack's rate limit: the message was not posted", retryAfterMs };
}

/** The first code of the network in the chain of causes. */
function networkCode(error: unknown): string {
  for (let cause = error; typeof cause === "object" && cause !== null; ) {
    const { code, cause: next, original } = cause as { code?: unknown; cause?: unknown; original?: unknown };
    if (typeof code === "string" && !code.startsWith("slack_webapi")) return code;
    cause = original ?? next;
  }
  return "no_answer";
}
