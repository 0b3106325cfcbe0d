import type { DbtRun } from "../artifacts/dbt-run.ts";
import type { Manifest } from "../artifacts/manifest.ts";
import type { NodeResult } from "../artifacts/run-results.ts";
import { rowsOf } from "./attempts.ts";
import { createWaiting } from "./cause.ts";
import { classifyFailure, describeFailure, failureClassOf, isPassing } from "./failure.ts";
import { isRepeatable, whyNotRepeated } from "./repeatable.ts";
import { hasOwnResults } from "./run-findings.ts";
import { isFailed, kindOf } from "./status.ts";
import type { FailureClass } from "./verdict.ts";

export interface SecondStartInput {
  /** The starts of this build so far, first to last. */
  readonly attempts: readonly DbtRun[];
  readonly manifest: Manifest | null;
  /** Ids that the build was to build; null: nobody knows but dbt. Asked only where something is to be built again. */
  readonly planned: () => readonly string[] | null;
  readonly retries: number;
  /** The shortest pause before the first second start. */
  readonly pauseSeconds: number;
  /** From 0 to below 1. */
  readonly random: number;
}

export type SecondStart =
  | {
      readonly kind: "none";
      /** Why not, where something failed that passes by itself; null: nothing did. */
      readonly why: string | null;
    }
  | {
      readonly kind: "again";
      /** Sorted; null: all that dbt chooses. */
      readonly ids: readonly string[] | null;
      /** Whether something failed for good beside it: then nothing that passed or failed is built a second time. */
      readonly hasOthers: boolean;
      /** null: as many as before. */
      readonly threads: number | null;
      readonly pauseSeconds: number;
      /** What failed and is tried again, most frequent first; "" where no words are known. */
      readonly causes: readonly {
        readonly words: string;
        readonly failureClass: FailureClass;
        readonly nodes: number;
      }[];
      /** What failed like them and is not tried again. */
      readonly left: readonly Left[];
    };

interface Left {
  readonly id: string;
  readonly why: string;
}

/**
 * Whether dbt is started once more, and for which nodes: those whose failure passes by itself, what was skipped only
 * because of them, and what a dbt that was stopped did not come to. Never what failed on data, code or credentials, nor
 * anything below that; never what cannot be repeated once it has begun (`whyNotRepeated`).
 */
export function decideSecondStart(input: SecondStartInput): SecondStart {
  const { attempts, manifest, retries } = input;
  const last = attempts.at(-1);
  if (last === undefined) return none(null);
  const adapter = manifest?.adapter ?? null;
  const ended = howEnded(last, adapter);
  if (ended.kind === "for-good") return none(ended.why);

  const rows = rowsOf(attempts, manifest);
  const failed = rows.filter(isFailed);
  const passing = failed.filter((row) => kindOf(row.status) === "failed" && isPassing(failureClassOf(row, adapter)));
  if (passing.length === 0 && ended.kind === "with-rows") return none(null);
  if (attempts.length > retries) return none(retries === 0 ? "--retries is 0" : `--retries ${retries} is used up`);

  const left = passing.flatMap((row) => {
    const why = whyNotRepeated(row, manifest?.nodes.get(row.id) ?? null, adapter);
    return why === null ? [] : [{ id: row.id, why }];
  });
  const isLeft = new Set(left.map(({ id }) => id));
  const again = passing.filter(({ id }) => !isLeft.has(id));
  const forGood = failed.filter((row) => !again.includes(row));
  const isFailFast = last.flags?.failFast === true;
  if (isFailFast && forGood.length > 0) return none("--fail-fast: another failure ended the build");

  const takesRest = isFailFast || ended.kind === "cut-off";
  const planned = takesRest ? input.planned() : null;
  const isWhole = takesRest && planned === null;
  if (isWhole && (forGood.length > 0 || !rows.every(({ id }) => isRepeatable(manifest?.nodes.get(id) ?? null))))
    return none("it is not known what dbt did not come to");
  const ids = isWhole ? null : idsToRepeat({ rows, again, forGood, planned: planned ?? [], manifest, takesRest });
  if (ids?.length === 0)
    return none(left.map(({ id, why }) => `${id}: ${why}`).join("; ") || "nothing can be built again");
  return {
    kind: "again",
    ids,
    hasOthers: forGood.length > 0,
    threads: threadsFor(attempts, again, adapter),
    pauseSeconds: Math.round(input.pauseSeconds * (attempts.length + input.random)),
    causes: causesOf(again, last, adapter),
    left,
  };
}

