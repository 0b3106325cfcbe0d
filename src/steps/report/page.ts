import { createHash } from "node:crypto";
import type { DbtRun } from "../../artifacts/dbt-run.ts";
import { textOf } from "../../artifacts/fields.ts";
import type { Manifest } from "../../artifacts/manifest.ts";
import { affectedNodes } from "../../render/page/affected.ts";
import { longestChain } from "../../render/page/lanes.ts";
import { renderPage } from "../../render/page/page.ts";
import {
  type CompiledCode,
  type Evidence,
  type FreshnessRow,
  NO_EVIDENCE,
  type ReportPage,
} from "../../render/page/page-facts.ts";
import type { ProjectFolders } from "../../setup/dbt-project.ts";
import { ungroup } from "../../severity/one-cause.ts";
import type { Verdict } from "../../severity/verdict.ts";
import type { Clock } from "../../support/clock.ts";
import { writeFileAtomic } from "../../support/files.ts";
import type { Outputs } from "../../support/outputs.ts";
import { type Redact, redactAll } from "../../support/redact.ts";
import { type PageFileParts, pageFileOf } from "./page-file.ts";
import { readCompiled } from "./project-files.ts";

export interface PageParts extends PageFileParts {
  readonly clock: Pick<Clock, "now">;
  readonly outputs: Outputs;
  readonly redact: Redact;
}

/**
 * What dbt left behind the findings of a verdict, where a page will show it: read before anything else writes into its
 * target folder.
 */
export function readEvidence(
  parts: PageFileParts,
  verdict: Verdict,
  {
    runs,
    manifest,
    folders,
    usualSeconds,
  }: {
    readonly runs: readonly DbtRun[];
    readonly manifest: Manifest | null;
    readonly folders: ProjectFolders;
    readonly usualSeconds: ReadonlyMap<string, number>;
  },
): Evidence {
  if (pageFileOf(parts) === null) return NO_EVIDENCE;
  const subjects = ungroup(verdict.findings).flatMap(({ subject }) => (subject.kind === "node" ? [subject] : []));
  const compiled = subjects.flatMap(({ id, compiled }): [string, CompiledCode][] => {
    const code = compiled === null ? null : readCompiled(folders, compiled);
    return code === null ? [] : [[id, code]];
  });
  const failuresIn = subjects.flatMap(({ id, type }): [string, string][] => {
    // Only a test that stores its failures has a relation.
    const relation = type === "test" ? textOf(manifest?.nodes.get(id)?.raw.relation_name) : null;
    return relation === null ? [] : [[id, relation]];
  });
  const built = Object.fromEntries(Object.entries(verdict.nodes).filter(([, { type }]) => type !== "source"));
  return {
    compiled: Object.fromEntries(compiled),
    failuresIn: Object.fromEntries(failuresIn),
    freshness: runs.filter(({ command }) => command === "source freshness").flatMap(freshnessOf),
    longestChain: longestChain(built, (id) => manifest?.nodes.get(id)?.parents ?? []),
    affected: affectedNodes(verdict, manifest),
    usualSeconds: Object.fromEntries([...usualSeconds].filter(([id]) => Object.hasOwn(built, id))),
  };
}

function freshnessOf({ results }: DbtRun): FreshnessRow[] {
  return (results ?? []).map(({ id, status, message }) => ({ id, status, message: message ?? "" }));
}

/** Writes the page, where one is wanted. */
export async function writePage(parts: PageParts, page: Omit<ReportPage, "writtenAt">): Promise<void> {
  const { clock, outputs, redact } = parts;
  const file = pageFileOf(parts);
  if (file === null) return;
  await outputs.write("the page", async () => {
    const writtenAt = new Date(clock.now()).toISOString();
    const html = renderPage(redactAll({ ...page, writtenAt }, redact), sha256);
    await writeFileAtomic(file, redact(html));
  });
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("base64");
}
