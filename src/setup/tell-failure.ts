import { platformOf } from "../platforms/detect.ts";
import { createGitHubRunner } from "../platforms/github/runner.ts";
import { renderSummary } from "../render/markdown.ts";
import { describeKnown, errorFields, SignalboxError } from "../support/errors.ts";
import { redactAll, redactor } from "../support/redact.ts";
import { type Environment, secretValues } from "../support/secrets.ts";
import { knownOf } from "../support/system-errors.ts";
import { toJson } from "../text/json.ts";
import { plainLine } from "../text/terminal-line.ts";

export interface FailureFacts {
  readonly argv: readonly string[];
  readonly env: Environment;
  /** null: the files of the project have not been read yet. */
  readonly secrets: readonly string[] | null;
  /** The job's page has something of this run already. */
  readonly hasPage: boolean;
  /** With --json nothing but the one document is written to standard output: it has been. */
  readonly hasAnswered: boolean;
}

/** Tells what ended a command: on standard error, on the job's page, as JSON where that is asked for. Answers the exit code. */
export async function tellFailure(thrown: unknown, facts: FailureFacts): Promise<number> {
  const { argv, env } = facts;
  const error = knownOf(thrown);
  const redact = redactor(facts.secrets ?? secretValues(env));
  const text = redact(describeError(error))
    .split("\n")
    .map((line) => redact(plainLine(line)))
    .join("\n");
  process.stderr.write(`${text}\n`);
  if (!facts.hasPage) await writeFailurePage(env, redact(describePage(error)));
  if (asksForJson(argv, env) && !facts.hasAnswered)
    process.stdout.write(toJson(redactAll({ schema: 1, error: errorFields(error) }, redact)));
  return error instanceof SignalboxError ? error.exitCode : 70;
}

/**
 * Writes what ended a command on the job's page, for one that has written nothing there: who looks at a failed run sees that
 * page first, and not the log. Throws nothing: a page that cannot be written is not what went wrong. `text` has passed the
 * redactor.
 */
async function writeFailurePage(env: Environment, text: string): Promise<void> {
  if (platformOf(env) !== "github") return;
  const page = renderSummary({
    ...{ mode: null, modeReason: "", target: null, verdict: null, plan: null, nodesInProject: null, queue: null },
    ended: text,
  });
  await createGitHubRunner(env, () => {})
    .summary(page)
    .catch(() => {});
}

/** Whether the answer is to be JSON, also where the command line cannot be read for another reason. */
function asksForJson(argv: readonly string[], env: Environment): boolean {
  const end = argv.indexOf("--");
  const own = end < 0 ? argv : argv.slice(0, end);
  const index = own.findLastIndex((word) => word === "--json" || word.startsWith("--json="));
  if (index < 0) return /^(true|1|yes|on)$/i.test(env.SIGNALBOX_JSON?.trim() ?? "");
  // As the parser reads it: of the words behind a flag without "=" it takes these two. What is no answer is one to JSON.
  const value = own[index]?.slice("--json=".length) || (own[index + 1] === "false" ? "false" : "");
  return !/^(false|0|no|off)$/i.test(value);
}

/** One or two lines for what a person can fix; the stack for a bug of ours. */
function describeError(error: unknown): string {
  if (error instanceof SignalboxError) return `signalbox: ${describeKnown(error)}`;
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `signalbox: internal error, please report it with these lines:\n${stack}`;
}

/** The same for the job's page, without the stack. */
function describePage(error: unknown): string {
  if (error instanceof SignalboxError) return describeKnown(error);
  return `signalbox: internal error, please report it with the log: ${error instanceof Error ? error.message : String(error)}`;
}
