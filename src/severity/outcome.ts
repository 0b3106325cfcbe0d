import type { ExitCode } from "../support/errors.ts";
import { isInfrastructure } from "./failure.ts";
import type { Counts, Finding, Outcome, Verdict } from "./verdict.ts";

export type FailOn = "error" | "warn" | "never";

export interface ExitPolicy {
  readonly failOn: FailOn;
  /** `fails` in deploy and schedule mode: everything was expected, and a run that built nothing is an error there. */
  readonly nothing: "fine" | "fails";
  /** True where an alert was not delivered and the policy for it is `fail`. */
  readonly undelivered: boolean;
}

/** From what loses to what wins; 75 and 76 are the bare queue's own, 130 and 143 come after dbt has been stopped. */
const PRECEDENCE: readonly ExitCode[] = [0, 5, 4, 1, 3, 2, 75, 76, 130, 143, 70];

/** The one code of several, by the table's precedence; 0 for none. */
export function worstExitCode(codes: readonly ExitCode[]): ExitCode {
  return codes.reduce((worst, code) => (PRECEDENCE.indexOf(code) > PRECEDENCE.indexOf(worst) ? code : worst), 0);
}

/**
 * The exit code of a whole run. `failOn` is about nodes: a finding about the run itself (dbt failed, artifacts missing)
 * fails also with `never`, since the state of the nodes is not known then. Muting changes nothing here.
 */
export function exitCodeOf(outcome: Outcome, policy: ExitPolicy): ExitCode {
  return worstExitCode([...codesOf(outcome, policy), policy.undelivered ? 5 : 0]);
}

function codesOf(outcome: Outcome, { failOn, nothing }: ExitPolicy): readonly ExitCode[] {
  switch (outcome.kind) {
    case "superseded":
    case "nothing":
      return [];
    case "failed":
      return [codeOf(outcome.finding)];
    case "verdict":
      if (outcome.verdict.level === "nothing") return [nothing === "fails" ? 3 : 0];
      return outcome.verdict.findings.filter((finding) => fails(finding, failOn)).map(codeOf);
  }
}

/** Findings that leave the state of every node known. */
function isOfNodes({ subject }: Finding): boolean {
  return subject.kind !== "run" || subject.what === "warehouse" || subject.what === "budget";
}

function fails(finding: Finding, failOn: FailOn): boolean {
  const { severity, subject } = finding;
  if (subject.kind === "tool" && subject.rule === null) return true;
  if (!isOfNodes(finding)) return severity === "error" || failOn === "warn";
  return failOn !== "never" && (severity === "error" || failOn === "warn");
}

/** One finding alone. 4 loses to 1, so that a run is called infrastructure only where every error is. */
function codeOf({ subject, failureClass }: Finding): ExitCode {
  if (subject.kind === "run" && subject.what === "artifacts") return 3;
  if (subject.kind === "tool") return subject.rule === null ? 3 : 1;
  if (subject.kind === "run" && (subject.what === "queue-timeout" || subject.what === "warehouse")) return 4;
  return isInfrastructure(failureClass) ? 4 : 1;
}

/** Whether dbt built something, or failed to: without it, what other tools found is no verdict on a build. */
export function saysMoreThanTools({ level, passed, neutral, findings }: Verdict): boolean {
  const hasRows = passed.length > 0 || neutral.length > 0 || findings.some(({ subject }) => subject.kind !== "tool");
  return level !== "nothing" && hasRows;
}

/** The word for the outcome in `ci --json` and in the Action's outputs. */
export function outcomeName(outcome: Outcome): "pass" | "warn" | "error" | "nothing" | "superseded" | "failed" {
  return outcome.kind === "verdict" ? outcome.verdict.level : outcome.kind;
}

/** Findings by severity, muted ones among them; nodes that were skipped because of a finding; nodes that passed. */
export function countVerdict({ findings, passed }: Verdict): Counts {
  const count = (isCounted: (finding: Finding) => boolean) => findings.filter(isCounted).length;
  return {
    error: count(({ severity }) => severity === "error"),
    warn: count(({ severity }) => severity === "warn"),
    skipped: new Set(findings.flatMap(({ skipped }) => skipped)).size,
    passed: passed.length,
    muted: count(({ muted }) => muted !== null),
  };
}
