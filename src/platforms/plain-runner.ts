import { appendToFile } from "../support/files.ts";
import type { Environment } from "../support/secrets.ts";
import type { Runner } from "./ports.ts";

/** CircleCI, a laptop and every CI that is not known: a plain log, and outputs in the file that SIGNALBOX_OUTPUT names. */
export function createPlainRunner(env: Environment): Runner {
  return {
    openGroup: () => () => {},
    folds: false,
    summary: async () => {},
    annotate: () => {},
    outputs: async (values) => {
      const file = env.SIGNALBOX_OUTPUT;
      if (file === undefined || file === "") return;
      await appendToFile(
        file,
        Object.entries(values)
          .map(([name, value]) => `${name}=${value.replace(/[\r\n]+/g, " ")}\n`)
          .join(""),
      );
    },
    mask: () => {},
  };
}
