import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { z } from "zod";
import { readRunResults } from "../artifacts/run-results.ts";
import { kindOf } from "../severity/status.ts";
import { BUNDLE_FILES } from "../state/bundle.ts";
import { SignalboxError } from "../support/errors.ts";
import { readFileIfAny } from "../support/files.ts";
import type { Context } from "./context.ts";

export type BundleFiles = Map<(typeof BUNDLE_FILES)[number], string>;

/**
 * What is published: the artifacts in the folder that --from names, else those of the work folder's last build, with its
 * verdict. Throws an artifacts error where something failed or not everything was built: a later check would be
 * compared with, and read from, what production does not have.
 */
export async function collectBundleFiles(context: Context): Promise<BundleFiles> {
  const { from } = context.settings.given;
  if (from === undefined) await assertWholeBuild(context);
  const places =
    from === undefined ? [...(await buildFolders(context)), context.work.dir] : [resolve(context.cwd, from)];
  const found: BundleFiles = new Map();
  for (const name of BUNDLE_FILES) {
    for (const place of places) {
      if (await isFile(join(place, name))) found.set(name, join(place, name));
    }
  }
  await assertNothingFailed(found.get("run_results.json"));
  return found;
}

const planFile = z.object({ kind: z.string() });
const buildFile = z.object({ starts: z.array(z.object({ dir: z.string() })) });

async function assertWholeBuild(context: Context): Promise<void> {
  const plan = planFile.safeParse(await context.work.readJson("plan.json"));
  if (!plan.success || plan.data.kind === "everything") return;
  throw new SignalboxError("artifacts", `nothing is published: the last plan was ${plan.data.kind}, not everything`, {
    hint: "build everything on the base branch first: signalbox ci, or signalbox plan --full",
  });
}

/** Folders of the last build's starts, in their order: a later one's files win. */
async function buildFolders(context: Context): Promise<readonly string[]> {
  const build = buildFile.safeParse(await context.work.readJson("build.json"));
  return build.success ? build.data.starts.map(({ dir }) => dir) : [];
}

async function assertNothingFailed(file: string | undefined): Promise<void> {
  if (file === undefined) return;
  const { results } = readRunResults((await readFileIfAny(file)) ?? "", file);
  const failed = results.filter(({ status }) => ["failed", "unknown"].includes(kindOf(status)));
  if (failed.length === 0) return;
  throw new SignalboxError(
    "artifacts",
    `nothing is published: ${failed.length} nodes failed, ${failed[0]?.id} among them`,
    {
      hint: "mend them and build again",
    },
  );
}

function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
