import type { WebClient } from "@slack/web-api";
import type { Config } from "../settings/file.ts";
import { type ClientOptions, createSlackClient } from "../slack/client.ts";
import { hintFor } from "../slack/codes.ts";
import { type Failure, isFailure, mayPass, readFailure } from "../slack/failure.ts";
import { EVENT_TYPE } from "../slack/look.ts";
import { SignalboxError } from "../support/errors.ts";
import type { ChannelFacts, SendStep, SendTest, SlackFacts } from "./facts.ts";

/** Six requests follow each other at most, behind the question whose code this is, and all of doctor ends within 30 s. */
const REQUEST_MS = 3_300;
const MOST_CHANNELS = 20;
/** As alerts carry it: https://docs.slack.dev/messaging/message-metadata */
const METADATA = { event_type: EVENT_TYPE, event_payload: { key: "doctor" } };
const TEXT = "signalbox doctor: a test message, which is deleted at once";

export interface SlackRequest {
  readonly token: string;
  readonly url: string;
  readonly fetch: ClientOptions["fetch"] | null;
  readonly slack: Config["slack"];
  /** Why no test message is sent; null: it is. */
  readonly whyNoTest: string | null;
}

/** The token and each channel. Throws where Slack does not take the token, or does not answer. */
export async function lookAtSlack({ token, url, fetch, slack, whyNoTest }: SlackRequest): Promise<SlackFacts> {
  const client = await createSlackClient(token, url, { timeoutMs: REQUEST_MS, ...(fetch == null ? {} : { fetch }) });
  const auth = await attempt("auth.test", () => client.auth.test());
  if (isFailure(auth)) {
    const isPassing = mayPass(auth);
    throw new SignalboxError(
      isPassing ? "service" : "configuration",
      isPassing ? `Slack could not be asked: ${auth.code}` : `Slack does not take SLACK_BOT_TOKEN: ${auth.code}`,
      {
        hint: auth.hint,
      },
    );
  }
  const scopes = auth.response_metadata?.scopes;
  return {
    team: auth.team ?? null,
    bot: auth.user ?? null,
    scopes: Array.isArray(scopes) ? scopes : null,
    whyNoTest,
    channels: await Promise.all(channelsOf(slack).map((channel) => lookAtChannel(client, channel, whyNoTest === null))),
  };
}

/** Every channel that signalbox.yml names, with the keys that name it. */
export function channelsOf(slack: Config["slack"]): readonly Pick<ChannelFacts, "id" | "where">[] {
  const named: readonly (readonly [string, string | null | undefined])[] = [
    ["slack.error", slack.error],
    ["slack.warn", slack.warn],
    ["slack.fallback", slack.fallback],
    ...slack.routes.flatMap(({ error, warn }) => [error, warn].map((id) => ["slack.routes", id] as const)),
  ];
  const places = new Map<string, readonly string[]>();
  for (const [where, id] of named) if (id != null) places.set(id, [...new Set([...(places.get(id) ?? []), where])]);
  return [...places].map(([id, where]) => ({ id, where })).slice(0, MOST_CHANNELS);
}

async function lookAtChannel(
  client: WebClient,
  channel: Pick<ChannelFacts, "id" | "where">,
  sendTest: boolean,
): Promise<ChannelFacts> {
  const state = await findState(client, channel.id);
  return { ...channel, state, test: sendTest ? await sendTestMessage(client, channel.id) : null };
}

/**
 * The app has no scope to look channels up, and the history that it may read tells as much: Slack shows a bot the messages
 * of channels that it is in. https://docs.slack.dev/reference/methods/conversations.history
 */
async function findState(client: WebClient, id: string): Promise<ChannelFacts["state"]> {
  const [info, history] = await Promise.all([
    attempt("conversations.info", () => client.conversations.info({ channel: id })),
    attempt("conversations.history", () => client.conversations.history({ channel: id, limit: 1 })),
  ]);
  const known = isFailure(info) ? null : (info.channel ?? null);
  if (known?.is_archived === true) return refused("is_archived");
  if (known?.is_member === false) return refused("not_in_channel");
  if (known?.is_member === true || !isFailure(history)) return { kind: "in", name: known?.name ?? null };
  if (history.code === "missing_scope") return { kind: "unknown", why: "the app has no history scope" };
  const isPassing = mayPass(history);
  return isPassing
    ? { kind: "unknown", why: history.code }
    : { kind: "refused", code: history.code, hint: history.hint };
}

function refused(code: string): ChannelFacts["state"] {
  return { kind: "refused", code, hint: hintFor(code, "conversations.info") };
}

/** Posts, edits, reads and deletes. A step that fails is the last one, but for the deletion. */
async function sendTestMessage(client: WebClient, channel: string): Promise<SendTest> {
  const done: SendStep[] = [];
  const posted = await attempt("chat.postMessage", () =>
    client.chat.postMessage({ channel, text: TEXT, metadata: METADATA }),
  );
  if (isFailure(posted)) return { done, failed: failedAt("post", posted), isLeft: posted.reaction === "look" };
  const ts = posted.ts ?? "";
  done.push("post");

  const edited = await attempt("chat.update", () =>
    client.chat.update({ channel, ts, text: `${TEXT} (edited)`, metadata: METADATA }),
  );
  if (!isFailure(edited)) done.push("edit");
  const read = isFailure(edited)
    ? null
    : await attempt("conversations.history", () =>
        client.conversations.history({
          channel,
          latest: ts,
          oldest: ts,
          inclusive: true,
          limit: 1,
          include_all_metadata: true,
        }),
      );
  const found = read === null || isFailure(read) ? null : (read.messages?.find((message) => message.ts === ts) ?? null);
  const isThere = found !== null;
  if (isThere) done.push("read");
  const hasMetadata = found?.metadata?.event_type === METADATA.event_type;
  if (hasMetadata) done.push("metadata");

  const deleted = await attempt("chat.delete", () => client.chat.delete({ channel, ts }));
  if (!isFailure(deleted)) done.push("delete");
  const isLeft = isFailure(deleted) && deleted.code !== "message_not_found";
  const failed = isFailure(edited)
    ? failedAt("edit", edited)
    : read !== null && isFailure(read)
      ? failedAt("read", read)
      : !isThere
        ? {
            step: "read" as const,
            code: "no such message",
            hint: "the channel's history does not show what was posted there",
          }
        : !hasMetadata
          ? {
              step: "metadata" as const,
              code: "no metadata",
              hint: "Slack dropped what goes along with a message: nothing can be remembered there; ledger: file:PATH can",
            }
          : isFailure(deleted)
            ? failedAt("delete", deleted)
            : null;
  return { done, failed, isLeft };
}

function failedAt(step: SendStep, { code, hint }: Failure): SendTest["failed"] {
  return { step, code, hint };
}

/** The answer, or why there is none: the SDK's error holds the request. */
function attempt<T extends object>(method: string, ask: () => Promise<T>): Promise<T | Failure> {
  return ask().catch((error: unknown) => readFailure(error, method));
}