function none(why: string | null): SecondStart {
  return { kind: "none", why };
}

/**
 * `cut-off`: nodes are without a row, as dbt was stopped, or gave up before the first one for a reason that passes.
 * `for-good`: a second start would end the same, or must not be.
 */
function howEnded(
  run: DbtRun,
  adapter: string | null,
): { readonly kind: "with-rows" | "cut-off" } | { readonly kind: "for-good"; readonly why: string | null } {
  if (run.trouble === "killed" || run.trouble === "stalled") return { kind: "cut-off" };
  if (run.trouble === "timed-out") return { kind: "for-good", why: "--run-timeout is over" };
  if (hasOwnResults(run) && (run.exitCode === 0 || run.exitCode === 1)) return { kind: "with-rows" };
  const isReadable = run.trouble === "none" || run.trouble === "missing";
  const isPassingError = run.exitCode !== 0 && isPassing(classifyFailure(run.lastWords, adapter));
  return isReadable && isPassingError ? { kind: "cut-off" } : { kind: "for-good", why: null };
}

interface RepeatInput {
  readonly rows: readonly NodeResult[];
  readonly again: readonly NodeResult[];
  readonly forGood: readonly NodeResult[];
  readonly planned: readonly string[];
  readonly manifest: Manifest | null;
  /** Whether what has no row, or was skipped without a cause, was only not come to. */
  readonly takesRest: boolean;
}

function idsToRepeat({ rows, again, forGood, planned, manifest, takesRest }: RepeatInput): string[] {
  const isHook = (id: string) => id.startsWith("operation.");
  const [held, freed] = [createWaiting(manifest), createWaiting(manifest)];
  for (const { id } of forGood) held.add(id);
  for (const { id } of again) freed.add(id);
  // A hook at the start keeps every node from running.
  const atStart = (row: NodeResult) => isHook(row.id) && row.id.includes("on-run-start");
  if (forGood.some(atStart)) return [];
  const isFreed = (id: string) => again.some(atStart) || freed.causeOf(id) !== null;

  const statuses = new Map(rows.map(({ id, status }) => [id, status]));
  const skipped = rows.filter(({ id, status }) => kindOf(status) === "skipped" && (takesRest || isFreed(id)));
  const rest = takesRest ? planned.filter((id) => !statuses.has(id)) : [];
  const wanted = [...again.map(({ id }) => id), ...skipped.map(({ id }) => id), ...rest];
  return [...new Set(wanted)].filter((id) => !isHook(id) && held.causeOf(id) === null).sort();
}

/**
 * After throttling a quarter of the threads that the first start had, then half of that each time; at least 1. null: as
 * dbt has them by itself.
 */
function threadsFor(attempts: readonly DbtRun[], again: readonly NodeResult[], adapter: string | null): number | null {
  const isThrottled = again.some((row) => failureClassOf(row, adapter) === "throttled");
  const before = attempts.findLast(({ threads }) => threads != null)?.threads ?? null;
  if (before === null) return null;
  const isLowered = attempts.length > 1 && before < (attempts[0]?.threads ?? before);
  return isThrottled ? Math.max(1, Math.floor(before / (isLowered ? 2 : 4))) : isLowered ? before : null;
}

function causesOf(again: readonly NodeResult[], last: DbtRun, adapter: string | null) {
  const counts = new Map<string, { words: string; failureClass: FailureClass; nodes: number }>();
  const count = (words: string, failureClass: FailureClass, nodes: number) => {
    const known = counts.get(`${failureClass} ${words}`);
    if (known === undefined) counts.set(`${failureClass} ${words}`, { words, failureClass, nodes });
    else known.nodes += nodes;
  };
  for (const row of again) {
    const failureClass = failureClassOf(row, adapter);
    count(failureClass === "stopped" ? "" : (describeFailure(row.message, adapter) ?? ""), failureClass, 1);
  }
  if (again.length === 0) {
    const failureClass = classifyFailure(last.lastWords, adapter);
    if (isPassing(failureClass)) count(describeFailure(last.lastWords, adapter) ?? "", failureClass, 0);
    else count("", "stopped", 0);
  }
  return [...counts.values()].sort((a, b) => b.nodes - a.nodes);
}
