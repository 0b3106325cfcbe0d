import { createHash } from "node:crypto";
import { type DbtRun, lastManifest } from "../artifacts/dbt-run.ts";
import type { Manifest } from "../artifacts/manifest.ts";
import { recordsNameOf, whyOfOther } from "../bundles/bundle-owner.ts";
import { packRecords, unpackRecords } from "../bundles/run-record-file.ts";
import type { WrittenRecord } from "../bundles/store.ts";
import { count } from "../render/words.ts";
import { type BundleParts, type Bundles, openForRecords } from "../setup/bundle-store.ts";
import type { RunSettings } from "../setup/run-settings.ts";
import { distinctRuns, type LooksBack, MOST_RUNS, withHistory } from "../severity/history.ts";
import { type KeptRun, recordOf } from "../severity/run-record.ts";
import type { Verdict } from "../severity/verdict.ts";
import type { Clock } from "../support/clock.ts";
import { SignalboxError } from "../support/errors.ts";
import type { Log } from "../support/log.ts";
import type { Redact } from "../support/redact.ts";
import { type LeaveParts, whyNotLeft } from "./publish/publish.ts";

/** A store may take so long to be read or written for this; the run goes on without it then. */
const MOST_MS = 10_000;

export interface MemoryParts extends BundleParts, LeaveParts {
  readonly settings: BundleParts["settings"] & LeaveParts["settings"];
  readonly clock: Clock;
  readonly log: Pick<Log, "step" | "warn">;
  readonly redact: Redact;
}

/** What dbt did in this run. */
interface Ran {
  readonly runs: readonly DbtRun[];
  readonly manifest: Manifest | null;
}

/** What runs of production remember of each other. Nothing of it fails a run, or keeps it for long. */
export interface RunMemory {
  /** The verdict with what earlier runs tell beside its findings. The store is read only where there are any. */
  recall(verdict: Verdict, ran: Ran): Promise<Verdict>;
  /** Leaves the record of this run, where it may; `said`: why there is no bundle, which need not be said twice. */
  leave(verdict: Verdict, runs: readonly DbtRun[], said: string | null): Promise<WrittenRecord | null>;
}

/** `ancestry`: of the run's own bundles, as it has been asked for the run's commit already. */
export function openMemory(
  parts: MemoryParts,
  runSettings: RunSettings,
  { ancestry }: Pick<Bundles, "ancestry">,
): RunMemory {
  const { clock, log, settings, signal } = parts;
  const { run, baseBranch, mode } = runSettings;
  // A check looks at what deploys left.
  const target = mode === "check" ? settings.config.modes.deploy.target : runSettings.target;
  let known: readonly KeptRun[] = [];

  const ownRecord = async ({ owner }: Bundles, { level }: Verdict, ran: Ran): Promise<KeptRun | null> => {
    if (mode === "check") return null;
    const { project, folder } = await owner();
    const began = Math.min(...ran.runs.map(({ startedAt }) => startedAt), clock.now());
    const facts = {
      ...{ id: run.id, attempt: run.attempt, mode, commit: run.commit.checkedOut },
      ...{ project: project ?? ran.manifest?.projectName ?? "", folder, target },
      startedAt: new Date(began).toISOString(),
    };
    return recordOf({ ...ran, facts, level, hash: shortHash });
  };

  /** The work's answer; null, and one line that says why, where it fails or takes too long. */
  const within = async <T>(what: string, work: (bundles: Bundles) => Promise<T>): Promise<T | null> => {
    const stop = new AbortController();
    const limit = AbortSignal.any([signal, stop.signal]);
    const late = clock.sleep(MOST_MS, limit).then(() => {
      throw new SignalboxError("service", `the store did not answer within ${MOST_MS / 1000} s`);
    });
    try {
      const bundles = openForRecords({ ...parts, signal: limit }, run, baseBranch);
      return await Promise.race([work(bundles), late]);
    } catch (error) {
      signal.throwIfAborted();
      log.step("history", `${what}: ${error instanceof Error ? error.message : String(error)}`);
      return null;
    } finally {
      late.catch(() => {});
      stop.abort();
    }
  };

  return {
    recall: async (verdict, ran) => {
      const hasNodes = verdict.findings.some(({ subject }) => subject.kind === "node");
      if (!hasNodes || run.trust !== "full") return verdict;
      const told = await within("what earlier runs tell is not known", async (bundles) => {
        if (bundles.opened.store === null) return verdict;
        const read = await readRecords(bundles, target);
        for (const line of read.lines) log.step("history", line);
        known = read.records;
        const record = await ownRecord(bundles, verdict, ran);
        const now: LooksBack =
          record === null
            ? { kind: "check", on: baseBranch, at: new Date(clock.now()).toISOString() }
            : { kind: "production", record };
        return withHistory(verdict, known, now);
      });
      return told ?? verdict;
    },
    leave: (verdict, runs, said) =>
      within("no run record", async (bundles) => {
        const why = await whyNotLeft(parts, runSettings, { ...bundles, ancestry });
        if (why !== null || bundles.opened.store === null) {
          if (why !== said) log.step("publish", `no run record: ${why}`);
          return null;
        }
        const record = await ownRecord(bundles, verdict, { runs, manifest: lastManifest(runs) });
        if (record === null) return null;
        const name = recordsNameOf({ ...(await bundles.owner()), targets: [target] });
        const written = await bundles.opened.store.records.write(name, {
          attempt: run.attempt,
          file: (replaced) => fileOf([...known, ...readReplaced(replaced, name), record], clock.now(), parts.redact),
        });
        log.step("publish", `run record: ${written.where}`);
        return written;
      }),
  };
}

