import { dbtIn, simpleCommands } from "../../dbt/shell-lines.ts";
import type { CiStep, SignalboxStep } from "./model.ts";

const GATES = ["ci", "queue"];
/** Commands that let dbt build. */
const BUILDS = ["ci", "build"];

/** The steps of a shell script that are of interest, in their order. `given`: names of the variables that it has. */
export function stepsOfScript(script: string, given: readonly string[]): readonly CiStep[] {
  return simpleCommands(script).flatMap((words) => stepsOfCommand(words, given));
}

function stepsOfCommand(words: readonly string[], given: readonly string[]): readonly CiStep[] {
  const call = signalboxIn(words);
  if (call !== null)
    return [
      signalboxStep(call.command, { ...call, given, isAction: false, from: null }),
      ...stepsOfCommand(call.behind, given),
    ];
  const command = dbtIn(words);
  return command === null ? [] : [{ kind: "dbt", command }];
}

interface Call {
  readonly command: string;
  readonly mode: string | null;
  readonly noQueue: boolean;
}

/** `npx -y signalbox@1 queue -- dbt build`, with the words behind `--`; null: the command starts no signalbox. */
function signalboxIn(words: readonly string[]): (Call & { readonly behind: readonly string[] }) | null {
  const at = words.findIndex((word) => /^(?:[\w@./-]*\/)?signalbox(?:@[\w.^~-]*)?$/.test(word.slice(0, 200)));
  const command = words.slice(at + 1).find((word) => /^[a-z]+$/.test(word));
  if (at < 0 || command === undefined) return null;
  const end = words.indexOf("--", at);
  const own = words.slice(at + 1, end < 0 ? undefined : end);
  const asked = own.findIndex((word) => word === "--mode" || word.startsWith("--mode="));
  const mode = asked < 0 ? null : (own[asked]?.split("=")[1] ?? own[asked + 1] ?? null);
  return {
    command,
    mode: mode === "auto" ? null : mode,
    noQueue: own.includes("--no-queue"),
    behind: command === "queue" && end >= 0 ? words.slice(end + 1) : [],
  };
}

/** One start of signalbox, whichever way it is written. */
export function signalboxStep(
  command: string,
  { mode, noQueue, given, isAction, from }: Omit<Call, "command"> & Pick<SignalboxStep, "given" | "isAction" | "from">,
): SignalboxStep {
  return { kind: "signalbox", command, isGate: GATES.includes(command) && !noQueue, mode, given, isAction, from };
}

/** What a step lets dbt write, in words; null: nothing. */
export function writesOf(step: CiStep): string | null {
  if (step.kind === "dbt") return step.command;
  return step.kind === "signalbox" && BUILDS.includes(step.command) ? `signalbox ${step.command}` : null;
}
