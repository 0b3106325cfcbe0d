import {
  BUILDS,
  eventOf,
  eventOfDbt2,
  type InvocationEvent,
  jsonRecord,
  MOST_ERROR,
  textLine,
  timeOfDay,
} from "./dbt-log-events.ts";

/** One invocation in dbt's log file, as far as the log tells of it. */
export interface Invocation {
  /** null: the log's plain text format does not name it. */
  readonly id: string | null;
  /** Milliseconds since the epoch. The text formats tell the time of day alone: the day is worked out backwards. */
  readonly startedAt: number;
  /** `build`, `ls`, `source freshness`, …; null where the log does not say. */
  readonly command: string | null;
  /** `--target-path` or its variable, as it was given; null: neither was given, or the log does not say. */
  readonly targetPath: string | null;
  /** dbt's target by its name in profiles.yml; null where dbt did not get so far. */
  readonly target: string | null;
  /** The folder in which it wrote artifacts; null where it wrote none, or the log does not say. */
  readonly wroteIn: string | null;
  /** The results files that it left. */
  readonly left: ReadonlySet<ResultsName>;
  /** null: it is still running, it was killed, or the log does not say. */
  readonly end: "succeeded" | "failed" | null;
  /** First line of the error that ended it; null without one. */
  readonly error: string | null;
}

export type ResultsName = "run_results.json" | "sources.json";

const ARTIFACTS: ReadonlyMap<string, ResultsName> = new Map([
  ["RunExecutionResult", "run_results.json"],
  ["FreshnessResult", "sources.json"],
]);
/** So many dbt may write to one log at the same time. */
const MOST_AT_ONCE = 16;
const DAY_MS = 86_400_000;
/** JSON lines can hold every result of a run, and are read for a few fields of the short ones. */
const LONGEST_LINE = 100_000;

/** Whether a start of this command was to write this file. An unknown command counts where it ended in an error. */
export function wasToWrite({ command, error }: Invocation, file: ResultsName): boolean {
  if (command === null) return file === "run_results.json" && error !== null;
  return file === "sources.json" ? command === "source freshness" : BUILDS.has(command);
}

interface InvocationDraft {
  readonly id: string | null;
  /** Milliseconds of the day (text), or since the epoch (JSON). */
  readonly time: number;
  readonly isWhole: boolean;
  command: string | null;
  hasArguments: boolean;
  writesJson: boolean;
  targetPath: string | null;
  target: string | null;
  wroteIn: string | null;
  left: Set<ResultsName>;
  isDone: boolean;
  end: Invocation["end"];
  error: string | null;
}

export interface LogReader {
  /** One line, without its line break, in the order of the file. */
  read(line: string): void;
  /** What has been read. `writtenAt`: when the log was last written to, in milliseconds since the epoch. */
  invocations(writtenAt: number): readonly Invocation[];
}

/**
 * Reads logs/dbt.log of dbt 1.x in its three formats (debug, the default; text; json) and of dbt 2 in its two, which can
 * follow one another in one file. Lines of two dbt at once are told apart by the command that they name, as the text formats have no ids.
 */
