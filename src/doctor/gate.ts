import { listed } from "../render/words.ts";
import { type Check, fail, ok, warn } from "./check.ts";
import type { Job, SignalboxStep, Workflow } from "./ci-files/model.ts";
import { writesOf } from "./ci-files/script.ts";

const QUEUE = "npx -y signalbox@1 queue -- dbt build";

/** Why a job may let dbt write; null: nothing keeps it from writing beside another run. */
export type Gate = "own step" | "earlier job" | "native lock" | null;

/** What a job lets dbt write first, and what it waits for before; null: it writes nothing that can be seen. */
export function gateOf(job: Job, workflow: Workflow): { readonly writes: string; readonly gate: Gate } | null {
  const at = job.steps.findIndex((step) => writesOf(step) !== null);
  const step = job.steps[at];
  const writes = step === undefined ? null : writesOf(step);
  if (writes === null) return null;
  if (job.steps.slice(0, at + 1).some(isGate)) return { writes, gate: "own step" };
  if (jobsBefore(job, workflow).some(({ steps }) => steps.some(isGate))) return { writes, gate: "earlier job" };
  return { writes, gate: job.lock !== null || workflow.lock !== null ? "native lock" : null };
}

function isGate(step: Job["steps"][number]): boolean {
  return step.kind === "signalbox" && step.isGate;
}

function jobsBefore(job: Job, { jobs }: Workflow): readonly Job[] {
  const found = new Set<Job>();
  const visit = ({ needs }: Job) => {
    for (const other of jobs.filter(({ name }) => needs.includes(name))) {
      if (found.has(other)) continue;
      found.add(other);
      visit(other);
    }
  };
  visit(job);
  return [...found];
}

/** The starts of signalbox in a workflow. */
export function startsOf({ jobs }: Workflow): readonly SignalboxStep[] {
  return jobs.flatMap(({ steps }) => steps.filter((step) => step.kind === "signalbox"));
}

/** Whether `queue.workflows` names it; `self` is each workflow that starts signalbox. */
export function isInGroup(workflow: Workflow, group: readonly string[]): boolean {
  return group.some((entry) =>
    entry === "self" ? startsOf(workflow).some(isGate) : namesOf(workflow).includes(entry),
  );
}

function namesOf({ ci, path, name }: Workflow): readonly (string | null)[] {
  return ci === "github" ? [path, path.split("/").at(-1) ?? "", name] : [name];
}

/** As a reader finds it: GitHub by the file, CircleCI by the name in the one file. */
export function titleOf({ ci, path, name }: Workflow): string {
  return ci === "github" ? path : `${path} ${name ?? ""}`;
}

/** What `queue.workflows` calls it. */
function keyOf({ ci, path, name }: Workflow): string {
  return ci === "github" ? path : (name ?? "");
}

/** Every job that lets dbt write, with what it waits for. `group`: queue.workflows. */
export function checkGates(workflows: readonly Workflow[], group: readonly string[]): readonly Check[] {
  const hasQueue = workflows.some((workflow) => startsOf(workflow).some(isGate));
  return workflows.flatMap((workflow) => {
    const title = titleOf(workflow);
    const inGroup = isInGroup(workflow, group);
    const writers = workflow.jobs.flatMap((job) => {
      const found = gateOf(job, workflow);
      return found === null ? [] : [{ job, ...found }];
    });
    // A lock of the CI and signalbox's queue do not know each other: in another workflow the one is no gate for the other.
    const isLoose = ({ gate }: { readonly gate: Gate }) =>
      gate === null || (gate === "native lock" && hasQueue && startsOf(workflow).length === 0);
    const waiting = writers.filter((writer) => !isLoose(writer));
    const loose = writers.filter(isLoose);
    return [
      ...(waiting.length === 0
        ? []
        : [
            ok(
              `gate:${title}`,
              `${title}: ${listed(
                waiting.map(({ job, gate, writes }) => say(job, gate, writes)),
                4,
              )}`,
            ),
          ]),
      ...loose.map(({ job, writes, gate }) => {
        const id = `gate:${title}#${job.name}`;
        const waits =
          gate === null ? "waits for nobody" : "has a lock of the CI's own, which knows nothing of signalbox's queue";
        const found = `${title}: job ${job.name} runs ${writes} and ${waits}`;
        return inGroup
          ? fail(id, found, `put the queue before it: ${QUEUE}`)
          : warn(
              id,
              `${found}; no run of signalbox waits for it`,
              `where it writes what signalbox's runs write: ${QUEUE}, and name it in signalbox.yml: queue: { workflows: [self, ${JSON.stringify(keyOf(workflow))}] }`,
            );
      }),
    ];
  });
}

