import { createInterface } from "node:readline/promises";
import { SignalboxError } from "../support/errors.ts";
import { terminalLine } from "../text/terminal-line.ts";
import type { Prompt } from "./questions.ts";

/** Questions on a terminal. Ctrl-C and the end of the input end the command; nothing has been written by then. */
export function openPrompt(
  { input, output }: { readonly input: NodeJS.ReadStream; readonly output: NodeJS.WriteStream },
  stop: AbortSignal,
): Prompt & { close(): void } {
  const lines = createInterface({ input, output });
  const left = new AbortController();
  // readline turns Ctrl-C into an event of its own and leaves the question open: https://nodejs.org/api/readline.html#event-sigint
  for (const event of ["SIGINT", "close"] as const)
    lines.on(event, () => left.abort(new SignalboxError("interrupted", "stopped at a question: nothing was written")));
  const signal = AbortSignal.any([stop, left.signal]);
  return {
    ask: async (question) => {
      try {
        return (await lines.question(shown(question), { signal })).trim();
      } catch (error) {
        throw signal.aborted ? signal.reason : error;
      }
    },
    say: (line) => void output.write(`${shown(line)}\n`),
    close: () => lines.close(),
  };
}

/** Names of files and targets stand in questions: nothing of them steers the terminal. */
function shown(text: string): string {
  return text
    .split("\n")
    .map((line) => terminalLine(line, true))
    .join("\n");
}
