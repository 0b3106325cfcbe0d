import { isOnRemoteBranch, isOnSomeBranch, isShallow } from "../bundles/ancestry.ts";
import { isAncestor } from "../bundles/base-commit.ts";
import type { GitHubClient } from "../platforms/github/client.ts";
import type { Run } from "../run/run.ts";
import { SignalboxError } from "../support/errors.ts";
import type { Log } from "../support/log.ts";
import type { Remote } from "../support/remote.ts";
import { repositoryIn } from "../support/repository-address.ts";
import type { Environment } from "../support/secrets.ts";
import { type GitHubParts, openGitHub } from "./github.ts";

/** Whose commit it is, in the eyes of git and of GitHub's API. */
export interface Ancestry {
  /** Whether the base branch of this run's repository holds a commit; null: not known. */
  isOnBase(commit: string): Promise<boolean | null>;
  /** Whether some branch of it does; false also where that is not known. */
  isOnSomeBranch(commit: string): Promise<boolean>;
}

export interface AncestryParts extends GitHubParts {
  readonly signal: AbortSignal;
  readonly log: Pick<Log, "warn">;
}

/** A search among many bundles may not spend the token's requests. */
const MOST_COMPARISONS = 10;

/** `remote`: of the clone that the commit is in. `baseBranch`: null where it is not known. */
export function openAncestry(parts: AncestryParts, run: Run, baseBranch: string | null, remote: Remote): Ancestry {
  const { env, signal, log } = parts;
  const known = new Map<string, boolean | null>();
  let comparisons = 0;

  const isOwnClone = () => isCloneOf(remote, ownRepository(run, env));

  /** null: the API cannot be asked, and why is said. */
  const askGitHub = async <T>(ask: (branches: Branches) => Promise<T>): Promise<T | null> => {
    const repository = await gitHubRepository(run, remote);
    const token = env.GITHUB_TOKEN || null;
    if (repository === null || token === null) return null;
    try {
      return await ask(await openBranches(await openGitHub(parts, repository, token), signal));
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof SignalboxError)) throw error;
      log.warn("trust", `${error.message}${error.hint === null ? "" : `\n${error.hint}`}`);
      return null;
    }
  };

  const decideOnBase = async (commit: string): Promise<boolean | null> => {
    if (baseBranch === null) return null;
    const isCI = run.platform === "github" || run.platform === "circleci";
    // A repository without a remote is the whole world of its own base branch.
    if (!isCI && (await remote.url()) === null) return isAncestor(remote.git, commit, `refs/heads/${baseBranch}`);
    const isOwn = await isOwnClone();
    const shallow = isOwn && (await isShallow(remote));
    // The history that a shallow clone lacks is the whole of it: the API is asked first.
    const byGit = isOwn ? await isOnRemoteBranch(remote, baseBranch, commit, { fetch: !shallow }) : null;
    if (byGit !== null) return byGit;
    const byApi =
      comparisons++ < MOST_COMPARISONS ? await askGitHub((branches) => isIn(branches, commit, baseBranch)) : null;
    if (byApi !== null || !shallow) return byApi;
    return isOnRemoteBranch(remote, baseBranch, commit, { fetch: true });
  };

  const isOnBase = async (commit: string): Promise<boolean | null> => {
    const decided = known.get(commit);
    if (decided !== undefined) return decided;
    const answer = await decideOnBase(commit);
    known.set(commit, answer);
    return answer;
  };

  return {
    isOnBase,
    isOnSomeBranch: async (commit) => {
      const ofEvent = run.ref.kind === "branch" && run.pullRequest === null ? [run.ref.name] : [];
      const likely = [...new Set([...(baseBranch === null ? [] : [baseBranch]), ...ofEvent])];
      if ((await isOwnClone()) && (await isOnSomeBranch(remote, commit, likely))) return true;
      if ((await isOnBase(commit)) === true) return true;
      const told = await askGitHub(async (branches) => {
        for (const branch of ofEvent) if ((await isIn(branches, commit, branch)) === true) return true;
        const [name] = await branches.namesAt(commit);
        return name !== undefined && (await branches.head(name)) === commit;
      });
      return told === true;
    },
  };
}

/** Whether the clone came from this repository; null: from any. A folder's path names none, and may be one. */
export async function isCloneOf(remote: Remote, repository: string | null): Promise<boolean> {
  const origin = await remote.url();
  const named = origin === null ? null : repositoryIn(origin);
  return origin !== null && (repository === null || named === null || named.toLowerCase() === repository.toLowerCase());
}

type Branches = Awaited<ReturnType<typeof openBranches>>;

async function openBranches(client: GitHubClient, signal: AbortSignal) {
  const { createGitHubBranches } = await import("../platforms/github/branches.ts");
  return createGitHubBranches(client, signal);
}

/** null: GitHub shows no such branch, which may be the token's fault. */
async function isIn(branches: Branches, commit: string, branch: string): Promise<boolean | null> {
  const head = await branches.head(branch);
  return head === null ? null : head === commit || branches.isAncestor(commit, head);
}

/** The repository that the CI names, which a job's checkout need not be of; null: it does not say. */
function ownRepository({ platform, repository }: Run, env: Environment): string | null {
  if (platform === "github") return repository;
  if (platform !== "circleci") return null;
  return env.CIRCLE_REPOSITORY_URL ? repositoryIn(env.CIRCLE_REPOSITORY_URL) : null;
}

/** `owner/name` on GitHub; null: the repository lies elsewhere. */
export async function gitHubRepository(
  run: Pick<Run, "platform" | "repository">,
  remote: Remote,
): Promise<string | null> {
  if (run.platform === "github") return run.repository;
  const origin = (await remote.url()) ?? "";
  return /^(?:https:\/\/(?:[^/@]*@)?|(?:ssh:\/\/)?git@)github\.com[/:]/i.test(origin) ? repositoryIn(origin) : null;
}
