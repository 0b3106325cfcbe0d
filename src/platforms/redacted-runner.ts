import { type Redact, redactAll } from "../support/redact.ts";
import type { Runner } from "./ports.ts";

/** A runner that is handed nothing but what has passed the redactor. */
export function redactedRunner(runner: Runner, redact: Redact): Runner {
  return {
    openGroup: (title) => runner.openGroup(title === null ? null : redact(title)),
    folds: runner.folds,
    summary: (markdown) => runner.summary(redact(markdown)),
    annotate: (annotations) => runner.annotate(redactAll(annotations, redact)),
    outputs: (values) => runner.outputs(redactAll(values, redact)),
    mask: runner.mask,
  };
}
