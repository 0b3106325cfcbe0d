import { parseInstant } from "../../queue/iso-time.ts";
import type { Clock } from "../../support/clock.ts";
import type { Answer, GitHubClient, GitHubRoute } from "./client.ts";
import { isEnded, type RunRecord, readAnswer, runAnswer, ticketOf } from "./workflow-run.ts";

const ROUTE: GitHubRoute = "GET /repos/{owner}/{repo}/actions/runs/{run_id}";

export type RunAnswer =
  | { readonly kind: "found"; readonly run: RunRecord }
  | { readonly kind: "missing"; readonly answer: Answer };

/** Single runs by their id; a run that has not changed costs nothing (If-None-Match). */
export interface RunReader {
  read(id: string, signal: AbortSignal): Promise<RunAnswer>;
  /** Not found when it was read last. */
  isMissing(id: string): boolean;
  /** Missing twice, and too old for that to be lag; where its age cannot be read, missing for so long. */
  isGone(id: string, known: RunRecord | null): boolean;
}

export function createRunReader(client: GitHubClient, lagSeconds: number, clock: Clock): RunReader {
  const cached = new Map<string, { readonly etag: string | null; readonly run: RunRecord }>();
  const missed = new Map<string, { readonly times: number; readonly since: number }>();

  async function ask(id: string, etag: string | null, signal: AbortSignal): Promise<RunAnswer> {
    const answer = await client.request(ROUTE, { run_id: id }, { signal, etag });
    if (answer.status === 404) {
      const before = missed.get(id);
      missed.set(id, { times: (before?.times ?? 0) + 1, since: before?.since ?? clock.monotonic() });
      return { kind: "missing", answer };
    }
    if (answer.status !== 200 && answer.status !== 304) throw client.refuse(ROUTE, answer);
    missed.delete(id);
    const known = cached.get(id);
    if (answer.status === 304 && known !== undefined) return { kind: "found", run: known.run };
    const run = readAnswer(runAnswer, answer.body);
    cached.set(id, { etag: answer.etag, run });
    return { kind: "found", run };
  }

  return {
    async read(id, signal) {
      const read = await ask(id, cached.get(id)?.etag ?? null, signal);
      const isTorn = read.kind === "found" && !isEnded(read.run) && read.run.conclusion !== null;
      return isTorn ? ask(id, null, signal) : read;
    },
    isMissing: (id) => missed.has(id),
    isGone(id, known) {
      const born = known === null ? null : parseInstant(ticketOf(known)?.createdAt ?? null);
      const { times, since } = missed.get(id) ?? { times: 0, since: clock.monotonic() };
      const age = born === null ? clock.monotonic() - since : client.serverTime.now() - born;
      return times >= 2 && age >= (lagSeconds + 1) * 1000;
    },
  };
}
