/** What `base_branch` is in the file of the remote's default branch. */
export type SharedBaseBranch =
  /** null: the file does not name one, or there is no such file. */
  | { readonly kind: "read"; readonly value: string | null }
  /** Neither git nor an API shows the file. */
  | { readonly kind: "unreadable" }
  /** There is no remote, or the file is none of the repository's: the file of this run is the only one. */
  | { readonly kind: "alone" };

export interface BaseBranchFacts {
  /** As the file of this run says; null: it says nothing. */
  readonly own: string | null;
  readonly shared: SharedBaseBranch;
  /** The remote's; null: nothing tells it. */
  readonly defaultBranch: string | null;
  /** Whether a push can become a deploy by itself: on a laptop, and in a CI that is not known, --mode has to say it. */
  readonly canDeployByItself: boolean;
}

export interface BaseBranchChoice {
  /** null: nothing tells it. */
  readonly baseBranch: string | null;
  /** Why what the file of this run says is not used; null: it is, or it says nothing else. */
  readonly note: string | null;
}

/**
 * The base branch is what the default branch says: a branch whose own file names itself would deploy with its next push.
 * This guards against accidents: who can push can edit the workflow too.
 */
export function chooseBaseBranch({ own, shared, defaultBranch, canDeployByItself }: BaseBranchFacts): BaseBranchChoice {
  if (shared.kind === "alone") return { baseBranch: own ?? defaultBranch, note: null };
  if (shared.kind === "unreadable" && defaultBranch === null && !canDeployByItself)
    return { baseBranch: own, note: null };
  const ofDefault = shared.kind === "read" ? shared.value : null;
  const baseBranch = ofDefault ?? defaultBranch;
  if (own === null || own === baseBranch) return { baseBranch, note: null };
  const name = defaultBranch ?? "the default branch";
  const says =
    shared.kind === "unreadable"
      ? `the file of ${name} counts, and it cannot be read`
      : `the file of ${name} counts, and it ${ofDefault === null ? "names no other" : `says ${ofDefault}`}`;
  return { baseBranch, note: `base_branch: ${own} of this checkout is not used: ${says}` };
}
