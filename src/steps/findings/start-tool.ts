import { runProcess } from "../../dbt/process.ts";
import type { ToolEnd } from "../../linters/read-report.ts";
import type { Config } from "../../settings/file.ts";
import type { ChildWatch } from "../../support/claims.ts";
import type { Clock } from "../../support/clock.ts";
import { SignalboxError } from "../../support/errors.ts";
import { makeFolder, readFileIfAny, removeFile } from "../../support/files.ts";
import type { Redact } from "../../support/redact.ts";
import { knownOf } from "../../support/system-errors.ts";
import { cleanText } from "../../text/clean.ts";
import { crashIn, shortenCrash } from "../../text/crash.ts";
import type { WorkFolder } from "../../work/folder.ts";

export type Tool = Config["findings"][number];

export interface StartParts {
  readonly clock: Clock;
  readonly children: ChildWatch;
  readonly signal: AbortSignal;
  readonly redact: Redact;
  readonly work: Pick<WorkFolder, "path">;
}

export interface ToolStart {
  readonly argv: readonly string[];
  /** Where `{output}` points to; null: the report is what it prints. */
  readonly output: string | null;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** No report that people read is longer. */
const MOST_BYTES = 32 * 2 ** 20;
/** A traceback of Python is taken apart from its header on. */
const MOST_LINES = 500;
const MOST_OF_LINE = 1000;
const MOST_LAST_WORDS = 4;

/** How a tool is started, and its start for these files; `{output}` is a file of the work folder. */
export function startOf(
  tool: Tool,
  files: readonly string[],
  { work }: Pick<StartParts, "work">,
): Pick<ToolStart, "argv" | "output"> {
  const output = work.path("findings", `${tool.name}.${tool.format === "sarif" ? "sarif" : "json"}`);
  const argv = tool.run.flatMap((word) => (word === "{files}" ? files : [word.replaceAll("{output}", () => output)]));
  return { argv, output: tool.run.some((word) => word.includes("{output}")) ? output : null };
}

/**
 * Runs a tool as dbt is run: a group of its own, no shell, none of our secrets. Its end, or why it has none. Throws where
 * this run is stopped.
 */
export async function startTool(
  { clock, children, signal, redact, work }: StartParts,
  { name, timeout }: Pick<Tool, "name" | "timeout">,
  { argv, output, cwd, env }: ToolStart,
): Promise<ToolEnd | { readonly failure: string }> {
  const lines: string[] = [];
  const onLine = (line: string) => {
    if (line.trim() !== "") lines.push(line.slice(0, MOST_OF_LINE));
    if (lines.length > MOST_LINES) lines.shift();
  };
  const [late, ended] = [new AbortController(), new AbortController()];
  const limited = AbortSignal.any([signal, late.signal]);
  void clock.sleep(timeout * 1000, ended.signal).then(
    () => late.abort(),
    () => {},
  );
  try {
    if (output !== null) {
      await makeFolder(work.path("findings"));
      await removeFile(output);
    }
    const stdout = output === null ? "answer" : "log";
    const end = await runProcess({
      argv,
      cwd,
      env,
      onLine,
      stdout,
      children,
      name,
      signal: limited,
      mostBytes: MOST_BYTES,
    });
    if (late.signal.aborted) return { failure: `did not end within ${timeout} s and was stopped` };
    if (end.isTooLong) return { failure: `printed more than ${MOST_BYTES / 2 ** 20} MiB and was stopped` };
    const report =
      output === null ? end.stdout : await readFileIfAny(output, { kind: "artifacts", mostBytes: MOST_BYTES });
    return { exitCode: end.exitCode, report, lastWords: lastWordsOf(cleanText(redact(lines.join("\n")))) };
  } catch (thrown) {
    const error = knownOf(thrown);
    if (!(error instanceof SignalboxError)) throw thrown;
    const { message, hint } = error;
    return { failure: `gave no report: ${message}${hint === null ? "" : `; ${hint}`}` };
  } finally {
    ended.abort();
    signal.throwIfAborted();
  }
}

/** Why it ended: its last lines; of a crash the first ones, as what was raised stands before its frames. */
function lastWordsOf(said: string): string {
  const lines = shortenCrash(said).split("\n");
  const isCrash = crashIn(said.split("\n")) !== null;
  return (isCrash ? lines.slice(0, MOST_LAST_WORDS) : lines.slice(-MOST_LAST_WORDS)).join(" ");
}