/** Of what is in its place; what is damaged, or of a later version, is replaced. */
function readReplaced(bytes: Uint8Array | null, name: string): readonly KeptRun[] {
  if (bytes === null) return [];
  try {
    return unpackRecords(bytes, name);
  } catch (error) {
    if (error instanceof SignalboxError) return [];
    throw error;
  }
}

/** A clock may be wrong by less. */
const SOON_MS = 3_600_000;

/** The newest ones as a file. Throws an artifacts error where they hold a secret. */
function fileOf(records: readonly KeptRun[], now: number, redact: Redact): Uint8Array {
  const soon = new Date(now + SOON_MS).toISOString();
  const { text, bytes } = packRecords(
    distinctRuns(records)
      .filter(({ startedAt }) => startedAt < soon)
      .slice(-MOST_RUNS),
  );
  if (redact(text) === text) return bytes;
  throw new SignalboxError("artifacts", "an id of a node, or the name of the project, holds one of this job's secrets");
}

interface ReadRecords {
  readonly records: readonly KeptRun[];
  /** What is to be said of those that do not count. */
  readonly lines: readonly string[];
}

/** As many as are looked at, newest file first. */
async function readRecords({ opened, owner, ancestry }: Bundles, target: string | null): Promise<ReadRecords> {
  const own = { ...(await owner()), targets: [target] };
  const records: KeptRun[] = [];
  const unread: string[] = [];
  let foreign = 0;
  for await (const { where, bytes, isVouched } of opened.store?.records.read(recordsNameOf(own)) ?? []) {
    try {
      const content = await bytes();
      for (const record of content === null ? [] : unpackRecords(content, where)) {
        if (whyOfOther(record, own) !== null) continue;
        if (isVouched || (await ancestry.isOnBase(record.commit)) === true) records.push(record);
        else foreign += 1;
      }
    } catch (error) {
      if (!(error instanceof SignalboxError) || error.kind !== "artifacts") throw error;
      unread.push(error.message);
    }
    if (distinctRuns(records).length >= MOST_RUNS) break;
  }
  const [first] = unread;
  const lines = [
    ...(first === undefined ? [] : [`${count(unread.length, "file")} of run records passed over: ${first}`]),
    ...(foreign === 0
      ? []
      : [
          `${count(foreign, "run record")} not used: nothing tells that the commit is on the base branch (fetch-depth: 0)`,
        ]),
  ];
  return { records, lines };
}

function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}
