import type { AxiosAdapter } from "axios";
import type { Me } from "../../queue/decide.ts";
import type { RunSource } from "../../queue/source.ts";
import type { Clock } from "../../support/clock.ts";

export interface CircleSourceOptions {
  /** `CIRCLE_WORKFLOW_ID`. */
  readonly workflowId: string;
  /** Names of the workflows of the group; `self` is this run's own. */
  readonly workflows: readonly string[];
  /** A personal API token. */
  readonly token: string;
  /** Without `/api/v2`. */
  readonly baseUrl: string;
  readonly lagSeconds: number;
  readonly maxAgeSeconds: number;
  readonly timeoutSeconds: number | null;
  readonly clock: Clock;
  /** The network, if it is not the real one. */
  readonly adapter?: AxiosAdapter;
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
 * The queue of CircleCI. Calls:
 * made: `GET /workflow/{id}`, `GET /pipeline/{id}`, `GET /pipeline/{id}/workflow` of this run (again on 5xx, and on a
 * young 404, until the deadline); `GET /insights/{slug}/workflows` only if `workflows` names one that is not in this
 * pipeline (refused: goes on with a notice).
 * scan: `GET /project/{slug}/pipeline?branch` (a tag: without branch) back to max-age, `GET /pipeline/{id}/workflow`
 * of each that is not known to be finished. The pipeline of this run has to be listed.
 * reread: `GET /workflow/{id}`; while the first of its name is not sure, `GET /pipeline/{id}/workflow` instead;
 * for a pipeline that may still create a workflow (its id stands as the run's) `GET /pipeline/{id}` and its list;
 * `GET /workflow/{id}/job` of a run that is older than 90 min.
 * First of its name: floor(workflow.created_at) - floor(pipeline.created_at) <= 600 in whole seconds, ties by id.
 */
export async function createCircleSource(_options: CircleSourceOptions): Promise<OpenedSource> {
  throw new Error("not written yet");
}
