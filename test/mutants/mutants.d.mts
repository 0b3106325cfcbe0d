/** One mistake: a replacement of a text that stands in its file exactly once. */
export interface Mutant {
  readonly name: string;
  /** Shows within the first worlds. */
  readonly quick?: boolean;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** Where it shows. */
  readonly worlds: readonly ("plain" | "github" | "circleci")[];
  /** The files that have to fail where no world shows it. */
  readonly tests: readonly string[];
}

export const mutants: readonly Mutant[];
