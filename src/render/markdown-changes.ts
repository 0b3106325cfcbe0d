import type { PlanResult } from "../selection/plan.ts";
import type { Touched } from "../severity/touched.ts";
import { cleanLine } from "../text/clean.ts";
import { markdownCode, markdownText } from "../text/markdown.ts";
import { details, LINE_BREAK, list } from "./markdown-parts.ts";
import { describePlan, type PlanRoot } from "./plan-words.ts";
import { type Room, within } from "./within.ts";
import { count, grouped, listedAs } from "./words.ts";

const MOST_NAMES = 10;
const MOST_TOUCHED = 8;

/** What changed and what follows it, as a tree to be opened; whom it touches. `total`: nodes in the project, if known. */
export function changeSections(
  plan: PlanResult,
  { total, touched, rooms }: { total: number | null; touched: Touched | null; rooms: { plan: Room; warnings: Room } },
): readonly string[] {
  const { headline, roots, notes, warnings } = describePlan(plan, total);
  const tree = [
    ...(roots.length === 0 ? [] : [list(rooms.plan, roots, branch, (more) => `+${more} more in plan.json`)]),
    ...(notes.length === 0 ? [] : [notes.map(markdownText).join(LINE_BREAK)]),
  ];
  return [
    plan.kind === "selected" ? "### What changed" : "### What was built",
    [
      headline,
      ...within(
        rooms.warnings,
        warnings,
        (warning) => `⚠️ ${markdownText(warning)}`,
        (more) => `+${more} more warnings in plan.json`,
      ),
      ...(touched === null ? [] : touchedLines(touched)),
    ].join(LINE_BREAK),
    ...(tree.length === 0 ? [] : [details(treeTitle(roots), tree)]),
  ];
}

function treeTitle(roots: readonly PlanRoot[]): string {
  if (roots.length === 0) return "Compared with what";
  return roots.length === 1
    ? "The node, and what follows it"
    : `The ${grouped(roots.length)} nodes, and what follows them`;
}

/** A node with its reason, and below it what is built because of it. */
function branch({ name, why, follow }: PlanRoot): string {
  const line = `${markdownCode(name)} ${markdownText(why)}`;
  if (follow === null) return line;
  const names = follow.names.length === 0 ? "" : `: ${listedAs(follow.names, MOST_NAMES, markdownCode)}`;
  return `${line}\n  - ${follow.words}${names}`;
}

function touchedLines({ exposures, owners }: Touched): readonly string[] {
  const ofExposure = ({ name, type, owner }: Touched["exposures"][number]) => {
    const facts = [type, owner === null ? null : `of ${owner}`].filter((fact) => fact !== null);
    return `${markdownCode(name)}${facts.length === 0 ? "" : ` (${markdownText(cleanLine(facts.join(" "), 120))})`}`;
  };
  const ofOwner = ({ name, nodes }: Touched["owners"][number]) => `${markdownCode(name)} (${count(nodes, "node")})`;
  return [
    ...(exposures.length === 0
      ? []
      : [`Reaches ${count(exposures.length, "exposure")}: ${listedAs(exposures, MOST_TOUCHED, ofExposure)}`]),
    ...(owners.length === 0 ? [] : [`Owners: ${listedAs(owners, MOST_TOUCHED, ofOwner)}`]),
  ];
}
