import { listed } from "../render/words.ts";
import { chooseMode, type Mode } from "../run/mode.ts";
import type { Run, Trigger } from "../run/run.ts";
import { createMatcher } from "../selection/wildcard.ts";
import { SignalboxError } from "../support/errors.ts";
import { type Check, fail, ok, warn } from "./check.ts";
import type { Workflow, WorkflowTrigger } from "./ci-files/model.ts";
import { startsOf, titleOf } from "./gate.ts";

/** What a run on a branch would be, by the event. */
interface Case {
  readonly words: string;
  readonly event: string;
  readonly ref: Run["ref"];
}

/** Which mode each trigger of the workflows gets. `triggerOf`: what the CI's event means. */
export function checkTriggers(
  workflows: readonly Workflow[],
  baseBranch: string | null,
  triggerOf: (event: string) => Trigger,
): readonly Check[] {
  const ours = workflows.filter((workflow) => startsOf(workflow).some(({ command }) => command === "ci"));
  if (ours.length === 0) return [];
  if (baseBranch === null)
    return [
      warn(
        "mode",
        "which mode each trigger gets is not known without the base branch",
        "write base_branch: main (or its name) into signalbox.yml",
      ),
    ];
  const found = ours.map((workflow) => ofWorkflow(workflow, baseBranch, triggerOf));
  const modes = found.flatMap((each) => each.modes);
  const missing: readonly Check[] = modes.includes("deploy")
    ? []
    : [
        warn(
          "mode:deploy",
          "no trigger of these workflows deploys: production is not built by signalbox, and no bundle is published",
          `add push: { branches: [${baseBranch}] } to the workflow that runs signalbox ci`,
        ),
      ];
  return [...found.flatMap(({ checks }) => checks), ...missing];
}

function ofWorkflow(
  workflow: Workflow,
  baseBranch: string,
  triggerOf: (event: string) => Trigger,
): { readonly checks: readonly Check[]; readonly modes: readonly Mode[] } {
  const id = `mode:${titleOf(workflow)}`;
  const fixed = [...new Set(startsOf(workflow).flatMap(({ command, mode }) => (command === "ci" ? [mode] : [])))];
  const asked = fixed.length === 1 ? fixed[0] : null;
  if (asked !== null && asked !== undefined && isMode(asked)) {
    const found = `${titleOf(workflow)}: ${asked} for every trigger, as --mode says`;
    return { checks: [ok(id, found)], modes: [asked] };
  }
  const cases = workflow.triggers.flatMap((trigger) => casesOf(trigger, baseBranch));
  const results = cases.map((each) => ({ ...each, ...modeOf(each, workflow, baseBranch, triggerOf) }));
  const good = results.flatMap(({ words, mode }) => (mode === null ? [] : [`${words} → ${mode}`]));
  return {
    checks: [
      ...(good.length === 0 ? [] : [ok(id, `${titleOf(workflow)}: ${listed(good, 12)}`)]),
      ...results.flatMap(({ words, event, mode, why }) =>
        mode === null ? [fail(`${id}#${event}`, `${titleOf(workflow)}: ${words}: ${why.found}`, why.fix)] : [],
      ),
    ],
    modes: results.flatMap(({ mode }) => (mode === null ? [] : [mode])),
  };
}

function isMode(word: string): word is Mode {
  return word === "check" || word === "deploy" || word === "schedule";
}

/** The runs that a trigger starts, told apart where their modes may be. */
function casesOf(trigger: WorkflowTrigger, baseBranch: string): readonly Case[] {
  const { event, isTagsOnly } = trigger;
  const on = (words: string, name: string): Case => ({ words, event, ref: { kind: "branch", name } });
  const tag = (words: string): Case => ({ words, event, ref: { kind: "tag", name: "v1" } });
  switch (event) {
    case "push": {
      if (isTagsOnly) return [tag("push of a tag")];
      const isForBase = isFor(trigger, baseBranch);
      const isForOthers = trigger.branches === null || trigger.branches.some((branch) => branch !== baseBranch);
      return [
        ...(isForBase ? [on(`push to ${baseBranch}`, baseBranch)] : []),
        ...(isForOthers ? [on("push to another branch", `${baseBranch}-other`)] : []),
      ];
    }
    case "release":
      return [tag("release")];
    case "pull_request":
    case "pull_request_target":
      return [on(event, `${baseBranch}-other`)];
    // GitHub starts a schedule on the default branch alone.
    case "schedule":
      return isFor(trigger, baseBranch) ? [on(`schedule on ${baseBranch}`, baseBranch)] : [on("schedule", "another")];
    case "workflow_dispatch":
    case "repository_dispatch":
      return [on(`${event} on ${baseBranch}`, baseBranch)];
    default:
      return [on(event, baseBranch)];
  }
}

function isFor({ branches, ignored }: WorkflowTrigger, branch: string): boolean {
  const matches = (pattern: string) => createMatcher(pattern.replaceAll("**", "*"))(branch);
  // CircleCI takes regular expressions between slashes: they are not run here, and may mean any branch.
  const isOpen = (pattern: string) => pattern.startsWith("/");
  return (branches === null || branches.some((each) => isOpen(each) || matches(each))) && !ignored.some(matches);
}

type TriggerOutcome =
  | { readonly mode: Mode; readonly why: null }
  | { readonly mode: null; readonly why: { readonly found: string; readonly fix: string } };

function modeOf(
  { event, ref }: Case,
  { ci }: Workflow,
  baseBranch: string,
  triggerOf: (event: string) => Trigger,
): TriggerOutcome {
  if (event === "pull_request_target")
    return {
      mode: null,
      why: {
        found: "signalbox refuses it: dbt would run the code of a pull request with the base's secrets",
        fix: "on: pull_request",
      },
    };
  const trigger = ci === "circleci" && event === "push" ? "push" : triggerOf(event);
  const commit = { sha: "", checkedOut: "", title: null, author: null };
  const repository = "this/one";
  const run: Run = {
    ...{
      platform: ci,
      id: "",
      attempt: 1,
      url: null,
      repository,
      headRepository: repository,
      workflow: "",
      ref,
      commit,
    },
    ...{ pullRequest: null, trigger, triggerWord: event, trust: "full" },
  };
  try {
    return { mode: chooseMode(run, baseBranch, "auto").mode, why: null };
  } catch (error) {
    if (!(error instanceof SignalboxError)) throw error;
    return { mode: null, why: { found: error.message, fix: error.hint ?? "" } };
  }
}
