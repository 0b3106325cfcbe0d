import type { AxiosAdapter, AxiosInstance, AxiosResponse } from "axios";
import { type Clock, systemClock } from "../../support/clock.ts";
import { SignalboxError } from "../../support/errors.ts";
import { hintOfNetwork, networkCode, proxyErrorIn } from "../../support/network-words.ts";
import { axiosNetwork, type Fetch } from "../../support/proxied-fetch.ts";
import { hintOfCircle, hintOfUseless, ledTo, messageIn, quoted } from "../refusals.ts";
import {
  createRequestGate,
  createServerTime,
  REQUEST_TIMEOUT_MS,
  readDate,
  readRetryAfter,
  type ServerTime,
  sendWithin,
} from "../requests.ts";
import { foreignAnswer } from "../unexpected.ts";

/** CircleCI's API v2, as far as it is used. The token goes to the configured host only. */
export interface CircleClient {
  /** `GET /api/v2{path}`. Throws a configuration error (401, 403, 404) or a service error. */
  get(path: string, signal?: AbortSignal): Promise<CircleAnswer>;
  /** As `get`, with null for a 404. */
  find(path: string, signal?: AbortSignal): Promise<CircleAnswer | null>;
  /** Answered by 200 or 202. */
  post(path: string): Promise<void>;
  readonly serverTime: ServerTime;
  calls(): number;
}

export interface CircleAnswer {
  readonly body: unknown;
  /** The server's time, in milliseconds since the epoch; null: it did not say. */
  readonly date: number | null;
}

export interface CircleClientOptions {
  readonly clock?: Clock;
  /** The network, if it is not the real one. */
  readonly adapter?: AxiosAdapter | undefined;
  /** Goes through a proxy; null: there is none. */
  readonly fetch: Fetch | null;
  /** How long one request may take. */
  readonly requestTimeoutMs?: number | undefined;
}

const LARGEST_ANSWER_BYTES = 32 * 1024 * 1024;
/** CircleCI publishes no limit; where it says 429 without a time, it is left alone for as long. */
const DEFAULT_PAUSE_SECONDS = 30;
const TOKEN_HINT =
  "CIRCLE_TOKEN must be a personal API token of a user who can see the project; project tokens and OIDC tokens do not work with API v2";

export async function createCircleClient(
  baseUrl: string,
  token: string,
  { clock = systemClock, adapter, fetch, requestTimeoutMs = REQUEST_TIMEOUT_MS }: CircleClientOptions,
): Promise<CircleClient> {
  refuseToken(token);
  const { default: axios } = await import("axios");
  const client: AxiosInstance = axios.create({
    baseURL: `${baseUrl.replace(/\/+$/, "")}/api/v2`,
    headers: { "Circle-Token": token, Accept: "application/json" },
    maxContentLength: LARGEST_ANSWER_BYTES,
    // axios forwards Circle-Token to whatever host a redirect names.
    maxRedirects: 0,
    responseType: "json",
    validateStatus: () => true,
    ...axiosNetwork(fetch),
    ...(adapter === undefined ? {} : { adapter }),
  });
  const serverTime = createServerTime(clock);
  const gate = createRequestGate(clock, serverTime.now);
  let calls = 0;

  async function send(method: "GET" | "POST", path: string, signal: AbortSignal | undefined) {
    signal?.throwIfAborted();
    gate.check();
    calls++;
    const what = `${method} ${path}`;
    const response = await sendWithin<AxiosResponse<unknown>>({ clock, ms: requestTimeoutMs, signal }, (within) =>
      client.request({ method, url: path, signal: within }),
    ).catch((error: unknown) => {
      signal?.throwIfAborted();
      const proxyError = proxyErrorIn(error);
      if (proxyError !== null) throw proxyError;
      // An AxiosError prints the Circle-Token header; only its code leaves.
      const code = networkCode(error) ?? "no answer";
      throw unavailable(`CircleCI could not be reached: ${what}: ${code}`, hintOfNetwork(code, "--circle-url"));
    });
    if (response === "too late")
      throw unavailable(`CircleCI did not answer within ${requestTimeoutMs / 1000} s: ${what}`);

    const headers = new Map(Object.entries(response.headers).map(([name, value]) => [name.toLowerCase(), value]));
    const date = readDate(headers.get("date"));
    serverTime.note(date);
    const requestId = headers.get("x-request-id");
    const foreign = foreignAnswer("CircleCI", what, response.status, response.data);
    if (foreign !== null) throw foreign;
    const words = response.status < 300 ? "" : quoted(messageIn(response.data));
    const said = `CircleCI answered ${response.status} to ${what}${requestId ? ` (request ${String(requestId)})` : ""}${ledTo(headers.get("location"))}${words}`;
    if (response.status === 429) {
      const seconds = readRetryAfter(headers.get("retry-after"), serverTime.now()) ?? DEFAULT_PAUSE_SECONDS;
      gate.hold(seconds, "CircleCI asks for a pause");
      throw unavailable(said);
    }
    return { status: response.status, body: response.data, date, said };
  }

  async function find(path: string, signal?: AbortSignal) {
    const answer = await send("GET", path, signal);
    return answer.status === 404 ? null : accept(answer);
  }

  return {
    serverTime,
    calls: () => calls,
    find,
    get: async (path, signal) => accept(await send("GET", path, signal)),
    post: async (path) => {
      accept(await send("POST", path, undefined));
    },
  };
}

type Sent = CircleAnswer & { readonly status: number; readonly said: string };

function accept({ status, body, date, said }: Sent): CircleAnswer {
  if (status === 200 || status === 202) return { body, date };
  if (![401, 403, 404].includes(status))
    throw new SignalboxError("service", said, { hint: hintOfUseless(status, "CircleCI") });
  throw new SignalboxError("configuration", said, { hint: hintOfCircle(body, TOKEN_HINT) });
}

/** Kinds of tokens that are known to fail are not sent. https://circleci.com/docs/managing-api-tokens/ */
function refuseToken(token: string): void {
  const found =
    token === ""
      ? "is empty"
      : /[^\x21-\x7e]/.test(token)
        ? "holds a space, a line break or a character that no token has"
        : token.startsWith("CCIPRJ_")
          ? "holds a project token"
          : /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/.test(token)
            ? "holds an OIDC token"
            : null;
  if (found !== null) throw new SignalboxError("configuration", `CIRCLE_TOKEN ${found}`, { hint: TOKEN_HINT });
}

function unavailable(message: string, hint = "try again; status.circleci.com tells of incidents"): SignalboxError {
  return new SignalboxError("service", message, { hint });
}
