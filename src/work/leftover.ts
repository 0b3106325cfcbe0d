import { readdir } from "node:fs/promises";
import { fieldsOf, textOf } from "../artifacts/fields.ts";
import { writtenAt } from "../support/files.ts";
import type { WorkFolder } from "./folder.ts";

/** What a work folder without a build tells of the signalbox that left it. */
export type Leftover =
  /** It is of no `ci`, and no build was begun. */
  | { readonly kind: "none" }
  | { readonly kind: "cut-off"; readonly why: string }
  | {
      readonly kind: "ended";
      readonly outcome: string;
      /** Nothing was to be built. */
      readonly isFine: boolean;
      /** Milliseconds since the epoch. */
      readonly endedAt: number;
    };

const FINE: ReadonlySet<string> = new Set(["nothing", "skipped", "superseded"]);

/** For a work folder without a build.json, which is written when dbt has ended. */
export async function readLeftover(work: WorkFolder): Promise<Leftover> {
  const endedAt = await writtenAt(work.path("ci.json"));
  const ci: unknown = endedAt === null ? null : await work.readJson("ci.json");
  const outcome = typeof ci !== "object" || ci === null ? null : (textOf(fieldsOf(ci).outcome) ?? "unknown");
  const starts = await readdir(work.path("dbt")).catch((): string[] => []);
  const build = starts.findLast((name) => /^\d+-build$/.test(name));
  if (build !== undefined) {
    const begunAt = (await writtenAt(work.path("dbt", build))) ?? 0;
    // Who makes way for a newer run has stopped its dbt.
    const hasStoppedIt = outcome === "superseded" && endedAt !== null && endedAt >= begunAt;
    if (!hasStoppedIt) return { kind: "cut-off", why: `its dbt build (dbt/${build}) has no end` };
  }
  if (endedAt !== null && outcome !== null) return { kind: "ended", outcome, isFine: FINE.has(outcome), endedAt };
  const begunAt = await writtenAt(work.path("run.json"));
  if (begunAt === null) return { kind: "none" };
  return { kind: "cut-off", why: `its ci began at ${new Date(begunAt).toISOString()} and has no end` };
}
