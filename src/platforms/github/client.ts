import { type Clock, systemClock } from "../../support/clock.ts";
import { SignalboxError } from "../../support/errors.ts";
import { hintOfNetwork, networkCode, proxyErrorIn } from "../../support/network-words.ts";
import { hintOfGitHub, hintOfUseless, ledTo, messageIn, quoted } from "../refusals.ts";
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
import { createBudget, LONGEST_WINDOW_SECONDS, type RateLimits } from "./budget.ts";

/** GitHub's REST API, as far as the queue uses it. The token goes to `apiUrl` only. */
export interface GitHubClient {
  /** Throws a configuration error (401, 403) or a service error for everything that is not in `Answer`. */
  request(route: GitHubRoute, parameters?: Parameters, options?: RequestOptions): Promise<Answer>;
  /** The error for an answer of no use: a 404 on one's own repository is how GitHub refuses a token as well. */
  refuse(route: GitHubRoute, answer: Answer): SignalboxError;
  readonly serverTime: ServerTime;
  calls(): number;
}

/** All of a repository's routes that are called; `{owner}` and `{repo}` are filled in. */
export type GitHubRoute =
  | "GET /repos/{owner}/{repo}/actions/runs"
  | "GET /repos/{owner}/{repo}/actions/runs/{run_id}"
  | "GET /repos/{owner}/{repo}/actions/runs/{run_id}/attempts/{attempt_number}"
  | "GET /repos/{owner}/{repo}/actions/runs/{run_id}/jobs"
  | "GET /repos/{owner}/{repo}/actions/workflows"
  | "POST /repos/{owner}/{repo}/actions/runs/{run_id}/cancel"
  | "GET /repos/{owner}/{repo}/actions/artifacts"
  | "GET /repos/{owner}/{repo}/actions/artifacts/{artifact_id}/{archive_format}"
  | "GET /repos/{owner}/{repo}/branches/{branch}"
  | "GET /repos/{owner}/{repo}/contents/{path}"
  | "GET /repos/{owner}/{repo}/compare/{basehead}"
  | "GET /repos/{owner}/{repo}/commits/{commit_sha}/branches-where-head"
  | "GET /repos/{owner}/{repo}/pulls"
  | "GET /repos/{owner}/{repo}/issues/{issue_number}/comments"
  | "POST /repos/{owner}/{repo}/issues/{issue_number}/comments"
  | "PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}"
  | "POST /graphql";

type Parameters = Readonly<Record<string, string | number | undefined>>;

export interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
  readonly etag?: string | null;
}

export interface Answer {
  readonly status: 200 | 201 | 202 | 302 | 304 | 404 | 410;
  readonly body: unknown;
  /** Where a 302 leads: an address from outside, which is asked without the token. */
  readonly location: string | null;
  /** In milliseconds since the epoch. */
  readonly date: number | null;
  readonly etag: string | null;
  /** The `Link` header names a next page. Its address is not used: it comes from outside. */
  readonly hasNext: boolean;
  readonly requestId: string | null;
}

export interface GitHubClientOptions {
  readonly apiUrl: string;
  /** `owner/name`. */
  readonly repository: string;
  readonly token: string;
  readonly clock?: Clock;
  /** Goes through a proxy; null: there is none. */
  readonly fetch: typeof globalThis.fetch | null;
  /** How long one request may take. */
  readonly requestTimeoutMs?: number | undefined;
}

interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly data: unknown;
}

const TOKEN_HINT = "hand over github.token of this job (the Action does), or a token that may read its Actions";
const SILENT = { debug() {}, info() {}, warn() {}, error() {} };
/** "If you continue to be rate limited … wait for at least one minute": the same page as in budget.ts. */
const SECONDARY_LIMIT_SECONDS = 60;

