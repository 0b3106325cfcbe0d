import { shortName } from "../artifacts/node-name.ts";
import { type Amounts, bytesOf, type Cost, type NodeCost, type Share } from "../severity/amounts.ts";
import { cleanLine } from "../text/clean.ts";
import { bytesInWords, count, duration } from "./words.ts";

/** What a run took, for every surface: our own words and numbers alone. */
export interface CostWords {
  /** `41 GB billed, 2 min 05 s of node time, 3 h 10 min of slot time`. */
  readonly total: string;
  /** Against production's build: what is the same work, what is new, what cannot be compared and why. */
  readonly parts: readonly string[];
}

/** null: nothing took any time. */
export function describeCost({ total, against }: Cost): CostWords | null {
  const amounts = amountsInWords(total);
  if (amounts === null) return null;
  if (against === null) return { total: amounts, parts: [] };
  const { same } = against.shares;
  const when = against.at === null ? "" : ` of ${against.at.slice(0, 16).replace("T", " ")} UTC`;
  const compared = comparedWith(against.before, same);
  return {
    total: amounts,
    parts: [
      ...(same.nodes === 0 || compared === null
        ? []
        : [`${count(same.nodes, "node")} as in the deploy${when}: ${compared}`]),
      ...APART.flatMap(([share, one, many, why]) => {
        const { nodes, ...took } = against.shares[share];
        const words = shortly(took);
        return nodes === 0 || words === null
          ? []
          : [`${nodes === 1 ? `1 ${one}` : `${nodes} ${many}`}${why}: ${words}`];
      }),
    ],
  };
}

const APART: readonly (readonly [Share, string, string, string])[] = [
  ["new", "new node", "new nodes", ""],
  ["from-start", "first build or full refresh", "first builds or full refreshes", ", not comparable"],
  ["unclear", "node that may be a first build", "nodes that may be first builds", ", not comparable"],
  ["unfinished", "unfinished node", "unfinished nodes", ", not comparable"],
];

/** In one line. */
export function costLine(cost: Cost): string | null {
  const words = describeCost(cost);
  return words === null ? null : [words.total, ...words.parts].join("; ");
}

/** Whether a warehouse has told more than times: then the nodes are listed by it. */
export function tellsBytes({ total }: Cost): boolean {
  return bytesOf(total) !== null;
}

export interface CostlyNode extends Pick<NodeCost, "jobUrl" | "queryId"> {
  /** A clean line. */
  readonly name: string;
  /** `20 GB, was 18 GB (+11 %); 12 s, was 11 s (+9 %)`. */
  readonly words: string;
}

/** The nodes that took most, by bytes where they are told, else by time. `nameOf` by id. */
export function costliest({ nodes, total }: Cost, most: number): readonly CostlyNode[] {
  const weigh =
    bytesOf(total) === null ? ({ seconds }: Amounts) => seconds : (amounts: Amounts) => bytesOf(amounts) ?? 0;
  return Object.entries(nodes)
    .filter(([, cost]) => weigh(cost) > 0)
    .sort(([a, x], [b, y]) => weigh(y) - weigh(x) || y.seconds - x.seconds || (a < b ? -1 : 1))
    .slice(0, most)
    .map(([id, cost]) => ({
      name: cleanLine(shortName(id), 100),
      words: nodeInWords(cost),
      jobUrl: cost.jobUrl,
      queryId: cost.queryId === null ? null : cleanLine(cost.queryId, 100),
    }));
}

const WHY: Readonly<Record<Exclude<Share, "same">, string>> = {
  new: "new",
  "from-start": "first build or full refresh, not comparable",
  unclear: "may be a first build, not comparable",
  unfinished: "unfinished, not comparable",
};

function nodeInWords(cost: NodeCost): string {
  const { share, before } = cost;
  if (share === "same" && before !== null) return comparedWith(before, cost) ?? "";
  const words = shortly(cost) ?? "";
  return share === null || share === "same" ? words : `${words} (${WHY[share]})`;
}

/** `node time`: what several threads did at once counts for each. */
function amountsInWords({ bytesBilled, bytesProcessed, slotMs, seconds }: Amounts): string | null {
  return joined([
    bytesBilled === null ? null : `${bytesInWords(bytesBilled)} billed`,
    bytesBilled !== null || bytesProcessed === null ? null : `${bytesInWords(bytesProcessed)} read`,
    seconds === 0 ? null : `${duration(seconds)} of node time`,
    slotMs === null || slotMs < 1000 ? null : `${duration(slotMs / 1000)} of slot time`,
  ]);
}

/** `40 GB, 1 min 30 s`. */
function shortly(amounts: Amounts): string | null {
  const bytes = bytesOf(amounts);
  return joined([
    bytes === null ? null : bytesInWords(bytes),
    amounts.seconds === 0 ? null : duration(amounts.seconds),
  ]);
}

function joined(parts: readonly (string | null)[], mark = ", "): string | null {
  const full = parts.filter((part) => part !== null);
  return full.length === 0 ? null : full.join(mark);
}

/** `10 GB, was 9.8 GB (+3 %); 14 s, was 11 s (+27 %)`. */
function comparedWith(before: Amounts, now: Amounts): string | null {
  const bytes = [bytesOf(now), bytesOf(before)] as const;
  return joined(
    [
      bytes[0] === null || bytes[1] === null ? null : change(bytes[0], bytes[1], bytesInWords),
      now.seconds === 0 && before.seconds === 0 ? null : changeOfTime(now.seconds, before.seconds),
    ],
    "; ",
  );
}

/** Below a second it is chance. */
function changeOfTime(now: number, before: number): string {
  return Math.abs(now - before) < 1 ? `${duration(now)} as before` : change(now, before, duration);
}

function change(now: number, before: number, inWords: (amount: number) => string): string {
  const [is, was] = [inWords(now), inWords(before)];
  return is === was ? `${is} as before` : `${is}, was ${was}${percent(now, before)}`;
}

function percent(now: number, before: number): string {
  if (before <= 0) return "";
  const times = now / before;
  if (times >= 10) return ` (${Math.round(times)} ×)`;
  const share = Math.round((times - 1) * 100);
  return share === 0 ? "" : ` (${share > 0 ? "+" : "−"}${Math.abs(share)} %)`;
}
