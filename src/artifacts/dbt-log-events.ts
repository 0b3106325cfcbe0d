import { type Fields, fieldsOf, textOf, timeOf } from "./fields.ts";

/** Commands whose results say how the data is: a later one of them makes older results doubtful. */
export const BUILDS: ReadonlySet<string> = new Set(["build", "run", "test", "seed", "snapshot", "retry", "clone"]);
const COMMANDS: ReadonlySet<string> = new Set([
  ...BUILDS,
  ...["clean", "compile", "debug", "deps", "docs", "init", "list", "ls", "parse", "run-operation", "show", "source"],
]);
/** Options that can stand before the command and have their value in the next word: a target can be named debug. */
const TAKES_VALUE: ReadonlySet<string> = new Set([
  ...["--target", "-t", "--profile", "--profiles-dir", "--project-dir", "--target-path", "--state", "--defer-state"],
  ...["--log-path", "--log-format", "--log-format-file", "--log-level", "--log-level-file", "--log-file-max-bytes"],
  ...["--vars", "--threads", "--warn-error-options", "--printer-width", "--record-timing-info", "-r"],
  ...["--partial-parse-file-path", "--indirect-selection"],
]);
export const MOST_ERROR = 300;

/** What a line of the log tells of one invocation. */
export type InvocationEvent =
  | {
      readonly kind: "arguments";
      readonly command: string | null;
      readonly targetPath: string | null;
      readonly writesJson: boolean;
    }
  | { readonly kind: "target"; readonly name: string }
  | { readonly kind: "wrote"; readonly type: string; readonly file: string }
  | { readonly kind: "node" }
  | { readonly kind: "done" }
  | { readonly kind: "error"; readonly message: string }
  /** `isDone`: it has left its results, however it ended. */
  | {
      readonly kind: "ended";
      readonly command: string;
      readonly end: "succeeded" | "failed";
      readonly isDone?: boolean;
    };

