import {
  type CiStep,
  items,
  type Job,
  type Mapping,
  mapping,
  type NativeLock,
  type Permissions,
  text,
  texts,
  type Workflow,
  type WorkflowTrigger,
} from "./model.ts";
import { signalboxStep, stepsOfScript } from "./script.ts";

/**
 * Workflow files of GitHub. `files`: path and what the YAML holds. A workflow of the repository that a job calls stands in
 * that job's place, since its runs are the caller's; one that is only called is not in the list.
 * https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax
 */
export function readGitHubWorkflows(
  files: readonly { readonly path: string; readonly value: unknown }[],
): readonly Workflow[] {
  const byPath = new Map(files.map(({ path, value }) => [path, mapping(value)]));
  return files.flatMap(({ path, value }) => {
    const file = mapping(value);
    const triggers = triggersOf(file.on);
    const jobs = Object.entries(mapping(file.jobs)).map(([name, job]) => jobOf(name, mapping(job), file, byPath));
    if (triggers.length === 0) return [];
    return [{ ci: "github", path, name: text(file.name), triggers, jobs, lock: lockOf(file.concurrency) }];
  });
}

function triggersOf(on: unknown): readonly WorkflowTrigger[] {
  const named: Mapping = typeof on === "object" && on !== null && !Array.isArray(on) ? (on as Mapping) : {};
  const events = Object.keys(named).length > 0 ? Object.keys(named) : texts(on);
  return events
    .filter((event) => event !== "workflow_call")
    .map((event) => {
      const filter = mapping(named[event]);
      const branches = filter.branches === undefined ? null : texts(filter.branches);
      const isTagsOnly =
        event === "push" && filter.tags !== undefined && branches === null && filter["branches-ignore"] === undefined;
      return { event, branches, ignored: texts(filter["branches-ignore"]), isTagsOnly };
    });
}

function jobOf(name: string, job: Mapping, file: Mapping, byPath: ReadonlyMap<string, Mapping>): Job {
  const called = calledBy(job, byPath);
  const variables = [...Object.keys(mapping(file.env)), ...Object.keys(mapping(job.env))];
  return {
    name,
    needs: texts(job.needs),
    steps:
      called === null
        ? items(job.steps).flatMap((step) => stepsOf(mapping(step), variables))
        : Object.values(mapping(called.jobs)).flatMap((each) => jobOf("", mapping(each), called, new Map()).steps),
    permissions: permissionsOf(job.permissions) ?? permissionsOf(file.permissions),
    lock: lockOf(job.concurrency),
    contexts: [],
    branches: { branches: null, ignored: [] },
  };
}

/** `uses: ./.github/workflows/build.yml`; null: none, or one of another repository. */
function calledBy(job: Mapping, byPath: ReadonlyMap<string, Mapping>): Mapping | null {
  const uses = text(job.uses);
  return uses === null ? null : (byPath.get(uses.replace(/^\.\//, "")) ?? null);
}

function stepsOf(step: Mapping, variables: readonly string[]): readonly CiStep[] {
  const own = [...variables, ...Object.keys(mapping(step.env))];
  const script = text(step.run);
  if (script !== null) return stepsOfScript(script, own);
  const uses = (text(step.uses) ?? "").slice(0, 300);
  const inputs = mapping(step.with);
  if (/^actions\/checkout@/.test(uses)) {
    const depth = Number(text(inputs["fetch-depth"]) ?? "1");
    return [{ kind: "checkout", depth: depth === 0 ? null : depth }];
  }
  if (!/\/signalbox@/.test(uses)) return [];
  const mode = text(inputs.mode);
  const options = {
    mode: mode === "auto" ? null : mode,
    noQueue: text(inputs["no-queue"]) === "true",
    given: [...own, ...Object.keys(inputs)],
    isAction: true,
    from: uses,
  };
  return [signalboxStep(text(inputs.command) ?? "ci", options)];
}

function permissionsOf(value: unknown): Permissions | null {
  if (value === undefined || value === null) return null;
  if (value === "read-all" || value === "write-all") return { "*": value === "read-all" ? "read" : "write" };
  const named = Object.entries(mapping(value)).map(([name, level]) => [
    name,
    level === "read" || level === "write" ? level : "none",
  ]);
  return { "*": "none", ...Object.fromEntries(named) };
}

/** https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#concurrency */
function lockOf(value: unknown): NativeLock | null {
  if (typeof value === "string") return { group: value, cancels: false, keepsAll: false };
  const { group, "cancel-in-progress": cancels, queue } = mapping(value);
  if (typeof group !== "string") return null;
  return { group, cancels: typeof cancels === "string" ? cancels : cancels === true, keepsAll: queue === "max" };
}
