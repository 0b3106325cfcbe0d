import { type Run, whyDistrusted } from "../run/run.ts";

export interface Publication {
  readonly run: Run;
  readonly baseBranch: string;
  /** The commit whose build it is. */
  readonly commit: string;
  /** The store is the CI's own artifacts, which say nothing but the run that left them. */
  readonly isAmongArtifacts: boolean;
}

/** Why this run publishes nothing, whatever it built, or null. Where its commit lies is another question. */
export function whyRunMayNotPublish({ run, baseBranch, isAmongArtifacts }: Publication): string | null {
  const distrust = whyDistrusted(run);
  if (distrust !== null) return distrust;
  if (run.pullRequest !== null) return "the run is of a pull request";
  const { kind, name } = run.ref;
  if (kind === "tag")
    return isAmongArtifacts
      ? `the run is of the tag ${name}, and of a CI's artifacts those of runs on ${baseBranch} alone are used: name another store`
      : null;
  return name === baseBranch ? null : `the run is on ${name}, not on the base branch ${baseBranch}`;
}

/** Why what was built of a commit is not what the base branch holds, or null. `isOnBase`: null where it is not known. */
export function whyNotOfBase({ commit, baseBranch }: Publication, isOnBase: boolean | null): string | null {
  if (isOnBase === true) return null;
  const short = commit.slice(0, 12);
  return isOnBase === false
    ? `${short} is not on the remote's ${baseBranch}`
    : `nothing tells that ${short} is on the remote's ${baseBranch}`;
}
