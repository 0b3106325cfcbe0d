import { request, type ServerResponse } from "node:http";
import { serveLoopback } from "../support/loopback.ts";

export interface QuotaProxy {
  readonly url: string;
  /** Jobs that were asked for, refused, and the most that were in flight at once. */
  readonly seen: { jobs: number; refused: number; most: number };
  /** Ids of jobs that never end: the first that the pattern matched. */
  readonly hanging: ReadonlySet<string>;
  /** From now on there is no fault. */
  heal(): void;
  close(): void;
}

/** What becomes of the first job with this in its SQL: BigQuery begins it and it ends with an error, or the request has none. */
export interface Fault {
  readonly sql: RegExp;
  /** Of each job with it, until BigQuery is healed. */
  readonly lasts?: true;
  readonly as:
    | { readonly reason: string; readonly message: string }
    | { readonly status: number; readonly body: string }
    | "reset";
}

const MESSAGE =
  "Quota exceeded: Your project exceeded quota for concurrent queries. For more information, see https://cloud.google.com/bigquery/docs/troubleshoot-quotas";

/**
 * A BigQuery that refuses jobs above so many in flight, before an emulator; each is held, as a warehouse at work does. The
 * first job with `hangs` in its SQL begins and never ends.
 */
export async function openQuotaProxy(
  emulatorPort: number,
  limit: number,
  holdMs: number,
  hangs: RegExp | null = null,
  faults: readonly Fault[] = [],
): Promise<QuotaProxy> {
  const left = [...faults];
  const hanging = new Set<string>();
  const seen = { jobs: 0, refused: 0, most: 0 };
  let inFlight = 0;
  const { url, close } = await serveLoopback((asked, answer) => {
    const chunks: Buffer[] = [];
    asked.on("data", (chunk: Buffer) => chunks.push(chunk));
    asked.on("end", () => {
      const body = Buffer.concat(chunks);
      const isAsked = asked.method === "POST" && /\/(?:jobs|queries)(?:\?|$)/.test(asked.url ?? "");
      // Nodes alone: what dbt asks of schemas before them would end it without a row.
      const isJob = isAsked && /create or replace table|dbt_internal_test/.test(body.toString());
      if (isJob) seen.jobs += 1;
      const due = isJob ? left.findIndex(({ sql }) => sql.test(body.toString())) : -1;
      const fault = left[due];
      if (fault?.lasts !== true) left.splice(due, due < 0 ? 0 : 1);
      if (fault !== undefined) {
        seen.refused += 1;
        return fail(fault, JSON.parse(body.toString()) as Job, answer);
      }
      if (isJob && inFlight >= limit) {
        seen.refused += 1;
        const errors = [{ message: MESSAGE, domain: "usageLimits", reason: "quotaExceeded" }];
        answer.writeHead(403, { "content-type": "application/json" });
        answer.end(JSON.stringify({ error: { code: 403, message: MESSAGE, errors } }));
        return;
      }
      const { jobReference } = isJob ? (JSON.parse(body.toString()) as Job) : {};
      if (isJob && hanging.size === 0 && hangs?.test(body.toString())) hanging.add(jobReference?.jobId ?? "");
      // It is asked for again and again, and there is no answer.
      if (asked.method === "GET" && [...hanging].some((id) => asked.url?.includes(id))) return;
      if (isJob) inFlight += 1;
      seen.most = Math.max(seen.most, inFlight);
      const done = () => {
        if (isJob) inFlight -= 1;
      };
      const host = `127.0.0.1:${emulatorPort}`;
      const { url: path = "/", method = "GET", headers } = asked;
      const passed = request({ host: "127.0.0.1", port: emulatorPort, path, method, headers: { ...headers, host } });
      passed.on("response", (from) =>
        setTimeout(
          () => {
            done();
            answer.writeHead(from.statusCode ?? 502, from.headers);
            from.pipe(answer);
          },
          isJob ? holdMs : 0,
        ),
      );
      passed.on("error", () => {
        done();
        answer.destroy();
      });
      passed.end(body);
    });
  });
  return { url, seen, hanging, close, heal: () => void left.splice(0) };
}

interface Job {
  readonly jobReference?: { readonly jobId: string };
  readonly configuration?: unknown;
}

/** https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/Job: one that has failed is a whole answer. */
function fail({ as }: Fault, job: Job, answer: ServerResponse): void {
  if (as === "reset") {
    answer.socket?.resetAndDestroy();
    return;
  }
  const [status, body] =
    "reason" in as
      ? [
          200,
          JSON.stringify({ ...job, kind: "bigquery#job", status: { state: "DONE", errorResult: as, errors: [as] } }),
        ]
      : [as.status, as.body];
  answer.writeHead(status, { "content-type": "application/json" }).end(body);
}
