import type { Clock } from "../support/clock.ts";
import { hintOfNetwork, readNoAnswer } from "../support/network-words.ts";

/** What became of one message to a webhook. */
export type Posted =
  | { readonly result: "sent" }
  | {
      readonly result: "failed";
      readonly code: string;
      readonly hint: string;
      /** True where it may have arrived all the same. */
      readonly mayHaveArrived: boolean;
    };

export interface PostOptions {
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** What the address is called where a hint names it. */
  readonly address: string;
  /** All tries together. */
  readonly deadlineMs?: number;
  /** One try, from its first byte to the last of its answer. */
  readonly timeoutMs?: number;
}

/** A message as it goes out; `tried`: how often it may have arrived already, so that it can say so. */
export type Letter = (tried: number) => { readonly body: string; readonly headers: Readonly<Record<string, string>> };

const DEADLINE_MS = 90_000;
const TIMEOUT_MS = 10_000;
const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 16_000;
const MOST_ANSWER = 2_000;

/**
 * Posts until it is taken or refused, or the time is over. Throws nothing. A lost answer is no refusal: it is posted again.
 * A redirect is not followed: what is sent, and its address, are secrets.
 */
export async function postUntilTaken(url: string, letter: Letter, options: PostOptions): Promise<Posted> {
  const { clock, signal, deadlineMs = DEADLINE_MS, timeoutMs = TIMEOUT_MS } = options;
  const deadline = clock.monotonic() + deadlineMs;
  let lost = 0;
  let pauseMs = FIRST_PAUSE_MS;
  for (;;) {
    if (signal.aborted)
      return { result: "failed", code: "interrupted", hint: "stopped before it was sent", mayHaveArrived: lost > 0 };
    const tried = await postOnce(url, letter(lost), options, timeoutMs);
    if (tried.kind === "taken") return { result: "sent" };
    const { code, hint } = tried;
    if (tried.kind === "lost") lost += 1;
    const waitMs = tried.kind === "later" ? (tried.retryAfterMs ?? pauseMs) : pauseMs;
    if (tried.kind === "refused" || clock.monotonic() + waitMs + timeoutMs > deadline)
      return { result: "failed", code, hint, mayHaveArrived: lost > 0 };
    await clock.sleep(waitMs, signal).catch(() => {});
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  }
}

type Try =
  | { readonly kind: "taken" }
  | { readonly kind: "refused" | "lost"; readonly code: string; readonly hint: string }
  | { readonly kind: "later"; readonly code: string; readonly hint: string; readonly retryAfterMs: number | null };

async function postOnce(
  url: string,
  { body, headers }: ReturnType<Letter>,
  { fetch, signal, address }: PostOptions,
  timeoutMs: number,
): Promise<Try> {
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json; charset=utf-8", ...headers },
      body,
      redirect: "manual",
      signal: AbortSignal.any([timeout, signal]),
    });
    return ofStatus(response, await readStart(response), address);
  } catch (error) {
    if (timeout.aborted) return { kind: "lost", code: "timeout", hint: hintOfNetwork("timeout", address) };
    const { kind, code, hint } = readNoAnswer(error, address);
    return kind === "unsent" ? { kind: "later", code, hint, retryAfterMs: null } : { kind, code, hint };
  }
}

function ofStatus({ status, headers }: Response, answer: string, address: string): Try {
  const code = /^[a-z][a-z0-9_]{2,60}$/.test(answer) ? answer : `http_${status}`;
  if (status >= 200 && status < 300) return { kind: "taken" };
  if (status === 429) {
    const seconds = Number(headers.get("retry-after") ?? "");
    return {
      kind: "later",
      code,
      hint: "it takes no more messages for now",
      retryAfterMs: Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : null,
    };
  }
  if (status >= 300 && status < 400)
    return {
      kind: "refused",
      code,
      hint: `it leads to another address, and a secret is not sent on: give the address that answers (${address})`,
    };
  if (status >= 500 || status === 408) return { kind: "lost", code, hint: "its server failed: try again" };
  return { kind: "refused", code, hint: `it does not take the message: are address and secret right (${address})?` };
}

/** The first bytes of an answer as text: Slack's webhooks name their errors in it. Whatever is longer is no code. */
async function readStart(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > MOST_ANSWER) break;
  }
  return Buffer.concat(chunks).toString("utf8").trim();
}
