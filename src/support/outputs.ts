import { describeKnown, SignalboxError } from "./errors.ts";
import { knownOf } from "./system-errors.ts";

/** What a run leaves for others: files, a summary, values for later steps. */
export interface Outputs {
  /**
   * Writes one of them. Where that cannot be, it is told once, and the run goes on: no verdict and no alert is lost over a file.
   * `what`: its name in the log.
   */
  write(what: string, work: () => Promise<unknown>): Promise<void>;
  /** The exit code of the run: 2 where it would be 0 and something could not be written. */
  exitCodeOf<Code extends number>(code: Code): Code | 2;
}

/** `tell` gets what could not be written, and why. */
export function createOutputs(tell: (text: string) => void): Outputs {
  const missing = new Set<string>();
  return {
    write: async (what, work) => {
      try {
        await work();
      } catch (thrown) {
        const error = knownOf(thrown);
        if (!(error instanceof SignalboxError) || error.kind === "interrupted") throw error;
        if (!missing.has(what)) tell(`${what} is not written: ${describeKnown(error)}`);
        missing.add(what);
      }
    },
    exitCodeOf: (code) => (code === 0 && missing.size > 0 ? 2 : code),
  };
}
