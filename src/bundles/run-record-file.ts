import { gunzipSync, gzipSync } from "node:zlib";
import { z } from "zod";
import { MODES } from "../run/mode.ts";
import {
  type KeptRun,
  MOST_ID,
  MOST_NODES,
  NODE_STATES,
  type NodeRecord,
  type NodeState,
  type RunFacts,
} from "../severity/run-record.ts";
import { SignalboxError } from "../support/errors.ts";
import { isCommit } from "./bundle.ts";

/** Records in one file. */
export const MOST_RECORDS = 20;
/** Of a file as it lies in a store; 20 records of 20,000 nodes have about half of it. */
export const MOST_RECORD_BYTES = 8 * 1024 * 1024;
/** Of what comes out of it; 20 records of 20,000 nodes with the longest ids and versions that never stay have less. */
const MOST_TEXT_BYTES = 24 * 1024 * 1024;

const NO_ROW = "-";
const STATES = new RegExp(`^[${NODE_STATES.join("")}${NO_ROW}]*$`);

const time = z.iso.datetime().transform((text) => new Date(text).toISOString());
const runFacts = z.object({
  id: z.string().max(200),
  attempt: z.int().positive(),
  mode: z.enum(MODES).exclude(["check"]),
  commit: z.string().refine(isCommit, "wanted a whole hash"),
  project: z.string().max(200),
  folder: z.string().max(1000),
  target: z.string().max(200).nullable(),
  startedAt: time,
  level: z.enum(["error", "warn", "pass", "nothing"]),
});
const number = z.number().nonnegative().nullable();
/** Each list has one value for each letter of the first that is no `-`. Looked at node by node, to the first that is wrong. */
const nodeRows = z.object({
  states: z.string().regex(STATES),
  seconds: z.array(number),
  failures: z.array(number).optional(),
  /** Empty: the same as the one before. */
  versions: z.array(z.string().max(64).nullable()),
});
const recordFile = z.object({
  schema: z.literal(1),
  runs: z.array(runFacts).min(1),
  /** By id. A text in `states` has one letter for each of the runs. */
  nodes: z.record(z.string(), z.unknown()),
});
type NodeRows = z.output<typeof nodeRows>;

/**
 * Records as one file: JSON, by node, in gzip, which has a checksum. At most `MOST_RECORDS`, oldest first. A build of 5,000
 * nodes takes about 90 kB, 20 of them 290 kB.
 */
export function packRecords(records: readonly KeptRun[]): { readonly text: string; readonly bytes: Uint8Array } {
  const runs = records.map(({ nodes: _, ...facts }) => facts);
  const nodes = Object.fromEntries(idsOf(records).map((id) => [id, rowsOf(records, id)]));
  const text = JSON.stringify({ schema: 1, runs, nodes });
  return { text, bytes: gzipSync(text, { level: 9 }) };
}

/** In their order; of more than fit, those that ever failed or warned before the others, and the latest run's first. */
function idsOf(records: readonly KeptRun[]): readonly string[] {
  const latestFirst = records.flatMap(({ nodes }) => [...nodes]).reverse();
  const bad = latestFirst.flatMap(([id, { state }]) => (state === "p" ? [] : [id]));
  const ids = [...new Set([...bad, ...latestFirst.map(([id]) => id)])];
  return ids.slice(0, MOST_NODES).sort();
}

function rowsOf(records: readonly KeptRun[], id: string): NodeRows {
  const rows = records.flatMap(({ nodes }) => nodes.get(id) ?? []);
  const failures = rows.map((row) => row.failures);
  return {
    states: records.map(({ nodes }) => nodes.get(id)?.state ?? NO_ROW).join(""),
    seconds: rows.map(({ seconds }) => seconds),
    ...(failures.every((each) => each === null) ? {} : { failures }),
    versions: rows.map(({ version }, index) =>
      index > 0 && version !== null && version === rows[index - 1]?.version ? "" : version,
    ),
  };
}

/** Reads a file of records. Throws an artifacts error for one that is damaged, too large, or of a later version. */
export function unpackRecords(bytes: Uint8Array, where: string): readonly KeptRun[] {
  const value = parse(bytes, where);
  if (isLater(value)) throw unread(where, "is of a later version of signalbox");
  assertFew(value, where);
  const { runs, nodes } = check(recordFile, value, where);
  const records = runs.map((facts) => ({ ...facts, nodes: new Map<string, NodeRecord>() }));
  for (const [id, rows] of Object.entries(nodes)) {
    if (id.length > MOST_ID) throw unread(where, `has an id of more than ${MOST_ID} characters`);
    assertShort(rows, where);
    addRows(records, id, check(nodeRows, rows, where), where);
  }
  return records;
}

/** A schema looks at all that there is, and keeps each thing that is wrong: of millions of them no memory is left. */
function assertFew(value: unknown, where: string): void {
  if (!isObject(value)) return;
  const { runs, nodes } = value;
  if (Array.isArray(runs) && runs.length > MOST_RECORDS) throw unread(where, `has more than ${MOST_RECORDS} runs`);
  if (isObject(nodes) && Object.keys(nodes).length > MOST_NODES)
    throw unread(where, `has more than ${MOST_NODES} nodes`);
}

function assertShort(rows: unknown, where: string): void {
  if (!isObject(rows)) return;
  const lists = [rows.states, rows.seconds, rows.failures, rows.versions];
  if (lists.some((list) => (Array.isArray(list) || typeof list === "string") && list.length > MOST_RECORDS))
    throw unread(where, "is not as written: its lists differ in length");
}

function check<T extends z.ZodType>(schema: T, value: unknown, where: string): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw unread(where, `is not as written: ${z.prettifyError(parsed.error).split("\n")[0]}`);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

type OpenRecord = RunFacts & Pick<KeptRun, "level"> & { readonly nodes: Map<string, NodeRecord> };

function addRows(records: readonly OpenRecord[], id: string, rows: NodeRows, where: string): void {
  const { states, seconds, failures, versions } = rows;
  const count = [...states].filter((state) => state !== NO_ROW).length;
  const isWhole = [seconds, versions, failures ?? seconds].every((list) => list.length === count);
  if (states.length !== records.length || !isWhole)
    throw unread(where, "is not as written: its lists differ in length");
  let at = 0;
  let version: string | null = null;
  records.forEach(({ nodes }, index) => {
    const state = states.charAt(index);
    if (state === NO_ROW) return;
    const written: string | null = versions[at] ?? null;
    version = written === "" ? version : written;
    nodes.set(id, {
      state: state as NodeState,
      seconds: seconds[at] ?? null,
      failures: failures?.[at] ?? null,
      version,
    });
    at += 1;
  });
}

function parse(bytes: Uint8Array, where: string): unknown {
  if (bytes.length > MOST_RECORD_BYTES)
    throw unread(where, `has ${bytes.length} bytes, more than ${MOST_RECORD_BYTES}`);
  try {
    return JSON.parse(gunzipSync(bytes, { maxOutputLength: MOST_TEXT_BYTES }).toString("utf8"));
  } catch (cause) {
    throw unread(where, "is damaged, or too large", cause);
  }
}

function isLater(value: unknown): boolean {
  return isObject(value) && typeof value.schema === "number" && value.schema > 1;
}

function unread(where: string, what: string, cause?: unknown): SignalboxError {
  return new SignalboxError("artifacts", `the run record ${where} ${what}`, {
    hint: "it is passed over; later runs leave new ones",
    ...(cause === undefined ? {} : { cause }),
  });
}