export async function createGitHubClient(options: GitHubClientOptions): Promise<GitHubClient> {
  const { apiUrl, repository, token, clock = systemClock, requestTimeoutMs = REQUEST_TIMEOUT_MS } = options;
  refuseToken(token);
  const [owner = "", repo = ""] = repository.split("/");
  const { Octokit } = await import("@octokit/rest");
  const octokit = new Octokit({
    auth: token,
    baseUrl: apiUrl.replace(/\/+$/, ""),
    userAgent: "signalbox",
    log: SILENT,
    // A redirect would take the token to whatever host it names.
    request: { redirect: "manual", log: SILENT, ...(options.fetch == null ? {} : { fetch: options.fetch }) },
  });
  const graphqlUrl = apiUrl.replace(/\/+$/, "").replace(/\/api\/v3$/, "/api");
  const serverTime = createServerTime(clock);
  const gate = createRequestGate(clock, serverTime.now);
  const budget = createBudget(clock, serverTime.now);
  let calls = 0;

  async function send(what: string, route: GitHubRoute, parameters: Parameters, { signal, etag }: RequestOptions) {
    try {
      return await sendWithin<RawAnswer>({ clock, ms: requestTimeoutMs, signal }, async (within) => {
        const headers = etag ? { "if-none-match": etag } : {};
        const request = { ...parameters, owner, repo, headers, request: { signal: within } };
        if (route !== "POST /graphql") return octokit.request(route, request);
        // GraphQL takes the query alone, and GitHub Enterprise Server has it beside /api/v3.
        return octokit.request(route, {
          query: String(parameters.query),
          baseUrl: graphqlUrl,
          request: request.request,
        });
      });
    } catch (error) {
      signal?.throwIfAborted();
      const answer = answerIn(error);
      if (answer !== null) return answer;
      const proxyError = proxyErrorIn(error);
      if (proxyError !== null) throw proxyError;
      // Octokit's errors hold the whole request; only what is said here leaves.
      const code = networkCode(error) ?? "no answer";
      throw unavailable(`GitHub could not be reached: ${what}: ${code}`, hintOfNetwork(code, "GITHUB_API_URL"));
    }
  }

  return {
    serverTime,
    calls: () => calls,
    refuse: (route, { status, requestId, body, location }) => {
      const refused = { what: describe(route, repository), status, requestId, body, location };
      return status === 404
        ? refusal({ ...refused, permission: permissionOf(route), wantsSso: false })
        : useless(refused);
    },
    async request(route, parameters = {}, requestOptions = {}) {
      requestOptions.signal?.throwIfAborted();
      gate.check();
      budget.check();
      const what = describe(route, repository, parameters.run_id);
      calls++;
      const answer = await send(what, route, parameters, requestOptions);
      if (answer === "too late")
        throw unavailable(`GitHub did not answer within ${requestTimeoutMs / 1000} s: ${what}`);

      const { status, headers } = answer;
      const date = readDate(headers.date);
      serverTime.note(date);
      const limits = readLimits(headers);
      budget.note(limits, status === 304);
      const requestId = textOf(headers["x-github-request-id"]);
      const foreign = foreignAnswer("GitHub", what, status, answer.data);
      if (foreign !== null) throw foreign;
      if (isAnswer(status)) {
        const hasNext = /<[^>]*>;[^,]*\brel="?next"?/.test(textOf(headers.link) ?? "");
        const [etag, location] = [textOf(headers.etag), textOf(headers.location)];
        return { status, body: answer.data, date, etag, location, hasNext, requestId };
      }
      const limit = readLimit(answer, limits, serverTime.now());
      if (limit !== null) {
        gate.hold(limit.seconds, limit.why);
        throw unavailable(`${limit.why}: GitHub answered ${status} to ${what}`);
      }
      if (status === 401 || status === 403) {
        const wantsSso = /^required\b/.test(textOf(headers["x-github-sso"]) ?? "");
        throw refusal({
          what,
          status,
          requestId,
          body: answer.data,
          location: null,
          permission: permissionOf(route),
          wantsSso,
        });
      }
      throw useless({ what, status, requestId, body: answer.data, location: headers.location });
    },
  };
}

/**
 * The primary limit is over when the window ends; a secondary one has nothing to do with what is left in it.
 * https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
 */
