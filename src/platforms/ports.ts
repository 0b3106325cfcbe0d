import type { Annotation } from "../render/annotations.ts";

/** What a CI's runner does with a run beside showing its log. */
export interface Runner {
  /** Opens a part of the log in which no line is taken for a command; the answer closes it. null: it is not to be folded. */
  openGroup(title: string | null): () => void;
  /** Whether a part with a title is shown folded. */
  readonly folds: boolean;
  /** Adds Markdown to the job's summary page; nothing where the CI has none. */
  summary(markdown: string): Promise<void>;
  annotate(annotations: readonly Annotation[]): void;
  /** Values for later steps. Line breaks in a value become spaces. */
  outputs(values: Readonly<Record<string, string>>): Promise<void>;
  /** Asks the CI to hide a value in its log. */
  mask(secret: string): void;
}
