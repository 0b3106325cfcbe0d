import type { DbtRun } from "../artifacts/dbt-run.ts";
import type { Manifest } from "../artifacts/manifest.ts";
import { type NodeResult, type RunResults, sawPart } from "../artifacts/run-results.ts";
import { groupBy } from "../support/group-by.ts";
import { type Amounts, type Cost, type NodeCost, SHARES, type Share, type ShareCost } from "./amounts.ts";
import { hasOwnResults } from "./run-findings.ts";
import { kindOf, passedWithoutWork } from "./status.ts";

/** The build of the baseline. */
export type BaseBuild = Pick<RunResults, "results" | "flags" | "generatedAt">;

const NO_AMOUNTS: Amounts = { seconds: 0, bytesBilled: null, bytesProcessed: null, slotMs: null };

/** What the starts took, each try of a node counted. `base`: null where no build is known to compare with. */
export function costOf(runs: readonly DbtRun[], manifest: Manifest | null, base: BaseBuild | null): Cost {
  const own = runs.filter(hasOwnResults);
  const tries = groupBy(rowsOnce(own), ({ id }) => id);
  const isFullRefresh = own.some(({ flags }) => flags?.fullRefresh === true) || base?.flags.fullRefresh === true;
  const isPart = [base, ...own].some((each) => sawPart(each?.flags));
  const compared = isPart ? null : base;
  const before = new Map(compared?.results.map((row) => [row.id, row]));
  const nodes = [...tries].map(([id, rows]): [string, NodeCost] => {
    const last = rows.at(-1);
    const then = before.get(id);
    const keepsRows = mayKeepRows(id, manifest);
    const share =
      compared === null || last === undefined ? null : shareOf(last, then, keepsRows, keepsRows && isFullRefresh);
    return [
      id,
      {
        ...rows.map(amountsOf).reduce(add, NO_AMOUNTS),
        share,
        before: share === "same" && then !== undefined ? amountsOf(then) : null,
        jobUrl: last?.response?.jobUrl ?? null,
        queryId: last?.response?.queryId ?? null,
      },
    ];
  });
  const costs = nodes.map(([, cost]) => cost);
  return {
    total: sum(costs),
    against:
      compared === null
        ? null
        : {
            at: compared.generatedAt || null,
            before: sum(costs.flatMap(({ before }) => before ?? [])),
            shares: sharesOf(costs),
          },
    nodes: Object.fromEntries(nodes),
  };
}

/** A row may stand in two files that are judged together. */
function rowsOnce(runs: readonly DbtRun[]): readonly NodeResult[] {
  const rows = runs.flatMap(({ results }) => results ?? []);
  const keyOf = ({ id, startedAt, seconds }: NodeResult, index: number) =>
    startedAt === null ? `${index}` : JSON.stringify([id, startedAt, seconds]);
  return [...new Map(rows.map((row, index) => [keyOf(row, index), row])).values()];
}

/** What is built as a whole each time, whatever is there already. https://docs.getdbt.com/docs/build/materializations */
const WHOLE: ReadonlySet<string> = new Set(["table", "view", "ephemeral", "seed", "test"]);

/** Whether a build of the node may add to what an earlier one left, so that two builds are not of the same work. */
function mayKeepRows(id: string, manifest: Manifest | null): boolean {
  const node = manifest?.nodes.get(id);
  const type = node?.type ?? id.split(".")[0] ?? "";
  if (["test", "unit_test", "seed", "function", "operation"].includes(type)) return false;
  return node?.materialized == null || !WHOLE.has(node.materialized);
}

/** A statement that changes a table which was there. What inserts may have made it just before. */
const CHANGES: ReadonlySet<string> = new Set(["MERGE", "UPDATE", "DELETE"]);
/** A statement that makes the table. Postgres says SELECT of `create table as`. */
const MAKES: ReadonlySet<string> = new Set(["CREATE TABLE", "CREATE TABLE AS", "CREATE TABLE AS SELECT", "SELECT"]);

function shareOf(now: NodeResult, then: NodeResult | undefined, keepsRows: boolean, isFullRefresh: boolean) {
  // An exposure has a row too, and nothing that could be built.
  if (/^(?:source|exposure|saved_query)\./.test(now.id)) return null;
  if (!hasDoneItsWork(now)) return "unfinished";
  if (then === undefined) return "new";
  if (!hasDoneItsWork(then)) return "unfinished";
  if (!keepsRows) return "same";
  const codes = [now, then].map(({ response }) => response?.code ?? "");
  if (isFullRefresh || codes.some((code) => MAKES.has(code))) return "from-start";
  return codes.every((code) => CHANGES.has(code)) ? "same" : "unclear";
}

/** A test that found failures has run to its end. */
function hasDoneItsWork(row: NodeResult): boolean {
  const { status } = row;
  if (passedWithoutWork(row)) return false;
  return status === "fail" || kindOf(status) === "passed" || kindOf(status) === "warned";
}

function amountsOf({ seconds, response }: NodeResult): Amounts {
  const { bytesBilled = null, bytesProcessed = null, slotMs = null } = response ?? {};
  return { seconds, bytesBilled, bytesProcessed, slotMs };
}

function sum(amounts: readonly Amounts[]): Amounts {
  return amounts.reduce(add, NO_AMOUNTS);
}

function add(a: Amounts, b: Amounts): Amounts {
  const both = (x: number | null, y: number | null) => (x === null ? y : x + (y ?? 0));
  return {
    seconds: a.seconds + b.seconds,
    bytesBilled: both(a.bytesBilled, b.bytesBilled),
    bytesProcessed: both(a.bytesProcessed, b.bytesProcessed),
    slotMs: both(a.slotMs, b.slotMs),
  };
}

function sharesOf(costs: readonly NodeCost[]): Readonly<Record<Share, ShareCost>> {
  const entries = SHARES.map((share): [Share, ShareCost] => {
    const own = costs.filter((cost) => cost.share === share);
    return [share, { nodes: own.length, ...sum(own) }];
  });
  return Object.fromEntries(entries) as Record<Share, ShareCost>;
}