export function createLogReader(): LogReader {
  const drafts: InvocationDraft[] = [];
  let awaitsError: InvocationDraft | null = null;
  let hasSeparator = false;
  let lastToWrite: InvocationDraft | null = null;

  const open = (id: string | null, time: number, isWhole: boolean) => {
    drafts.push({
      ...{ id, time, isWhole, command: null, hasArguments: false, writesJson: true, targetPath: null, target: null },
      ...{ wroteIn: null, left: new Set(), isDone: false, end: null, error: null },
    });
  };
  const note = (of: InvocationDraft | undefined, event: InvocationEvent) => {
    if (of === undefined) return;
    switch (event.kind) {
      case "arguments":
        of.hasArguments = true;
        of.command = event.command;
        of.targetPath = event.targetPath;
        of.writesJson = event.writesJson;
        return;
      case "target":
        of.target = event.name;
        return;
      case "wrote": {
        const name = ARTIFACTS.get(event.type);
        of.wroteIn = folderOf(event.file);
        if (name !== undefined) of.left.add(name);
        if (name !== undefined) lastToWrite = of;
        return;
      }
      case "node":
        // Without the lines of level debug nothing names the command; which of those that build it was does not matter.
        of.command ??= "build";
        return;
      case "done":
        of.isDone = true;
        return;
      case "error":
        // Of several the first one is the reason.
        of.error ||= event.message;
        lastToWrite = of;
        if (event.message === "") awaitsError = of;
        return;
      case "ended":
        of.end = event.end;
        // dbt 2 does not repeat it in JSON.
        if (event.command !== "") of.command = event.command;
        of.isDone ||= event.isDone === true;
    }
  };
  /** In text nothing but the event itself says whose line it is. */
  const ownerOf = (event: InvocationEvent): InvocationDraft | undefined => {
    const isOpen = ({ end }: InvocationDraft) => end === null;
    switch (event.kind) {
      case "arguments":
        return drafts.findLast(({ hasArguments, end }) => !hasArguments && end === null);
      case "ended":
        // Of two that run the same command, the one that wrote its results, or its error, just before.
        if (lastToWrite !== null && isOpen(lastToWrite) && lastToWrite.command === event.command) return lastToWrite;
        return (
          drafts.findLast((draft) => isOpen(draft) && draft.command === event.command) ??
          drafts.findLast((draft) => isOpen(draft) && draft === drafts.at(-1))
        );
      case "wrote": {
        const name = ARTIFACTS.get(event.type);
        const fits = ({ command }: InvocationDraft) =>
          command === null || (name === "sources.json" ? command === "source freshness" : command !== "ls");
        const open = drafts
          .slice(-MOST_AT_ONCE)
          .filter((draft) => isOpen(draft) && (name === undefined || fits(draft)));
        const folder = folderOf(event.file);
        return (
          open.findLast(({ targetPath }) => targetPath !== null && isFolder(folder, targetPath)) ??
          open.findLast(({ targetPath }) => targetPath === null) ??
          open.at(-1) ??
          drafts.at(-1)
        );
      }
      default:
        return drafts.findLast(isOpen) ?? drafts.at(-1);
    }
  };

  return {
    read(line) {
      if (line.length > LONGEST_LINE) return;
      if (awaitsError !== null && line.trim() !== "") {
        if (textLine(line) === null) awaitsError.error = line.trim().slice(0, MOST_ERROR);
        awaitsError = null;
      }
      if (line.startsWith("{")) {
        const record = jsonRecord(line);
        if (record === null) return;
        const known = drafts.findLast(({ id }) => id === record.id);
        if (record.event === "opens" || (known === undefined && record.event.kind === "error"))
          open(record.id, record.time, true);
        if (record.event !== "opens") note(known ?? drafts.findLast(({ id }) => id === record.id), record.event);
        return;
      }
      const whole = /^={20} (\d{4}-\d\d-\d\dT[\d:.]{8,18}Z) \| ([\w-]{1,64}) ={20}\s*$/.exec(line);
      if (whole !== null) {
        open(whole[2] ?? "", Date.parse(whole[1] ?? ""), true);
        return;
      }
      const newer = eventOfDbt2(line);
      if (newer !== null) {
        note(drafts.at(-1), newer);
        return;
      }
      const separator = /^={30} (\d\d:\d\d:\d\d\.\d{1,6}) \| ([\w-]{1,64}) ={30}\s*$/.exec(line);
      if (separator !== null) {
        open(separator[2] ?? "", timeOfDay(separator[1] ?? ""), false);
        hasSeparator = true;
        return;
      }
      const text = textLine(line);
      if (text === null) return;
      if (text.message.startsWith("Running with dbt=")) {
        // Below its separator it is the same start.
        if (!hasSeparator) open(null, text.time, false);
        hasSeparator = false;
        return;
      }
      const event = eventOf(text.message);
      // A log of errors alone has no other line of a start.
      if (
        event?.kind === "error" &&
        !drafts.slice(-MOST_AT_ONCE).some(({ end, error }) => end === null && error === null)
      )
        open(null, text.time, false);
      if (event !== null) note(ownerOf(event), event);
    },
    invocations(writtenAt) {
      let cursor = writtenAt;
      const ended = [...drafts].reverse().map((draft): Invocation => {
        const startedAt = draft.isWhole ? draft.time : lastTimeOfDay(draft.time, cursor);
        cursor = Math.min(cursor, startedAt);
        const { id, command, targetPath, target, wroteIn, end, error } = draft;
        return { id, startedAt, command, targetPath, target, wroteIn, left: leftBy(draft), end, error };
      });
      return ended.reverse();
    },
  };
}

/** dbt before 1.8 does not log what it writes: it leaves results where it came to its totals. */
function leftBy({ left, wroteIn, writesJson, isDone, end, command }: InvocationDraft): ReadonlySet<ResultsName> {
  if (wroteIn !== null || !writesJson || !(isDone || end === "succeeded")) return left;
  if (command === "source freshness") return new Set(["sources.json"]);
  return new Set(command !== null && BUILDS.has(command) ? ["run_results.json"] : []);
}

/** The last moment at or before `end` with this time of day; dbt's times are UTC, and a file's can be whole seconds. */
function lastTimeOfDay(time: number, end: number): number {
  const moment = Math.floor(end / DAY_MS) * DAY_MS + time;
  return moment > end + 1000 ? moment - DAY_MS : moment;
}

/** Whether a folder is the one that --target-path names, which can be relative to a folder that the log does not tell. */
function isFolder(folder: string, targetPath: string): boolean {
  const named = targetPath.replace(/^\.\//, "").replace(/[\\/]$/, "");
  return folder === named || folder.endsWith(`/${named}`);
}

function folderOf(file: string): string {
  return file.replace(/[\\/][^\\/]*$/, "");
}
