import type { Mode } from "./mode.ts";
import type { Run } from "./run.ts";

/** Which commits an event lets dbt work on: dbt runs the tree's code with the credentials of the job. */
export type Demand = "any" | "own branch" | "base branch" | "none";

/**
 * `pull_request` and `merge_group` come with the trust of their head. `pull_request_target` hands the base's secrets to a
 * job about a stranger's code: there is no safe way to run dbt in it. Every other event may have had anything checked out.
 * https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows
 */
export function demandOf(eventName: string, mode: Mode): Demand {
  switch (eventName) {
    case "pull_request":
    case "merge_group":
      return "any";
    case "pull_request_target":
      return "none";
    default:
      return mode === "check" ? "own branch" : "base branch";
  }
}

/** The same where no event tells: a run that is not trusted builds production from what production has, and nothing else. */
export function demandWithoutEvent({ trust }: Pick<Run, "trust">, mode: Mode): Demand {
  return trust === "fork" && mode !== "check" ? "base branch" : "any";
}
