import { z } from "zod";
import { TROUBLES } from "../artifacts/dbt-run.ts";
import { FAILURE_CLASSES, RUN_SUBJECTS, type VerdictResult } from "../severity/verdict.ts";
import { SignalboxError } from "../support/errors.ts";
import { readFileIfAny } from "../support/files.ts";
import { toolFacts } from "./tools-file.ts";

const count = z.number();

const subject = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("node"),
    id: z.string(),
    name: z.string(),
    attachedTo: z.string().nullable(),
    column: z.string().nullable(),
    path: z.string().nullable(),
    line: z.number().nullable(),
    // Not in the verdicts of version 0.1 that bundles hold.
    compiled: z.string().nullable().default(null),
    owner: z.string().nullable(),
    ownerSlack: z.string().nullable().default(null),
    tags: z.array(z.string()),
    type: z.string().nullable(),
    group: z.string().nullable(),
    test: z.string().nullable(),
    alertKey: z.string().nullable().default(null),
  }),
  z.object({ kind: z.literal("run"), what: z.enum(RUN_SUBJECTS) }),
  z.object({
    kind: z.literal("tool"),
    tool: z.string(),
    rule: z.string().nullable(),
    path: z.string().nullable(),
    line: z.number().nullable(),
    column: z.number().nullable(),
    id: z.string().nullable(),
    name: z.string(),
    owner: z.string().nullable(),
    ownerSlack: z.string().nullable(),
    tags: z.array(z.string()),
    group: z.string().nullable(),
    type: z.string().nullable(),
  }),
]);

const ofRuns = { on: z.string().nullable(), runs: z.number() };
const history = z.array(
  z.discriminatedUnion("kind", [
    z.object({
      ...{ kind: z.literal("flaky"), ...ofRuns, failed: z.number(), passedAgain: z.number() },
      fault: z.enum(["own", "warehouse"]),
    }),
    z.object({ kind: z.literal("growing"), counts: z.array(z.number()) }),
    z.object({
      ...{ kind: z.literal("failing"), ...ofRuns },
      first: z.object({ at: z.string(), commit: z.string() }),
      isSince: z.boolean(),
    }),
    z.object({ kind: z.literal("slow"), seconds: z.number(), medianSeconds: z.number() }),
  ]),
);

const ofNode = z.object({
  subject,
  severity: z.enum(["error", "warn"]),
  failureClass: z.enum(FAILURE_CLASSES),
  status: z.string(),
  message: z.string(),
  failures: z.number().nullable(),
  threshold: z.string().nullable(),
  skipped: z.array(z.string()),
  muted: z.object({ until: z.string(), reason: z.string() }).nullable(),
  isNew: z.boolean().nullable(),
  places: z
    .array(
      z.object({
        path: z.string(),
        line: z.number().nullable(),
        column: z.number().nullable(),
        message: z.string(),
      }),
    )
    .optional(),
  // What a later version writes here must not make the verdict unreadable.
  history: history.optional().catch(undefined),
});
const finding = ofNode.extend({ nodes: z.array(ofNode).optional() });

const nodeFacts = z.object({
  name: z.string(),
  type: z.string().nullable(),
  package: z.string(),
  path: z.string().nullable(),
  fqn: z.array(z.string()),
  attachedTo: z.string().nullable(),
  column: z.string().nullable(),
  // Not in the verdicts of version 0.1 that bundles hold.
  test: z.string().nullable().default(null),
  alertKey: z.string().nullable().default(null),
  seconds: z.number(),
  startedAt: z.string().nullable(),
});

const retried = z.object({
  starts: z.array(
    z.object({
      startedAt: z.string(),
      seconds: z.number(),
      pauseSeconds: z.number(),
      threads: z.number().nullable(),
      exitCode: z.number().nullable(),
      trouble: z.enum(TROUBLES),
      nodes: z.number().nullable(),
      why: z.string(),
    }),
  ),
  nodes: z.record(
    z.string(),
    z.array(
      z.object({
        status: z.string(),
        failureClass: z.enum(FAILURE_CLASSES),
        message: z.string(),
        words: z.string().nullable(),
        seconds: z.number(),
      }),
    ),
  ),
});

const verdictFile = z.object({
  schema: z.literal(1),
  level: z.enum(["error", "warn", "pass", "nothing"]),
  findings: z.array(finding),
  passed: z.array(z.string()),
  neutral: z.array(z.string()),
  nodes: z.record(z.string(), nodeFacts),
  unknownKeys: z.array(z.string()).optional(),
  known: z.array(z.string()),
  // Not in the verdicts of version 0.1 that bundles hold.
  disabled: z.array(z.string()).default([]),
  dbt: z.object({
    version: z.string().nullable(),
    commands: z.array(z.string()),
    exitCodes: z.array(z.number().nullable()),
  }),
  reproduce: z.string().nullable(),
  retried: retried.nullish(),
  tools: z.array(z.object(toolFacts).extend({ found: count, cut: count })).optional(),
  counts: z.object({ error: count, warn: count, skipped: count, passed: count, muted: count }),
  sources: z.array(
    z.object({
      file: z.string(),
      command: z.string(),
      generatedAt: z.string(),
      // Not in the verdicts of version 0.1 that bundles hold.
      target: z.string().nullable().default(null),
      ageSeconds: z.number().nullable().default(null),
      withoutRow: z.array(z.string()).default([]),
    }),
  ),
});

/** Reads verdict.json. Throws an artifacts error for a file that is absent or that signalbox did not write. */
export async function readVerdictFile(file: string): Promise<VerdictResult> {
  const verdict = await readVerdictIfAny(file);
  if (verdict !== null) return verdict;
  throw new SignalboxError("artifacts", `${file} does not exist: there is no verdict`, {
    hint: "run signalbox report first, or signalbox ci, which does both",
  });
}

/** As `readVerdictFile`, with null for a file that is absent. */
export async function readVerdictIfAny(file: string): Promise<VerdictResult | null> {
  const text = await readFileIfAny(file);
  if (text === null) return null;
  try {
    return verdictFile.parse(JSON.parse(text));
  } catch (cause) {
    throw new SignalboxError("artifacts", `${file} is no verdict of signalbox`, {
      hint: "run signalbox report again",
      cause,
    });
  }
}
