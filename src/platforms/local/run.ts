import type { Run } from "../../run/run.ts";
import type { Git } from "../../support/git.ts";

/**
 * A laptop, or a CI that is not known: what git tells; without a repository, the folder. `id` must be unlike that of
 * every other run on this machine.
 */
export async function readLocalRun(git: Git, platform: "local" | "unknown", id: string, cwd: string): Promise<Run> {
  const [branch, head, title, author, remote, top] = await Promise.all([
    git.ask("symbolic-ref", "--short", "--quiet", "HEAD"),
    git.head(),
    git.ask("log", "-1", "--format=%s"),
    git.ask("log", "-1", "--format=%an"),
    git.ask("config", "--get", "remote.origin.url"),
    git.top(),
  ]);
  const repository = remote === null ? (top ?? cwd) : withoutCredentials(remote);
  const sha = head ?? "";
  return {
    platform,
    id,
    attempt: 1,
    url: null,
    repository,
    headRepository: repository,
    workflow: "self",
    ref: { kind: "branch", name: branch ?? (head === null ? "(no branch)" : `detached-${head.slice(0, 12)}`) },
    commit: { sha, checkedOut: sha, title, author },
    pullRequest: null,
    trigger: platform === "local" ? "manual" : "unknown",
    triggerWord: null,
    trust: "full",
  };
}

/** `https://user:token@host/o/r.git` → `host/o/r`; `git@host:o/r.git` → `host/o/r`. */
function withoutCredentials(remote: string): string {
  return remote
    .replace(/^[a-z+]+:\/\//i, "")
    .replace(/^[^/@]*@/, "")
    .replace(/^([^/:]+):(?!\d+\/)/, "$1/")
    .replace(/\.git\/?$/, "");
}
