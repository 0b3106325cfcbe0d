import type { Manifest } from "../artifacts/manifest.ts";
import { shortName } from "../artifacts/node-name.ts";
import { bytesInWords, duration } from "../text/amounts.ts";
import { cleanLine } from "../text/clean.ts";
import { type Amounts, bytesOf, type Cost } from "./amounts.ts";
import { ownerOf } from "./node-owner.ts";
import type { Finding } from "./verdict.ts";

/** What one run may take. */
export interface RunBudget {
  /** Billed, or read where nothing is billed by them; null: any. */
  readonly bytes: number | null;
  /** Of all nodes together; null: any. */
  readonly seconds: number | null;
  readonly severity: Finding["severity"];
}

/** Nodes that are named with what they took. */
const MOST_NAMED = 3;

/** The finding about a run that took more than it may; null: it did not, as far as its results tell. */
export function findOverBudget(
  cost: Cost,
  budget: RunBudget,
  manifest: Manifest | null,
): Omit<Finding, "isNew"> | null {
  const over = [
    overLine(cost, bytesOf, budget.bytes, bytesInWords, manifest),
    overLine(cost, ({ seconds }) => seconds, budget.seconds, duration, manifest),
  ].filter((line) => line !== null);
  if (over.length === 0) return null;
  return {
    subject: { kind: "run", what: "budget" },
    severity: budget.severity,
    failureClass: "data",
    status: "over budget",
    message: over.join("\n"),
    failures: null,
    threshold: null,
    skipped: [],
    muted: null,
  };
}

/** Whether a budget of bytes could not be looked at: dbt built something, and no result of it tells any. */
export function isUncounted(cost: Cost, { bytes }: Pick<RunBudget, "bytes">): boolean {
  return bytes !== null && cost.total.seconds > 0 && bytesOf(cost.total) === null;
}

/** `41 GB, and the budget is 10 GB; most of it: fct_orders 20 GB (owner finance), dim_customers 9.1 GB`. */
function overLine(
  { total, nodes }: Cost,
  amountOf: (amounts: Amounts) => number | null,
  budget: number | null,
  inWords: (amount: number) => string,
  manifest: Manifest | null,
): string | null {
  const taken = amountOf(total);
  if (budget === null || taken === null || taken <= budget) return null;
  const most = Object.entries(nodes)
    .map(([id, cost]) => ({ id, amount: amountOf(cost) ?? 0 }))
    .filter(({ amount }) => amount > 0)
    .sort((a, b) => b.amount - a.amount)
    .slice(0, MOST_NAMED)
    .map(({ id, amount }) => {
      const node = manifest?.nodes.get(id);
      const owner = node === undefined || manifest === null ? null : ownerOf(node, manifest);
      const whose = owner === null ? "" : ` (owner ${cleanLine(owner, 80)})`;
      return `${cleanLine(shortName(id), 100)} ${inWords(amount)}${whose}`;
    });
  return `${inWords(taken)}, and the budget is ${inWords(budget)}; most of it: ${most.join(", ")}`;
}
