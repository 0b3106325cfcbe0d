import { type Fields, fieldsIn, fieldsOf, isFields, listOf, textOf } from "../artifacts/fields.ts";
import { SignalboxError } from "../support/errors.ts";
import { readFileIfAny, removeFile, writeFileAtomic } from "../support/files.ts";
import type { BuildProgress, ToldError } from "./watch.ts";

/**
 * Puts into the copy of a build's results what dbt 2 told in its log alone; results of a project that does not compile are
 * taken away: they name nodes that had no part in it, or none.
 */
export async function tellErrors(file: string, progress: BuildProgress, exitCode: number | null): Promise<void> {
  if (progress.told.size === 0 && progress.lastWords === null) return;
  const text = await readFileIfAny(file).catch((error: unknown) => {
    if (error instanceof SignalboxError) return null;
    throw error;
  });
  if (text === null) return;
  const told = withToldErrors(text, progress, exitCode);
  if (told === "uncompiled") await removeFile(file);
  else if (told !== null) await writeFileAtomic(file, told);
}

/** dbt 2 writes this of every node that it did not come to, and of those that it had built. */
const UNCOMPILED = "Compilation Error";
/** What it says of a test whose query failed, and whose row says that it found failures. */
const AS_FAILURE = ". Treating as failing test.";

/** The text of run_results.json with what the log told; null: that is nothing. `uncompiled`: its rows say nothing. */
export function withToldErrors(
  text: string,
  { told, lastWords }: Pick<BuildProgress, "told" | "lastWords">,
  exitCode: number | null,
): string | "uncompiled" | null {
  const root = fieldsIn(text);
  if (root === null || !Array.isArray(root.results)) return null;
  const rows = listOf(root.results);
  const isBlank = (row: unknown) => fieldsOf(row).message === UNCOMPILED;
  if (lastWords !== null && exitCode !== 0 && rows.every(isBlank)) return "uncompiled";
  let isSame = true;
  const results = rows.map((row) => {
    const error = isFields(row) ? told.get(textOf(row.unique_id) ?? "") : undefined;
    const changes = isFields(row) && error !== undefined ? changesOf(row, error) : null;
    if (changes === null) return row;
    isSame = false;
    return { ...fieldsOf(row), ...changes };
  });
  return isSame ? null : JSON.stringify({ ...root, results });
}

function changesOf({ status, failures, message }: Fields, { text, isQuery }: ToldError): Fields | null {
  if (status === "error") return message === UNCOMPILED && !isQuery ? { message: text } : null;
  // The query failed: there are no failures to count.
  if (status === "fail" && text.endsWith(AS_FAILURE))
    return { status: "error", message: text.slice(0, -AS_FAILURE.length), failures: null };
  return status === "warn" && failures === 0 ? { message: `its query failed: ${text}`, failures: null } : null;
}
