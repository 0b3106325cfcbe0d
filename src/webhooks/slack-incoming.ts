import type { Delivery } from "../alerts/alert.ts";
import type { SlackMessage } from "../render/slack.ts";
import { asPlainText, markedAsRepeat } from "../render/slack-plain.ts";
import type { Environment } from "../support/secrets.ts";
import { type PostOptions, postUntilTaken } from "./post.ts";

/** Slack's incoming webhooks: they post into one channel each, and can neither edit nor answer nor say what they posted. */
export interface IncomingWebhooks {
  readonly error: string;
  readonly warn: string;
}

/** What stands for the channel where there are only webhooks. */
export const INCOMING: IncomingWebhooks = { error: "SLACK_WEBHOOK_ERROR", warn: "SLACK_WEBHOOK_WARN" };

/** The webhooks that stand in for a bot token; null where there is one, or none is set. Looks at no form. */
export function incomingWebhooks(env: Environment): IncomingWebhooks | null {
  const error = env[INCOMING.error];
  const warn = env[INCOMING.warn];
  return env.SLACK_BOT_TOKEN || !error || !warn ? null : { error, warn };
}

interface IncomingPost {
  readonly key: string;
  /** One of `INCOMING`. */
  readonly channel: string;
  readonly message: SlackMessage;
}

/** https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors */
const PLAINER = /^(?:invalid_payload|invalid_blocks|invalid_blocks_format|msg_blocks_too_long|too_many_attachments)$/;

/** Posts one message after another. Never throws: each post has its delivery, with this machine's time for its ts. */
export async function deliverIncoming(
  posts: readonly IncomingPost[],
  urls: IncomingWebhooks,
  options: Omit<PostOptions, "address">,
): Promise<readonly Delivery[]> {
  const deliveries: Delivery[] = [];
  for (const post of posts) deliveries.push(await deliverOne(post, urls, options, deliveries.length));
  return deliveries;
}

async function deliverOne(
  { key, channel, message }: IncomingPost,
  urls: IncomingWebhooks,
  options: Omit<PostOptions, "address">,
  index: number,
): Promise<Delivery> {
  const url = channel === INCOMING.warn ? urls.warn : urls.error;
  const named = { ...options, address: channel };
  const post = (shown: SlackMessage) =>
    postUntilTaken(url, (lost) => ({ body: bodyOf(lost > 0 ? markedAsRepeat(shown) : shown), headers: {} }), named);
  const ways: string[] = [];
  let posted = await post(message);
  if (posted.result === "failed" && PLAINER.test(posted.code)) {
    ways.push(`as plain text: Slack refused the rest (${posted.code})`);
    posted = await post(asPlainText(message));
  }
  if (posted.result === "failed")
    return {
      key,
      result: "failed",
      code: posted.code,
      hint: posted.mayHaveArrived ? `${posted.hint}; the message may have arrived all the same` : posted.hint,
    };
  const seconds = Math.floor(options.clock.now() / 1000);
  const ts = `${seconds}.${String(index).padStart(6, "0")}`;
  return { key, result: "sent", channel, ts, ...(ways.length === 0 ? {} : { ways }) };
}

function bodyOf({ text, blocks }: SlackMessage): string {
  return JSON.stringify({
    text,
    ...(blocks.length === 0 ? {} : { blocks }),
    unfurl_links: false,
    unfurl_media: false,
  });
}
