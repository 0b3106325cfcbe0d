import { readNoAnswer } from "../support/network-words.ts";
import { hintFor, type Reaction, reactionTo } from "./codes.ts";

/** Why a request to Slack has no result, and what that asks for. */
export interface Failure {
  readonly code: string;
  readonly hint: string;
  readonly reaction: Reaction;
  /** How long Slack wants us to wait; null: it did not say. */
  readonly retryAfterMs: number | null;
  /** JSON pointers to what Slack does not take, such as `/blocks/3/text`. */
  readonly pointers: readonly string[];
}

export function isFailure<T extends object>(answer: T | Failure): answer is Failure {
  return "reaction" in answer;
}

/** Whether it may be over by itself in a while: nobody has to do anything. */
export function mayPass({ reaction }: Pick<Failure, "reaction">): boolean {
  return reaction === "wait" || reaction === "look";
}

interface ErrorFields {
  readonly code?: string;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly retryAfter?: number;
  readonly statusCode?: number;
}

/** What the SDK threw, read. Nothing of the request, and of the answer only what has the form of a code. */
export function readFailure(error: unknown, method: string): Failure {
  const fields = error as ErrorFields;
  switch (fields.code) {
    case "slack_webapi_platform_error":
      return refusal(fields.data ?? {}, method);
    case "slack_webapi_rate_limited_error":
      return rateLimited(Math.max(fields.retryAfter ?? 0, 1) * 1000);
    case "slack_webapi_http_error":
      return ofStatus(fields.statusCode);
    default:
      // The SDK's plain error for a 429 without a valid Retry-After.
      if (error instanceof Error && error.message.startsWith("Retry header did not contain a valid timeout"))
        return rateLimited(null);
      return withoutAnswer(error);
  }
}

/** An answer with 200 that holds no message: what a proxy or another server says. */
export const NOT_SLACK: Failure = failure(
  "not_slack",
  "the answer is not Slack's: a proxy, a firewall or a login portal stands between, and has to let this job through; or --slack-url is another",
  "look",
);

function refusal(data: Readonly<Record<string, unknown>>, method: string): Failure {
  const { error: code, needed, provided } = data;
  // For the SDK, whatever is no JSON is the code of an error, however long: a proxy's page, say.
  if (typeof code !== "string" || !/^[a-z0-9_]{1,80}$/.test(code)) return NOT_SLACK;
  const hasScopes = isScopes(needed);
  const hint =
    code === "missing_scope" && hasScopes && needed !== "chat:write"
      ? `the app needs the scope ${needed}: add it and install the app again`
      : hintFor(code, method);
  const scopes = hasScopes ? ` (needed: ${needed}, provided: ${isScopes(provided) ? provided : "none"})` : "";
  return { ...failure(code, `${hint}${scopes}`, reactionTo(code)), pointers: pointersIn(data) };
}

/** https://docs.slack.dev/reference/scopes: words with colons, points and commas. */
function isScopes(value: unknown): value is string {
  return typeof value === "string" && /^[a-z0-9:._, -]{1,500}$/i.test(value);
}

/** Slack names places as `[json-pointer:/blocks/3/text]`, in `errors` or `response_metadata.messages`. */
function pointersIn({ errors, response_metadata }: Readonly<Record<string, unknown>>): readonly string[] {
  const messages = (response_metadata as { messages?: unknown } | null | undefined)?.messages;
  const texts = [errors, messages].flatMap((list) => (Array.isArray(list) ? list.slice(0, 50) : []));
  const pointers = texts.flatMap((text) => {
    const pointer = typeof text === "string" ? /\[json-pointer:(\/[\w/.~-]{0,120})\]/.exec(text)?.[1] : undefined;
    return pointer === undefined ? [] : [pointer];
  });
  return [...new Set(pointers)].slice(0, 5);
}

function ofStatus(status: number | undefined): Failure {
  const code = `http_${status ?? "error"}`;
  // A server that answers 4xx has not taken the request; 408 says that it does not know the whole of it.
  const isRefused = status !== undefined && status >= 400 && status < 500 && status !== 408;
  return isRefused
    ? failure(code, "what answers there does not take messages: is --slack-url right, is a proxy in between?", "stop")
    : failure(code, SERVER_ERROR, "look");
}

const SERVER_ERROR =
  "Slack's server, or a proxy before it, failed: try again; https://slack-status.com tells of incidents";

function withoutAnswer(error: unknown): Failure {
  const { kind, code, hint, isOfProxy } = readNoAnswer(error, "--slack-url", /^slack_webapi/);
  if (kind === "refused") return failure(code, hint, "stop");
  const isUnsent = kind === "unsent";
  const what = isUnsent ? "Slack could not be reached" : "no answer from Slack";
  return failure(code, isOfProxy ? hint : `${what}: ${hint}`, isUnsent ? "wait" : "look");
}

function rateLimited(retryAfterMs: number | null): Failure {
  return { ...failure("ratelimited", hintFor("ratelimited", ""), "wait"), retryAfterMs };
}

function failure(code: string, hint: string, reaction: Reaction): Failure {
  return { code, hint, reaction, retryAfterMs: null, pointers: [] };
}
