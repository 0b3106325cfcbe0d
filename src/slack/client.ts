import type { WebClient } from "@slack/web-api";
import type { Fetch } from "../support/proxied-fetch.ts";

export interface ClientOptions {
  /** The way out: global fetch, or one that goes through a proxy. */
  readonly fetch?: typeof globalThis.fetch;
  /** One request from its first byte to the last byte of its answer. */
  readonly timeoutMs?: number;
}

/** The longest that one request takes, answer included. */
export const REQUEST_TIMEOUT_MS = 10_000;
/** Far above a page of history; an answer without end must not fill the memory. */
const MOST_BYTES = 16 * 2 ** 20;

/**
 * The SDK alone would retry for half an hour and post twice where an answer is lost: no retries of its own, then. Nor its
 * `timeout`: ours holds for the body too, whatever fetch is used, and bounds its size.
 */
export async function createSlackClient(
  token: string,
  url: string,
  { fetch = globalThis.fetch, timeoutMs = REQUEST_TIMEOUT_MS }: ClientOptions = {},
): Promise<WebClient> {
  const { WebClient, LogLevel } = await import("@slack/web-api");
  return new WebClient(token, {
    slackApiUrl: url,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    fetch: (address, init) => fetchWhole(fetch, address, init, timeoutMs),
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

/** A request and the whole of its answer within the time, or an error with a `code`. */
async function fetchWhole(
  fetch: Fetch,
  address: Parameters<Fetch>[0],
  init: RequestInit | undefined,
  timeoutMs: number,
): Promise<Response> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = withCode("timeout", `no whole answer within ${timeoutMs / 1000} s`);
      controller.abort(error);
      reject(error);
    }, timeoutMs);
  });
  try {
    return await Promise.race([askWhole(fetch, address, { ...init, signal: controller.signal }), over]);
  } finally {
    clearTimeout(timer);
  }
}

async function askWhole(fetch: Fetch, address: Parameters<Fetch>[0], init: RequestInit): Promise<Response> {
  const response = await fetch(address, init);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    bytes += chunk.length;
    // Leaving the loop cancels the rest.
    if (bytes > MOST_BYTES) throw withCode("answer_too_long", `the answer has more than ${MOST_BYTES} bytes`);
  }
  const headers = new Headers(response.headers);
  // For the SDK a body that calls itself gzip is a success, whatever is in it.
  for (const name of ["content-type", "content-encoding", "content-length"]) headers.delete(name);
  const { status, statusText } = response;
  return new Response(status === 204 || status === 205 || status === 304 ? null : Buffer.concat(chunks), {
    status,
    statusText,
    headers,
  });
}

function withCode(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
