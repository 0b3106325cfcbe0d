import type { Me } from "../../queue/decide.ts";
import type { RunSource } from "../../queue/source.ts";
import type { Clock } from "../../support/clock.ts";

export interface GitHubSourceOptions {
  /** `owner/name`. */
  readonly repository: string;
  /** Differs on a fork. Only for the name of the group where GitHub's record has none. */
  readonly headRepository: string;
  /** The branch or tag, where GitHub's record has none. */
  readonly ref: string;
  readonly runId: string;
  readonly attempt: number;
  /** Paths (or file names, or names) of the workflows of the group; `self` is the one of this run. */
  readonly workflows: readonly string[];
  readonly token: string;
  /** `GITHUB_API_URL`. */
  readonly apiUrl: string;
  readonly lagSeconds: number;
  readonly maxAgeSeconds: number;
  readonly timeoutSeconds: number | null;
  readonly clock: Clock;
  /** The network, if it is not the real one. */
  readonly fetch?: typeof globalThis.fetch;
  readonly notice?: (text: string) => void;
  /** Ends the first reads. */
  readonly signal?: AbortSignal;
  /** When this process began, by the clock's monotonic time. Left out: now. */
  readonly startedAt?: number;
}

export interface OpenedSource {
  readonly me: Me;
  /** The key of the group, for people. */
  readonly group: string;
  readonly source: RunSource;
}

/**
 * The queue of GitHub Actions. Calls, in this order:
 * made: `GET actions/runs/{id}` (again on 5xx, and on a young 404, until the deadline); `GET actions/workflows` only if
 * `workflows` names others than `self`.
 * scan: `GET actions/runs?branch&status&per_page=100&page` for each status, then without status back to max-age;
 * `GET actions/runs/{id}` for each candidate and for this run (If-None-Match).
 * reread: `GET actions/runs/{id}`; `GET actions/runs/{id}/jobs` of a run that was not updated for 90 min.
 */
export async function createGitHubSource(_options: GitHubSourceOptions): Promise<OpenedSource> {
  throw new Error("not written yet");
}
