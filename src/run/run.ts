/**
 * One attempt of a CI workflow, as far as signalbox needs to know it. A re-run is another run.
 * `trust: "fork"` means: no secrets, nothing published, no alert, whatever file or flags say.
 */
export interface Run {
  readonly platform: "github" | "circleci" | "local" | "unknown";
  readonly id: string;
  readonly attempt: number;
  readonly url: string | null;
  /** `owner/name`; on a laptop the remote without credentials, else the folder. */
  readonly repository: string;
  /** Differs from `repository` on a fork; UNKNOWN_REPOSITORY where nothing tells whose code the run has. */
  readonly headRepository: string;
  /** GitHub: the path of the workflow file. CircleCI: the workflow's name. */
  readonly workflow: string;
  readonly ref: { readonly kind: "branch" | "tag"; readonly name: string };
  readonly commit: Commit;
  readonly pullRequest: { readonly number: number | null; readonly base: string | null } | null;
  readonly trigger: Trigger;
  /** The platform's own word for it; null: it was not asked for, or there is none. From outside: never trusted. */
  readonly triggerWord: string | null;
  readonly trust: "full" | "fork";
}

export interface Commit {
  /** The commit that a person would name: the head of a pull request, not its merge commit. */
  readonly sha: string;
  /** What the work tree holds: on a GitHub pull request the merge commit. */
  readonly checkedOut: string;
  readonly title: string | null;
  readonly author: string | null;
}

/** The head repository of a run that nothing tells: it has no trust. */
export const UNKNOWN_REPOSITORY = "(unknown)";

/** Why a run has no trust, as the beginning of a sentence, or null. */
export function whyDistrusted({ trust, headRepository }: Run): string | null {
  if (trust === "full") return null;
  return headRepository === UNKNOWN_REPOSITORY
    ? "nothing tells whose code this is, so that it counts as a fork's"
    : "the run comes from a fork";
}

export type Trigger = "push" | "pull-request" | "merge-group" | "schedule" | "manual" | "unknown";
