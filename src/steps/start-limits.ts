import { flag } from "../dbt/arguments.ts";
import type { StartLimits } from "../dbt/watched-run.ts";
import type { Mode } from "../run/mode.ts";
import type { SettingsPart } from "../settings/resolve.ts";

/** How long a start of dbt may take, by the flags; no usual times. */
export function limitsOf({
  stallAfter,
  nodeTimeout,
  runTimeout,
}: SettingsPart<"stallAfter" | "nodeTimeout" | "runTimeout">["given"]): StartLimits {
  return {
    stallAfterSeconds: stallAfter,
    usualSeconds: new Map(),
    nodeTimeoutSeconds: nodeTimeout ?? null,
    runTimeoutSeconds: runTimeout ?? null,
    plannedNodes: null,
  };
}

/** `--threads 4`, of the mode or of all; nothing where dbt's own hold. */
export function threadsOf({ modes, dbt }: SettingsPart<never, "modes" | "dbt">["config"], mode: Mode): string[] {
  return flag("--threads", modes[mode].threads ?? dbt.threads);
}
