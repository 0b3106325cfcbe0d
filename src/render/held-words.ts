import type { Held } from "../artifacts/dbt-run.ts";
import { shortName } from "../artifacts/node-name.ts";
import type { NodeResult } from "../artifacts/run-results.ts";
import { cleanLine } from "../text/clean.ts";
import { count, listed } from "./words.ts";

const MOST_NAMES = 5;

/** What is held back, a line for each stale source: `not rebuilt: stripe.charges was loaded 7 h ago; … : 12 nodes keep …`. */
export function describeHeld(held: readonly Held[], rows: readonly NodeResult[]): string {
  return held
    .map(({ source, ids }) => {
      const said = cleanLine(rows.find(({ id }) => id === source)?.message ?? "is stale");
      const kept =
        ids.length === 0
          ? "nothing of the plan lies below it"
          : `${count(ids.length, "node")} ${ids.length === 1 ? "keeps its" : "keep their"} last state: ${names(ids)}`;
      return `not rebuilt: ${cleanLine(shortName(source), 100)} ${said}; ${kept}`;
    })
    .join("\n");
}

function names(ids: readonly string[]): string {
  return listed(
    ids.map((id) => cleanLine(shortName(id), 80)),
    MOST_NAMES,
  );
}
