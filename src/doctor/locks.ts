import { concurrencyLine } from "../init/concurrency.ts";
import { type Check, ok, warn } from "./check.ts";
import type { NativeLock, Workflow } from "./ci-files/model.ts";
import { startsOf, titleOf } from "./gate.ts";

const CONCURRENCY = concurrencyLine("dbt");

/** The CI's own locks in workflows that start signalbox: what they do beside our queue. */
export function checkLocks(workflows: readonly Workflow[]): readonly Check[] {
  const ours = workflows.filter((workflow) => startsOf(workflow).length > 0);
  if (ours.length === 0) return [];
  const found = ours.flatMap((workflow) =>
    [{ place: "", lock: workflow.lock }, ...workflow.jobs.map(({ name, lock }) => ({ place: ` job ${name}`, lock }))]
      .flatMap(({ place, lock }) => (lock === null ? [] : [{ place, lock }]))
      .map(({ place, lock }) =>
        workflow.ci === "github" ? ofGitHub(workflow, place, lock) : ofCircle(workflow, place, lock),
      ),
  );
  const note = ours.some(({ ci }) => ci === "circleci")
    ? [
        ok(
          "lock:auto-cancel",
          "CircleCI's auto-cancel (Project Settings, Advanced) is in no file: it stops older runs of a branch, and spares the default branch",
        ),
      ]
    : [];
  return [
    ...(found.length === 0 ? [ok("lock", "the queue is signalbox's alone: no lock of the CI beside it")] : found),
    ...note,
  ];
}

/** https://docs.github.com/actions/how-tos/write-workflows/choose-when-workflows-run/control-workflow-concurrency */
function ofGitHub(workflow: Workflow, place: string, { group, cancels, keepsAll }: NativeLock): Check {
  const id = `lock:${workflow.path}${place}`;
  const title = `${workflow.path}${place}`;
  const isOfPullRequestsOnly = workflow.triggers.every(({ event }) => event.startsWith("pull_request"));
  if (isOfPullRequestsOnly) return ok(id, `${title}: concurrency, for pull requests alone`);
  // Each run that is not a pull request's has a group of its own then.
  if (group.includes("github.run_id")) return ok(id, `${title}: concurrency stops older checks, and drops no deploy`);
  if (cancels === true)
    return warn(
      id,
      `${title}: cancel-in-progress: true also stops a deploy in the middle, for whatever comes next in ${group}`,
      CONCURRENCY,
    );
  if (keepsAll)
    return ok(id, `${title}: concurrency with queue: max keeps all who wait; signalbox's queue is then idle`);
  return warn(
    id,
    `${title}: concurrency keeps one run waiting in ${group} and drops the others: a deploy that waits is cancelled without a word`,
    CONCURRENCY,
  );
}

/** https://circleci.com/docs/guides/orchestrate/controlling-serial-execution-across-your-organization/ */
function ofCircle(workflow: Workflow, place: string, { group }: NativeLock): Check {
  const title = `${titleOf(workflow)}${place}`;
  return warn(
    `lock:${title}`,
    `${title}: serial-group ${group} beside signalbox's queue skips older runs that wait (not_run), deploys too`,
    "leave one of the two out: serial-group, or the queue (no_queue: true)",
  );
}
