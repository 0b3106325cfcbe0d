import { Readable } from "node:stream";
import { text as readText } from "node:stream/consumers";
import type { AxiosResponse } from "axios";
import { SignalboxError } from "../support/errors.ts";
import { proxyErrorIn } from "../support/network-words.ts";
import { axiosNetwork, type Fetch } from "../support/proxied-fetch.ts";
import { cleanLine } from "../text/clean.ts";
import { saveStream, tooLarge } from "./receive.ts";

export interface Download {
  readonly url: string;
  /** For people and errors: the address without what is secret in it. */
  readonly where: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly mostBytes: number;
  readonly signal?: AbortSignal | undefined;
  readonly openFetch?: OpenFetch | undefined;
}

/** A fetch that goes through a proxy; null: there is none. */
export type OpenFetch = () => Promise<Fetch | null>;

/** What a server says to a download. The body of `found` has to be taken, by one of the two, once; others have none. */
export type Served =
  | { readonly kind: "found"; readonly save: (file: string) => Promise<void>; readonly text: () => Promise<string> }
  | { readonly kind: "moved"; readonly to: string }
  | { readonly kind: "refused"; readonly status: number };

const REQUEST_TIMEOUT_MS = 20_000;
/** A download that takes longer has stopped. */
const DOWNLOAD_TIMEOUT_MS = 600_000;

/**
 * One GET, its headers to the host of `url` alone: a redirect is told and not followed, since it can lead to another
 * host. Throws a service error where there is no answer, and an artifacts error for more than `mostBytes`.
 */
export async function download({
  url,
  where,
  headers = {},
  mostBytes,
  signal: stop,
  openFetch,
}: Download): Promise<Served> {
  const late = AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS);
  const signal = stop === undefined ? late : AbortSignal.any([stop, late]);
  const { default: axios } = await import("axios");
  const fetch = (await openFetch?.()) ?? null;
  const response: AxiosResponse<Readable | ReadableStream> = await axios
    .get<Readable | ReadableStream>(url, {
      ...axiosNetwork(fetch),
      headers: { Accept: "*/*", ...headers },
      responseType: "stream",
      maxRedirects: 0,
      timeout: REQUEST_TIMEOUT_MS,
      validateStatus: () => true,
      signal,
    })
    .catch((error: unknown) => {
      stop?.throwIfAborted();
      const proxyError = proxyErrorIn(error);
      if (proxyError !== null) throw proxyError;
      // An AxiosError prints the headers; only its code leaves.
      throw unreachable(where, codeOf(error));
    });
  const { status } = response;
  const data = response.data instanceof Readable ? response.data : streamOf(response.data);
  if (status !== 200) {
    data.destroy();
    const location = response.headers.location;
    return status >= 300 && status < 400 && typeof location === "string"
      ? { kind: "moved", to: location }
      : { kind: "refused", status };
  }
  const told = (error: unknown): never => {
    stop?.throwIfAborted();
    if (error instanceof SignalboxError) throw error;
    throw unreachable(where, codeOf(error));
  };
  const declared = Number(response.headers["content-length"] ?? 0);
  if (declared > mostBytes) {
    data.destroy();
    throw tooLarge(where, mostBytes);
  }
  return {
    kind: "found",
    save: (file) => saveStream(data, file, { mostBytes, where, signal }).catch(told),
    text: () => readText(limit(data, mostBytes, where)).catch(told),
  };
}

/** fetch has a stream of another kind, and none for an answer without a body. */
function streamOf(body: ReadableStream | null): Readable {
  return body === null ? Readable.from([]) : Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]);
}

async function* limit(stream: Readable, mostBytes: number, where: string): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw tooLarge(where, mostBytes);
    yield chunk;
  }
}

const MOST_HOPS = 3;

/**
 * A download that may be sent on, as a vendor does to a signed address of a storage host: the headers, with a token in
 * them, go to the first host alone. Throws a service error for every other answer.
 */
export async function followWithoutHeaders(
  first: string,
  request: Omit<Download, "url">,
  get: (download: Download) => Promise<Served>,
): Promise<Extract<Served, { kind: "found" }>> {
  let url = first;
  let headers = request.headers ?? {};
  for (let hop = 0; hop <= MOST_HOPS; hop++) {
    const served = await get({ ...request, url, headers });
    if (served.kind === "found") return served;
    if (served.kind === "refused") throw refusedBy(request.where, served.status);
    const next = URL.canParse(served.to, url) ? new URL(served.to, url) : null;
    // Encryption is never given up on the way.
    if (next === null || (next.protocol !== "https:" && next.protocol !== new URL(url).protocol)) break;
    url = next.href;
    headers = {};
  }
  throw new SignalboxError("service", `${request.where} leads nowhere: too many redirects, or one to no address`, {
    hint: "try again",
  });
}

export function refusedBy(where: string, status: number): SignalboxError {
  return new SignalboxError("service", `${where} answered ${status}`, { hint: "try again; is the address right?" });
}

function unreachable(where: string, code: string): SignalboxError {
  return new SignalboxError("service", `${where} could not be read: ${cleanLine(code, 100)}`, { hint: "try again" });
}

function codeOf(error: unknown): string {
  return typeof error === "object" && error !== null && "code" in error && typeof error.code === "string"
    ? error.code
    : "no answer";
}
