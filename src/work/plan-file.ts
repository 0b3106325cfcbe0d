import { z } from "zod";
import { MODES } from "../run/mode.ts";
import { INDIRECT_SELECTIONS } from "../selection/evaluate.ts";
import type { PlanResult } from "../selection/plan.ts";
import { SignalboxError } from "../support/errors.ts";
import { readFileIfAny } from "../support/files.ts";

const reason = z.discriminatedUnion("kind", [
  z.object({ kind: z.enum(["new", "body", "relation", "description", "contract", "moved", "checksum"]) }),
  z.object({ kind: z.literal("config"), keys: z.array(z.string()) }),
  z.object({ kind: z.literal("macro"), macro: z.string(), path: z.string() }),
  z.object({ kind: z.literal("downstream"), of: z.string() }),
  z.object({ kind: z.enum(["missing-in-production", "nothing-deferred"]) }),
]);

const origin = z.object({
  kind: z.enum(["path", "bundle", "worktree"]),
  where: z.string(),
  distance: z.number().nullable(),
  commit: z.string().nullable(),
  createdAt: z.string().nullable(),
});

/** dbt takes the first word behind an option whatever it begins with; any other that begins with a dash is an option. */
const words = z.array(z.string()).refine((list) => list.slice(1).every((word) => !word.startsWith("-")));

const planFile = z.object({
  schema: z.literal(1),
  mode: z.enum(MODES),
  target: z.string().nullable(),
  commit: z.string().nullable(),
  choosing: z.object({
    exclude: words,
    indirectSelection: z.enum(INDIRECT_SELECTIONS).nullable(),
    resourceTypes: z.object({ only: words, without: words }),
  }),
  kind: z.enum(["everything", "nothing", "selected"]),
  ids: z.array(z.string()),
  nodes: z.array(
    z.object({
      id: z.string(),
      type: z.string(),
      path: z.string(),
      relation: z.string().nullable().default(null),
      reasons: z.array(reason),
    }),
  ),
  baselines: z.object({ selection: origin.nullable(), deferral: origin.nullable() }),
  defer: z.boolean(),
  promoted: z.array(z.string()),
  estimate: z.object({ seconds: z.number(), threads: z.number(), untimed: z.number() }).nullable().default(null),
  dbt: z
    .object({
      select: words,
      exclude: words,
      indirectSelection: z.string().nullable().default(null),
      state: z.string().nullable(),
      deferState: z.string().nullable(),
    })
    .nullable(),
  newer: z.array(z.object({ source: z.string(), from: z.string().nullable(), to: z.string() })).optional(),
  delegatedToDbt: z.string().nullable(),
  warnings: z.array(z.string()),
});

/** Reads plan.json; null where there is none. Throws an artifacts error for a file that signalbox did not write. */
export async function readPlanFile(file: string): Promise<PlanResult | null> {
  const text = await readFileIfAny(file);
  if (text === null) return null;
  let [isOld, isRedacted] = [false, false];
  try {
    const value: unknown = JSON.parse(text);
    isOld = typeof value === "object" && value !== null && "schema" in value && !("mode" in value);
    const plan = planFile.parse(value);
    // dbt would take it for a glob that matches everything.
    const chosen = [...plan.ids, ...(plan.dbt?.select ?? []), ...(plan.dbt?.exclude ?? []), ...plan.choosing.exclude];
    isRedacted = chosen.some((text) => text.includes("***"));
    if (!isRedacted) return plan;
  } catch (error) {
    const what = isOld
      ? "does not say its mode, target and commit: an older signalbox made it"
      : "is not a plan of signalbox";
    throw new SignalboxError("artifacts", `${file} ${what}`, {
      hint: "run signalbox plan again",
      cause: error,
    });
  }
  throw new SignalboxError(
    "artifacts",
    `${file} names nodes whose names hold a secret of this job: it says *** there`,
    {
      hint: "run signalbox ci, which needs no file; or change that secret: it is a part of a name",
    },
  );
}