function readLimit(
  { status, headers, data }: RawAnswer,
  limits: RateLimits | null,
  now: number,
): { readonly seconds: number; readonly why: string } | null {
  if (status !== 403 && status !== 429 && status !== 503) return null;
  const retryAfter = readRetryAfter(headers["retry-after"], now);
  if (retryAfter !== null) return { seconds: retryAfter, why: "GitHub asks for a pause" };
  if (status === 503) return null;
  if (limits?.remaining === 0) {
    return {
      seconds: Math.min(Math.max(1, limits.reset - now / 1000), LONGEST_WINDOW_SECONDS),
      why: "the token's GitHub requests of this hour are spent",
    };
  }
  return status === 429 || /rate limit|abuse|login attempts exceeded/i.test(messageIn(data))
    ? { seconds: SECONDARY_LIMIT_SECONDS, why: "GitHub's secondary limit was reached" }
    : null;
}

function readLimits(headers: RawAnswer["headers"]): RateLimits | null {
  const [remaining, reset] = ["x-ratelimit-remaining", "x-ratelimit-reset"].map((name) => textOf(headers[name]) ?? "");
  return /^\d+$/.test(remaining ?? "") && /^\d{1,12}$/.test(reset ?? "")
    ? { remaining: Number(remaining), reset: Number(reset) }
    : null;
}

function isAnswer(status: number): status is Answer["status"] {
  return [200, 201, 202, 302, 304, 404, 410].includes(status);
}

/** What the job's token needs. https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps */
function permissionOf(route: GitHubRoute): string {
  if (route.includes("/issues/")) return "pull-requests: write";
  if (route.endsWith("/pulls")) return "pull-requests: read";
  if (/\/(?:branches|compare|commits|contents)\//.test(route)) return "contents: read";
  return route.startsWith("POST") ? "actions: write" : "actions: read";
}

/** An answer that is refused or of no use. */
interface Refused {
  readonly what: string;
  readonly status: number;
  readonly requestId: string | null;
  readonly body: unknown;
  readonly location: unknown;
}

interface Refusal extends Refused {
  readonly permission: string;
  /** https://docs.github.com/en/rest/authentication/authenticating-to-the-rest-api#authenticating-with-saml-sso */
  readonly wantsSso: boolean;
}

function refusal({ permission, wantsSso, ...refused }: Refusal): SignalboxError {
  const { status, body } = refused;
  const hint =
    status === 401 ? `GITHUB_TOKEN is not valid: ${TOKEN_HINT}` : hintOfGitHub({ status, body, permission, wantsSso });
  return new SignalboxError("configuration", describeRefused(refused), { hint });
}

function useless(refused: Refused): SignalboxError {
  return new SignalboxError("service", describeRefused(refused), { hint: hintOfUseless(refused.status, "GitHub") });
}

function describeRefused({ what, status, requestId, body, location }: Refused): string {
  const id = requestId === null ? "" : ` (request ${requestId})`;
  return `GitHub answered ${status} to ${what}${id}${ledTo(location)}${status < 300 ? "" : quoted(messageIn(body))}`;
}

function refuseToken(token: string): void {
  if (token !== "" && !/[^\x21-\x7e]/.test(token)) return;
  const found = token === "" ? "is empty" : "holds a space, a line break or a character that no token has";
  throw new SignalboxError("configuration", `GITHUB_TOKEN ${found}`, {
    hint: TOKEN_HINT,
  });
}

function unavailable(message: string, hint = "try again; githubstatus.com tells of incidents"): SignalboxError {
  return new SignalboxError("service", message, { hint });
}

function describe(route: GitHubRoute, repository: string, runId?: string | number): string {
  return route.replace("{owner}/{repo}", repository).replace("{run_id}", String(runId ?? "{run_id}"));
}

/** Octokit throws for every status from 304 on; the answer is in the error. */
function answerIn(error: unknown): RawAnswer | null {
  if (typeof error !== "object" || error === null || !("response" in error)) return null;
  const { response } = error;
  return typeof response === "object" && response !== null && "status" in response && "headers" in response
    ? (response as RawAnswer)
    : null;
}

function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : typeof value === "number" ? String(value) : null;
}