function say({ name }: Job, gate: Gate, writes: string): string {
  switch (gate) {
    case "earlier job":
      return `job ${name} waits in an earlier job, then ${writes}`;
    case "native lock":
      return `job ${name} has the CI's own lock before ${writes}`;
    default:
      return writes === "signalbox ci" ? `job ${name} waits in signalbox ci` : `job ${name} waits, then ${writes}`;
  }
}

/**
 * Whether the workflows that start signalbox wait for each other, and whether `queue.workflows` names what there is.
 * `unread`: paths of CI files that were not read.
 */
export function checkGroup(
  workflows: readonly Workflow[],
  group: readonly string[],
  unread: readonly string[] = [],
): readonly Check[] {
  const ours = workflows.filter((workflow) => startsOf(workflow).some(isGate));
  const [github, circle] = (["github", "circleci"] as const).map((ci) => ours.filter((each) => each.ci === ci));
  return [
    ...unknownNames(workflows, group, unread),
    ...apart(github ?? [], group),
    ...apart(circle ?? [], group),
    ...(github?.[0] === undefined || circle?.[0] === undefined
      ? []
      : [
          warn(
            "group:two",
            `${titleOf(github[0])} and ${titleOf(circle[0])} both start signalbox: the queue of one CI does not see the runs of the other`,
            "let one of the two run dbt, or let all runs share a folder: --ticket-dir",
          ),
        ]),
  ];
}

function unknownNames(
  workflows: readonly Workflow[],
  group: readonly string[],
  unread: readonly string[],
): readonly Check[] {
  const isKnown = (entry: string) =>
    entry === "self" ||
    workflows.some((workflow) => namesOf(workflow).includes(entry)) ||
    unread.some((path) => path === entry || path.endsWith(`/${entry}`));
  const unknown = group.filter((entry) => !isKnown(entry)).map((entry) => JSON.stringify(entry));
  if (unknown.length === 0 || workflows.length === 0) return [];
  const named = `queue.workflows names ${listed(unknown, 4)}, and no CI file here`;
  const known = `known here: ${listed(workflows.map(keyOf), 8)}`;
  return [
    unread.length === 0
      ? fail("group", `${named} has it: a run that queues is refused`, known)
      : warn("group", `${named} that could be read has it; ${listed(unread, 4)} was not read`, known),
  ];
}

/** `self` is a run's own workflow: two that have nothing but self do not see each other. */
function apart(ours: readonly Workflow[], group: readonly string[]): readonly Check[] {
  const unnamed = ours.filter((workflow) => !namesOf(workflow).some((name) => name !== null && group.includes(name)));
  if (ours.length < 2 || unnamed.length === 0) return [];
  return [
    warn(
      `group:${ours[0]?.ci}`,
      `${listed(ours.map(titleOf), 4)} start signalbox, and do not all wait for each other`,
      `where they write the same schema, in signalbox.yml: queue: { workflows: [${ours.map((each) => JSON.stringify(keyOf(each))).join(", ")}] }`,
    ),
  ];
}

/** Whether there is anything to look at. `unread`: CI files that say nothing, and why, in words that follow the name. */
export function checkFiles(
  paths: readonly string[],
  unread: readonly { readonly path: string; readonly why: string }[],
  workflows: readonly Workflow[],
): readonly Check[] {
  const ofUnread = unread.map(({ path, why }) =>
    warn(`ci:${path}`, `${path} ${why}`, "mend it, or take it away: what it starts is not looked at"),
  );
  if (paths.length === 0 && unread.length === 0)
    return [
      warn(
        "ci",
        "there is no CI file of GitHub or CircleCI: .github/workflows/*.yml, .circleci/config.yml",
        "signalbox init writes one; a file of another CI is not looked at",
      ),
    ];
  const starts = workflows.flatMap((workflow) => startsOf(workflow).map(({ from }) => ({ workflow, from })));
  // OWNER stands in examples, and would be resolved to whoever has that name: with the secrets of the job.
  const unowned = starts.find(({ from }) => from?.startsWith("OWNER/"));
  const ofOwner =
    unowned === undefined
      ? []
      : [
          fail(
            "ci:owner",
            `${titleOf(unowned.workflow)} uses ${unowned.from}: OWNER stands for the account that publishes signalbox`,
            "write that account's name there, before the file is pushed",
          ),
        ];
  if (starts.length > 0) return [...ofUnread, ...ofOwner];
  const read = paths.filter((path) => !unread.some((each) => each.path === path));
  return [
    ...ofUnread,
    warn(
      "ci",
      read.length === 0 ? "no CI file could be read" : `${listed(read, 4)}: nothing there starts signalbox`,
      "signalbox init writes a workflow; what a script or an action of your own starts is not seen",
    ),
  ];
}
