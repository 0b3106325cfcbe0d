import type { Me } from "../../queue/decide.ts";
import { parseInstant } from "../../queue/iso-time.ts";
import type { RunSource } from "../../queue/source.ts";
import { GONE, NOT_FOUND } from "../../queue/status.ts";
import { compareTickets, type SeenRun } from "../../queue/ticket.ts";
import type { Clock } from "../../support/clock.ts";
import { SignalboxError } from "../../support/errors.ts";
import { oncePerText, tryUntilDeadline } from "../requests.ts";
import { createGitHubClient, type GitHubClient, type GitHubRoute } from "./client.ts";
import { createLifeSigns } from "./last-activity.ts";
import { readLists, readRunning } from "./list-runs.ts";
import { createEarlierAttempts } from "./previous-attempt.ts";
import { createRunReader } from "./read-run.ts";
import {
  describeRun,
  isEnded,
  isMember,
  laterRead,
  type RunRecord,
  ticketOf,
  updateRead,
  type WorkflowGroup,
} from "./workflow-run.ts";
import { resolveWorkflows } from "./workflows.ts";

export interface GitHubSourceOptions {
  /** `owner/name`. */
  readonly repository: string;
  /** Differs on a fork. Only for the name of the group where GitHub's record has none. */
  readonly headRepository: string;
  /** The branch or tag. Only where GitHub's record has none. */
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
  readonly fetch: typeof globalThis.fetch | null;
  /** How long one request may take, where the one who asks waits for no longer than that. */
  readonly requestTimeoutMs?: number | undefined;
  readonly notice?: (text: string) => void;
  /** Ends the first reads. */
  readonly signal?: AbortSignal;
  /** When this process began, by the clock's monotonic time. Left out: now. */
  readonly startedAt?: number;
}

export interface GitHubSource {
  readonly me: Me;
  /** The key of the group, for people. */
  readonly group: string;
  /** This run's own workflow where `queue.workflows` does not hold it, so that no run of the group sees it; null: it does. */
  readonly outsider: string | null;
  readonly source: RunSource;
}

const RUN: GitHubRoute = "GET /repos/{owner}/{repo}/actions/runs/{run_id}";
const CANCEL: GitHubRoute = "POST /repos/{owner}/{repo}/actions/runs/{run_id}/cancel";

/**
 * The queue of GitHub Actions. Reads this run's own record first, again after service errors until the deadline, and
 * makes the group of it. Throws a configuration error where the token may not or a workflow is not known.
 *
 * A scan reads the lists of the branch by status (list-runs.ts), then every run of the group that may be active and ahead
 * by its id. This run is shown as the lists show it: a read by its id would say nothing about what they hide. Between
 * scans a run is one request, which costs nothing while nothing changes.
 */