/** What a line in text tells; null: nothing that counts here. */
export function eventOf(message: string): InvocationEvent | null {
  if (message.startsWith("running dbt with arguments ")) {
    const value = (name: string) => pythonText(message, name);
    return argumentsOf(value("invocation_command"), value("target_path"), value("write_json"));
  }
  if (message.startsWith("Wrote artifact ")) {
    const match = /^Wrote artifact (\w{1,60}) to (.+)$/.exec(message);
    return match === null ? null : { kind: "wrote", type: match[1] ?? "", file: match[2] ?? "" };
  }
  if (message.startsWith("Command `")) {
    const match = /^Command `([^`]{1,200})` (succeeded|failed) at /.exec(message);
    return match === null ? null : endOf(match[1] ?? "", match[2] === "succeeded");
  }
  if (message.startsWith("Concurrency: ")) {
    const name = /^Concurrency: \d+ threads? \(target='([^']{1,200})'\)/.exec(message)?.[1];
    return name === undefined ? null : { kind: "target", name };
  }
  if (message.startsWith("Done. PASS=")) return { kind: "done" };
  // `compile`, `show` and `docs generate` start no node.
  if (/^\d{1,9} of \d{1,9} START (?!freshness )/.test(message)) return { kind: "node" };
  return /^Encountered an error:?\s*$/.test(message) ? { kind: "error", message: "" } : null;
}

/** An event of one invocation in the JSON format, where it is one that counts here. */
export function jsonRecord(
  line: string,
): { readonly id: string; readonly time: number; readonly event: InvocationEvent | "opens" } | null {
  if (!JSON_EVENTS.test(line)) return null;
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return null;
  }
  const [info, data] = [fieldsOf(fieldsOf(parsed).info), fieldsOf(fieldsOf(parsed).data)];
  const id = textOf(info.invocation_id);
  const time = Date.parse(timeOf(info.ts) ?? "");
  if (id === null || Number.isNaN(time)) return null;
  const event = jsonEvent(textOf(info.name) ?? "", data, info);
  return event === null ? null : { id, time, event };
}

const JSON_EVENTS =
  /"name": ?"(?:MainReportVersion|MainReportArgs|ArtifactWritten|CommandCompleted|ConcurrencyLine|LogStartLine|StatsLine|MainEncounteredError|Generic)"/;

function jsonEvent(name: string, data: Fields, info: Fields): InvocationEvent | "opens" | null {
  switch (name) {
    case "MainReportVersion":
      return "opens";
    case "MainReportArgs": {
      const args = fieldsOf(data.args);
      return argumentsOf(textOf(args.invocation_command), textOf(args.target_path), textOf(args.write_json));
    }
    case "ArtifactWritten":
      return { kind: "wrote", type: textOf(data.artifact_type) ?? "", file: textOf(data.artifact_path) ?? "" };
    case "CommandCompleted":
      return endOf(textOf(data.command) ?? "", data.success === true);
    case "ConcurrencyLine":
      return { kind: "target", name: textOf(data.target_name) ?? "" };
    case "LogStartLine":
      return (textOf(data.description) ?? "freshness ").startsWith("freshness ") ? null : { kind: "node" };
    case "StatsLine":
      return { kind: "done" };
    case "MainEncounteredError":
      return { kind: "error", message: (textOf(data.exc) ?? "an error").split("\n")[0]?.slice(0, MOST_ERROR) ?? "" };
    // Of dbt 2, all its errors.
    case "Generic":
      return info.level === "error" ? { kind: "error", message: firstLine(textOf(info.msg) ?? "") } : null;
    default:
      return null;
  }
}

/** `[error] [JinjaError (dbt1501)]: …` without the level. */
function firstLine(message: string): string {
  const [line = ""] = message.replace(/^\[error\]:? ?/, "").split("\n", 1);
  return line.slice(0, MOST_ERROR);
}

/** A line of dbt 2's text log that tells how a start ended, or why. null: nothing that counts here. */
export function eventOfDbt2(line: string): InvocationEvent | null {
  if (line.startsWith("Finished '")) {
    const match =
      /^Finished '([a-z-]{1,40})' (?:successfully|with ([\w ]{1,60}?))(?: for target '[^']{1,200}')? \[/.exec(line);
    if (match === null) return null;
    const [, command = "", counts = ""] = match;
    return { ...endOf(`dbt ${NAMES.get(command) ?? command}`, !/ errors?$/.test(counts)), isDone: true };
  }
  const error = /^\d\d:\d\d:\d\d\.\d{1,6} \[error\]: (.*)$/.exec(line)?.[1];
  return error === undefined ? null : { kind: "error", message: firstLine(error) };
}

/** dbt 2's own names of commands. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ["list", "ls"],
  ["freshness", "source freshness"],
]);

function argumentsOf(command: string | null, targetPath: string | null, writesJson: string | null): InvocationEvent {
  return {
    kind: "arguments",
    command: commandIn(command ?? ""),
    targetPath: targetPath === null || targetPath === "None" ? null : targetPath,
    writesJson: writesJson !== "False",
  };
}

/** `dbt build`; from Python it is `cli build`. */
function endOf(words: string, succeeded: boolean): Extract<InvocationEvent, { kind: "ended" }> {
  const command = commandIn(words) ?? words.split(" ").slice(1).join(" ");
  return { kind: "ended", command, end: succeeded ? "succeeded" : "failed" };
}

/** The first word that is a command of dbt's and no option's value, with its second word where it has one. */
function commandIn(line: string): string | null {
  const words = line.split(" ");
  const at = words.findIndex(
    (word, index) => index > 0 && COMMANDS.has(word) && !TAKES_VALUE.has(words[index - 1] ?? ""),
  );
  const [first = null, second] = at === -1 ? [] : words.slice(at);
  if (first === "source") return second === "snapshot-freshness" ? "source freshness" : `source ${second ?? ""}`.trim();
  if (first === "docs") return `docs ${second ?? ""}`.trim();
  return first === "list" ? "ls" : first;
}

/** The value of a key in a Python dictionary of texts; null: it has no such key. */
function pythonText(text: string, key: string): string | null {
  const at = text.indexOf(`'${key}': `);
  if (at === -1) return null;
  const rest = text.slice(at + key.length + 4, at + key.length + 4 + 2000);
  const match = /^(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")/.exec(rest);
  return match === null ? null : (match[1] ?? match[2] ?? "");
}

/** A line that dbt began: `22:12:25.123456 [info ] [MainThread]: …`, or `22:12:25  …` in the plain format. */
export function textLine(line: string): { readonly time: number; readonly message: string } | null {
  const match =
    // dbt begins its lines with the code that resets colours.
    /^(?:\x1b\[0m)?(\d\d:\d\d:\d\d(?:\.\d{1,6})?) (?: |\[[a-z ]{4,8}\] \[[^\]]{1,40}\]: )(.*)$/.exec(line);
  return match === null ? null : { time: timeOfDay(match[1] ?? ""), message: match[2] ?? "" };
}

/** Milliseconds since midnight. */
export function timeOfDay(text: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = text.split(":").map(Number);
  return Math.floor((hours * 3600 + minutes * 60 + seconds) * 1000);
}
