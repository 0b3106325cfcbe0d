import { SignalboxError } from "../support/errors.ts";
import { type Run, type Trigger, UNKNOWN_REPOSITORY } from "./run.ts";

export const MODES = ["check", "deploy", "schedule"] as const;
export type Mode = (typeof MODES)[number];

export interface ModeChoice {
  readonly mode: Mode;
  /** Why, in the words of the log: `pull request #12 into main`. */
  readonly reason: string;
}

/**
 * What a run is for. check: pull request, merge group, tag, any branch but the base branch, a fork, a laptop; deploy: push or
 * manual start on the base branch; schedule: scheduled there. Throws a configuration error where nothing tells what started
 * a run on the base branch: guessing could deploy, or build nothing and be green for ever.
 */
export function chooseMode(run: Run, baseBranch: string, asked: Mode | "auto"): ModeChoice {
  if (asked !== "auto") return { mode: asked, reason: "asked for with --mode" };
  if (run.trigger === "pull-request") {
    const number = run.pullRequest?.number;
    return {
      mode: "check",
      reason: `pull request${number ? ` #${number}` : ""} into ${run.pullRequest?.base ?? baseBranch}`,
    };
  }
  if (run.trigger === "merge-group") return { mode: "check", reason: `merge group for ${baseBranch}` };
  if (run.ref.kind === "tag") return { mode: "check", reason: `a tag, not the base branch ${baseBranch}` };
  if (run.ref.name !== baseBranch) return { mode: "check", reason: `branch ${run.ref.name} is not ${baseBranch}` };
  // A fork may call its branch as it likes. What nothing tells of is refused where the code is looked at.
  if (run.trust === "fork" && run.headRepository !== UNKNOWN_REPOSITORY && run.trigger !== "unknown")
    return { mode: "check", reason: `${baseBranch} of ${run.headRepository}, a fork` };
  if (run.platform === "local") return { mode: "check", reason: "not in CI; --mode deploy builds everything" };
  switch (run.trigger) {
    case "push":
      return { mode: "deploy", reason: `push to ${baseBranch}` };
    case "manual":
      return { mode: "deploy", reason: `started by hand on ${baseBranch}` };
    case "schedule":
      return { mode: "schedule", reason: `scheduled on ${baseBranch}` };
    case "unknown":
      // CircleCI's list of words is open, and a new one must not stop production. Deploy loses nothing: it builds what
      // the base branch holds, never leaves for a newer run, and tells people. A check would be green and silent while
      // production grows old; schedule may select less. What the run may do is decided by its trust, not here.
      if (run.platform === "circleci" && run.triggerWord !== null) {
        const reason = `on ${baseBranch}, started by ${quote(run.triggerWord)}, which is no known trigger: taken for a push; --mode says otherwise`;
        return { mode: "deploy", reason };
      }
      throw new SignalboxError(
        "configuration",
        `what started this run on ${baseBranch} is not known${run.triggerWord === null ? "" : ` (${quote(run.triggerWord)})`}, so its mode cannot be told`,
        {
          hint: "say it: --mode deploy or --mode schedule",
        },
      );
  }
}

/**
 * What a ticket outside the CI's own lists tells as the run's trigger. There only the mode tells what started it: a
 * schedule of cron looks like a start by hand, and a check must not leave for a deploy.
 */
export function triggerOfTicket(mode: Mode, trigger: Trigger): Trigger {
  switch (mode) {
    case "schedule":
      return "schedule";
    case "deploy":
      return "push";
    case "check":
      return trigger === "pull-request" || trigger === "merge-group" ? trigger : "manual";
  }
}

/** A word from outside, on one line and without what could turn or hide text. */
function quote(word: string): string {
  return JSON.stringify(word.slice(0, 60)).replace(/[^\x20-\x7e]/g, "?");
}