export async function createGitHubSource(options: GitHubSourceOptions): Promise<GitHubSource> {
  const { clock, runId, lagSeconds, maxAgeSeconds, timeoutSeconds, signal } = options;
  const notice = oncePerText(options.notice);
  const startedAt = options.startedAt ?? clock.monotonic();
  const client = await createGitHubClient(options);
  const patience = { clock, signal, startedAt, timeoutSeconds, notice };
  const isYoung = () => clock.monotonic() - startedAt <= (lagSeconds + 1) * 1000;
  const reader = createRunReader(client, lagSeconds, clock);

  const own = await tryUntilDeadline(patience, (within) => readOwn(client, options, isYoung, within));
  const ticket = ticketOf(own);
  if (ticket === null || own.path === null) throw ownUnreadable(own);
  client.serverTime.noteBirth(ticket.createdAt, startedAt);

  const { path } = own;
  const paths = await tryUntilDeadline(patience, (within) => resolveWorkflows(client, options.workflows, path, within));
  const group: WorkflowGroup = { paths, branch: own.branch, headRepository: own.headRepository };
  const lifeSigns = createLifeSigns(client, clock);
  const earlierAttempts = createEarlierAttempts(client);
  /** The latest read of every other run of the group, also of those that have ended. */
  const latest = new Map<string, RunRecord>();
  /** Those that GitHub does not know any more, whatever a list still shows. */
  const gone = new Map<string, SeenRun>();

  const mayBeAhead = (run: RunRecord) => {
    const place = ticketOf(run);
    return place === null || compareTickets(place, ticket) < 0;
  };

  /** A 404 says something only while the same way finds this run: once more after that, since an outage may have ended. */
  async function noteMissing(run: RunRecord, within: AbortSignal): Promise<void> {
    if (gone.has(run.id) || !reader.isGone(run.id, run)) return;
    if ((await reader.read(runId, within)).kind === "missing") return;
    if ((await reader.read(run.id, within)).kind === "found") return;
    const since = new Date(client.serverTime.now()).toISOString();
    gone.set(run.id, { ...describeRun(run, null), ended: true, status: GONE, since });
  }

  async function describe(run: RunRecord, within: AbortSignal): Promise<SeenRun> {
    const lost = gone.get(run.id);
    if (lost !== undefined) return lost;
    const seen = describeRun(run, run.id === runId ? null : await lifeSigns.quietSince(run, within));
    const isMissing = run.id !== runId && !seen.ended && reader.isMissing(run.id);
    return isMissing ? { ...seen, status: NOT_FOUND } : seen;
  }

  const source: RunSource = {
    calls: client.calls,
    async scan(within) {
      const { reads, complete, serverTime, shows } = await readLists(
        client,
        { branch: group.branch, maxAgeSeconds, notice },
        within,
      );
      const found = new Map<string, RunRecord>();
      const note = (run: RunRecord) => {
        const before = found.get(run.id);
        found.set(run.id, before === undefined ? run : laterRead(before, run));
      };
      reads.filter((run) => isMember(run, group)).forEach(note);

      // A run that was active before may be between two lists. One behind this run does not hold it, whatever it does.
      const ahead = [...found.values(), ...latest.values()].filter((run) => !isEnded(run) && mayBeAhead(run));
      for (const id of new Set(ahead.map((run) => run.id))) {
        if (id === runId) continue;
        const read = await reader.read(id, within);
        const known = found.get(id) ?? latest.get(id);
        if (read.kind === "found") {
          gone.delete(id);
          note(read.run);
        } else if (known !== undefined) await noteMissing(known, within);
      }
      const own = shows(runId) ? found.get(runId) : undefined;
      found.delete(runId);
      for (const run of found.values()) latest.set(run.id, updateRead(latest.get(run.id) ?? null, run));

      const runs: SeenRun[] = [];
      for (const run of own === undefined ? latest.values() : [own, ...latest.values()]) {
        runs.push(await describe(run, within));
        const earlier = gone.has(run.id) ? null : await earlierAttempts.before(run, within);
        if (earlier !== null) runs.push(earlier);
      }
      return { runs, complete, serverTime };
    },
    async reread(ids, within) {
      const runs: SeenRun[] = [];
      for (const id of ids) {
        const read = await reader.read(id, within);
        const known = latest.get(id) ?? null;
        const newest = read.kind === "found" ? updateRead(known, read.run) : known;
        if (newest === null) continue;
        if (read.kind === "found") gone.delete(id);
        else await noteMissing(newest, within);
        latest.set(id, newest);
        runs.push(await describe(newest, within));
      }
      return runs;
    },
    async running(within) {
      const runs = await readRunning(client, group.branch, within);
      return runs.filter((run) => isMember(run, group)).map((run) => describeRun(run, null));
    },
    async cancel(id) {
      // 202: it is asked to end, which is all that can be had.
      const answer = await client.request(CANCEL, { run_id: id });
      if (answer.status !== 202) throw client.refuse(CANCEL, answer);
    },
  };
  return {
    me: { id: runId, attempt: options.attempt, ticket },
    group: nameGroup(options, own, paths),
    outsider: paths.has(path) ? null : path,
    source,
  };
}

const STAYS_UNKNOWN =
  "try again; where it stays: is GITHUB_TOKEN of this repository, and is the API's address right (GITHUB_API_URL)?";

/** A young run that GitHub does not know, or knows by an earlier attempt, is a stale answer: asked again. */
async function readOwn(
  client: GitHubClient,
  { runId, attempt, clock }: GitHubSourceOptions,
  isYoung: () => boolean,
  signal: AbortSignal,
): Promise<RunRecord> {
  const reader = createRunReader(client, 0, clock);
  const wasYoung = isYoung();
  const read = await reader.read(runId, signal);
  if (read.kind === "missing") {
    if (!wasYoung) throw client.refuse(RUN, read.answer);
    throw new SignalboxError("service", `GitHub does not know run ${runId} yet`, { hint: STAYS_UNKNOWN });
  }
  if (read.run.attempt !== null && read.run.attempt < attempt) {
    throw new SignalboxError("service", `GitHub does not know attempt ${attempt} of run ${runId} yet`);
  }
  return read.run;
}

function ownUnreadable(own: RunRecord): SignalboxError {
  const missing = [
    parseInstant(own.createdAt) === null ? "created_at" : "",
    parseInstant(own.startedAt) === null ? "run_started_at" : "",
    own.attempt === null ? "run_attempt" : "",
    own.path === null ? "path" : "",
  ].filter((name) => name !== "");
  return new SignalboxError("service", `GitHub's answer about this run (${own.id}) holds no ${missing.join(", no ")}`, {
    hint: "start the job again; two runs without a place would wait for each other",
  });
}

function nameGroup(options: GitHubSourceOptions, own: RunRecord, paths: ReadonlySet<string>): string {
  const { repository, headRepository, ref } = options;
  return [repository, own.headRepository ?? headRepository, own.branch ?? ref, [...paths].sort().join(",")].join(" ");
}
