import { z } from "zod";
import type { ToolRun } from "../severity/tool-findings.ts";
import { SignalboxError } from "../support/errors.ts";
import type { WorkFolder } from "./folder.ts";

export const TOOLS_FILE = "findings.json";

/** Of a tool, in findings.json as in verdict.json. */
export const toolFacts = {
  tool: z.string(),
  state: z.enum(["ran", "not-started", "failed"]),
  why: z.string().nullable(),
  files: z.number(),
  filesLeftOut: z.number(),
  elsewhere: z.number(),
  seconds: z.number(),
};

const toolsFile = z.object({
  schema: z.literal(1),
  tools: z.array(
    z.object({
      ...toolFacts,
      severity: z.enum(["error", "warn"]),
      remarks: z.array(
        z.object({
          rule: z.string(),
          message: z.string(),
          isMild: z.boolean(),
          path: z.string(),
          line: z.number().nullable(),
          column: z.number().nullable(),
        }),
      ),
    }),
  ),
});

/** findings.json: what the tools of `findings` said of the changed files, for `report`. */
export async function writeToolsFile(work: Pick<WorkFolder, "writeJson">, tools: readonly ToolRun[]): Promise<void> {
  await work.writeJson(TOOLS_FILE, { schema: 1, tools });
}

/** None where there is no such file. Throws an artifacts error for what is none. */
export async function readToolsFile(work: Pick<WorkFolder, "readJson" | "path">): Promise<readonly ToolRun[]> {
  const value = await work.readJson(TOOLS_FILE);
  if (value === null) return [];
  const parsed = toolsFile.safeParse(value);
  if (parsed.success) return parsed.data.tools;
  throw new SignalboxError("artifacts", `${work.path(TOOLS_FILE)} holds no findings of signalbox`, {
    hint: "run signalbox build again",
  });
}
