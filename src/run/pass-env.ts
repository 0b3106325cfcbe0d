/** What the file of the base branch says of `dbt.pass_env`. */
export type SharedPassEnv =
  | { readonly kind: "read"; readonly names: readonly string[] }
  /** Neither git nor an API shows the file. */
  | { readonly kind: "unreadable" }
  /** A person's own machine: the file at hand is theirs. */
  | { readonly kind: "own" };

export interface PassEnvFacts {
  /** As the file of this checkout says. */
  readonly own: readonly string[];
  readonly shared: SharedPassEnv;
  /** null: nothing tells it. */
  readonly baseBranch: string | null;
  /** Why the run has no trust; null: it has. */
  readonly distrust: string | null;
}

export interface PassEnvChoice {
  /** Names of secrets that dbt gets. */
  readonly names: readonly string[];
  /** Why some that the file of this checkout names are not among them; null: all are. */
  readonly note: string | null;
}

/**
 * A secret reaches dbt where the run has full trust and the base branch's file names it too: the file of a branch alone would
 * let whoever writes a model take the secrets of a job whose workflow is not theirs to edit.
 */
export function choosePassEnv({ own, shared, baseBranch, distrust }: PassEnvFacts): PassEnvChoice {
  if (own.length === 0) return { names: [], note: null };
  const without = (names: readonly string[], why: string) =>
    `dbt.pass_env: ${names.join(", ")} not handed to dbt: ${why}`;
  if (distrust !== null) return { names: [], note: without(own, distrust) };
  if (shared.kind === "own") return { names: own, note: null };
  const branch = baseBranch ?? "the base branch";
  if (shared.kind === "unreadable")
    return { names: [], note: without(own, `the file of ${branch} has to name them too, and it cannot be read`) };
  const refused = own.filter((name) => !shared.names.includes(name));
  return {
    names: own.filter((name) => shared.names.includes(name)),
    note: refused.length === 0 ? null : without(refused, `the file of ${branch} does not name them`),
  };
}
