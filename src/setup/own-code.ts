import { demandOf, demandWithoutEvent } from "../run/checkout.ts";
import type { Mode } from "../run/mode.ts";
import { type Run, whyDistrusted } from "../run/run.ts";
import { SignalboxError } from "../support/errors.ts";
import { isFolder, pathFrom } from "../support/files.ts";
import { createGit } from "../support/git.ts";
import { createRemote, type Remote } from "../support/remote.ts";
import type { Environment } from "../support/secrets.ts";
import { type AncestryParts, openAncestry } from "./ancestry.ts";

export interface OwnCodeParts extends AncestryParts {
  readonly remote: Remote;
  readonly baseDir: string;
}

/** `pull_request_target` is no event to run dbt in, whatever is checked out. Throws a configuration error there. */
export function refuseTarget({ env }: { readonly env: Environment }): void {
  const eventName = eventOf(env);
  if (eventName === null || demandOf(eventName, "check") !== "none") return;
  throw new SignalboxError(
    "configuration",
    `${eventName} gives this job the base's secrets: dbt would run the code of a pull request with them`,
    { hint: "run dbt on pull_request instead; use this event only to report from verdict.json" },
  );
}

/**
 * dbt runs what is checked out with this job's credentials, and most events of GitHub say nothing of it. Throws a
 * configuration error for code that is on no branch of this repository, and for a deploy of what is not on its base
 * branch. Nothing in the tree is read before.
 */
export async function assertOwnCode(
  parts: OwnCodeParts,
  runSettings: { readonly run: Run; readonly baseBranch: string | null; readonly mode: Mode },
  projectDir: string,
): Promise<void> {
  refuseTarget(parts);
  const eventName = eventOf(parts.env);
  const demand =
    eventName === null ? demandWithoutEvent(runSettings.run, runSettings.mode) : demandOf(eventName, runSettings.mode);
  if (demand !== "own branch" && demand !== "base branch") return;

  const assertOn = async (remote: Remote, head: string | null) => {
    const ancestry = openAncestry(parts, runSettings.run, runSettings.baseBranch, remote);
    const ask = demand === "base branch" ? ancestry.isOnBase : ancestry.isOnSomeBranch;
    const isOwn = head === null ? null : await ask(head);
    if (isOwn !== true) throw notOwn({ ...runSettings, eventName, head, demand, isKnown: isOwn !== null });
  };
  const { git } = parts.remote;
  await assertOn(parts.remote, await git.head());

  // The project may lie in a checkout of its own: a submodule is as its repository pins it.
  // One that is not there is reported where the project is read.
  if (!(await isFolder(projectDir))) return;
  const projectGit = createGit(projectDir, parts.env);
  const [top, projectTop] = await Promise.all([git.top(), projectGit.top()]);
  if (top === projectTop) return;
  const head = await projectGit.head();
  const path = projectTop === null ? "" : pathFrom(parts.baseDir, projectTop);
  const pinned = await git.ask("rev-parse", "--verify", "--quiet", "--end-of-options", `HEAD:./${path}`);
  if (head === null || pinned !== head) await assertOn(createRemote(projectGit, parts.signal), head);
}

interface NotOwn {
  /** null: not GitHub. */
  readonly eventName: string | null;
  readonly head: string | null;
  readonly demand: "own branch" | "base branch";
  readonly isKnown: boolean;
  readonly run: Run;
  readonly baseBranch: string | null;
  readonly mode: Mode;
}

function notOwn({ eventName, head, demand, isKnown, run, baseBranch, mode }: NotOwn): SignalboxError {
  const code = head?.slice(0, 12) ?? "the checked-out code";
  const [found, wanted] =
    demand === "own branch"
      ? [
          `${code} is on no branch of ${run.repository} that git or GitHub's API tells of`,
          "check out one of its branches",
        ]
      : isKnown
        ? [`${code} is not on ${baseBranch} of ${run.repository}`, `${mode} mode runs what is on ${baseBranch}`]
        : [`nothing tells that ${code} is on ${baseBranch} of ${run.repository}`, `check out ${baseBranch}`];
  const why = eventName === null ? whyDistrusted(run) : `${eventName} gives this job this repository's secrets`;
  return new SignalboxError("configuration", `${why}, and ${found}`, {
    hint: `${wanted}${eventName === null ? "" : ", with fetch-depth: 0 at actions/checkout"}; GitHub's API is asked where GITHUB_TOKEN has contents: read`,
  });
}

/** null: not GitHub. */
function eventOf(env: Environment): string | null {
  return env.GITHUB_ACTIONS === "true" ? (env.GITHUB_EVENT_NAME ?? "") : null;
}
