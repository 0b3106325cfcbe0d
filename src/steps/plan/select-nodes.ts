import type { DbtRun } from "../../artifacts/dbt-run.ts";
import { completeSelection, type Selected, type SelectionResult } from "../../selection/complete.ts";
import {
  type BrokenContract,
  brokenContracts,
  comparesContracts,
  describeBroken,
  isAboutContracts,
} from "../../selection/contracts.ts";
import { describeMiss } from "../../selection/misses.ts";
import type { Baseline } from "../../selection/plan.ts";
import { comparesState } from "../../selection/selector.ts";
import { configurationError, SignalboxError } from "../../support/errors.ts";
import type { Log } from "../../support/log.ts";
import { listWithDbt, onlyDbtKnows, runSelector, type SelectorInput } from "./run-selector.ts";

/** A selector with everything that its answer depends on. */
export interface SelectionRequest extends SelectorInput {
  readonly select: string;
  /** Where the user wrote them: `--select`, `modes.check.exclude`. */
  readonly writtenAt: { readonly select: string; readonly exclude: string };
  /** What unselected parents are read from; `isNeeded` false: only where it costs nothing to know. */
  readonly findDeferral: (isNeeded: boolean) => Promise<Baseline | null>;
  /** What git sees as changed since the baseline, from the project's folder; null: not known. */
  readonly changedFiles: ReadonlySet<string> | null;
  /** How long dbt took to start and parse, as it will again; null: it did not. */
  readonly startSeconds: number | null;
  /** Whether parents that are not built may be read from production. */
  readonly mayDefer: boolean;
}

/**
 * Selects the nodes, and completes them so that no node reads from production what is not there. `now`: in milliseconds
 * since 1970. Throws where the selection is empty because it names what the project does not have.
 */
export async function selectNodes(request: SelectionRequest, log: Log, now: number): Promise<SelectionResult> {
  const selected = await runSelector(request, [request.select]);
  if (selected.kind === "failed") return selected;
  const misnamed = misnamedIn(request, selected);
  const contracts = await checkContracts(request, selected, now);
  if (contracts.kind === "failed") return contracts;
  const isTold = (text: string) => selected.misses.some((miss) => text.split(",").includes(miss.text));
  for (const text of selected.unmatched.filter((each) => !comparesState(each) && !isTold(each)))
    log.warn("plan", `${text} matches no node`);
  const result = await completeSelection(request, selected, {
    ask: (texts, exclude) => runSelector({ ...request, exclude }, texts),
    findProduction: request.findDeferral,
  });
  if (result.kind !== "selected") return result;
  return { ...result, warnings: [...misnamed, ...contracts.warnings, ...result.warnings] };
}

/** Warnings for criteria that match nothing in the whole project. Throws where nothing else is selected either. */
function misnamedIn({ manifest, writtenAt }: SelectionRequest, { ids, misses }: Selected): readonly string[] {
  const wrong = misses.filter(({ position }) => position.option === "select");
  if (ids.length === 0 && wrong.length > 0) {
    const problems = wrong.map((miss) => ({
      where: writtenAt.select,
      got: JSON.stringify(miss.position.whole),
      wanted: describeMiss(miss, manifest),
    }));
    throw configurationError(problems, "correct the name: nothing else is selected, so nothing would be built");
  }
  return misses.map((miss) => {
    const nothing = miss.position.option === "exclude" ? ": it leaves nothing out" : "";
    return `${writtenAt[miss.position.option]}: ${describeMiss(miss, manifest)}${nothing}`;
  });
}

type Contracts =
  | { readonly kind: "checked"; readonly warnings: readonly string[] }
  | { readonly kind: "failed"; readonly run: DbtRun };

/**
 * What dbt says of contracts where it compares states. It is asked itself where one is broken: it alone knows what its
 * adapter enforces, and whether its warnings are errors.
 */
async function checkContracts(request: SelectionRequest, selected: Selected, now: number): Promise<Contracts> {
  const { select: text, exclude, selection, manifest } = request;
  const isCompared = selection !== null && selected.delegatedToDbt === null && comparesContracts([text], exclude);
  const broken = isCompared ? brokenContracts(manifest, selection.manifest, now) : [];
  if (broken.length === 0) return { kind: "checked", warnings: [] };
  if (request.dbt === null) assertNoneRefused(broken);
  else {
    const answer = await listWithDbt(request, [text], "contracts are broken");
    if (answer.kind === "failed") return answer;
  }
  const warnings = broken
    .filter(({ isCertain }) => isCertain)
    .map((each) => `the contract of ${describeBroken(each)} (dbt warns; with a version it would refuse)`);
  return { kind: "checked", warnings };
}

/** Offline: throws where dbt would refuse a broken contract, and where only dbt knows. */
function assertNoneRefused(broken: readonly BrokenContract[]): void {
  const refused = broken.filter(({ isVersioned }) => isVersioned);
  if (refused.length === 0) return;
  const certain = refused.filter(({ isCertain }) => isCertain);
  if (certain.length === 0)
    throw onlyDbtKnows(`whether constraints of ${refused.map(({ id }) => id).join(", ")} are enforced`, null);
  throw new SignalboxError(
    "dbt",
    `Breaking change to contract: dbt refuses this comparison\n${certain.map((each) => `- ${describeBroken(each)}`).join("\n")}`,
    { hint: CONTRACT_HINT },
  );
}

/** What to do about a contract that dbt sees broken. */
const CONTRACT_HINT =
  "add columns instead, make a new version of the model, or let its deprecation_date pass before it goes";

const DEPS_HINT =
  "dbt deps has to pass: it downloads what packages.yml names; does this machine reach hub.getdbt.com, or the git server?";

/** Why there is no plan, and what to do: in dbt's own words. */
export function describeFailure({ command, exitCode, lastWords }: DbtRun): { message: string; hint: string } {
  const message = lastWords ?? `dbt ${command} ended with exit code ${exitCode}`;
  const adapter = /\bCould not find adapter type ([a-z]\w{0,40})!/.exec(lastWords ?? "")?.[1];
  if (adapter !== undefined) return { message, hint: `install dbt-${adapter} beside dbt-core` };
  if (command === "deps") return { message, hint: DEPS_HINT };
  return { message, hint: isAboutContracts(lastWords) ? CONTRACT_HINT : "correct the project: dbt parse has to pass" };
}
