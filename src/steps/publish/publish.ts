import { relative } from "node:path";
import { readManifest } from "../../artifacts/manifest.ts";
import { type BundleHeader, makeBundle } from "../../bundles/bundle.ts";
import { whyNotPublishable } from "../../bundles/publishable.ts";
import { type Publication, whyNotOfBase, whyRunMayNotPublish } from "../../bundles/publisher.ts";
import { whyNotProduction } from "../../run/purpose.ts";
import type { PlanResult } from "../../selection/plan.ts";
import { openAncestry } from "../../setup/ancestry.ts";
import { openStoreOf, requireStore } from "../../setup/bundle-store.ts";
import type { Context } from "../../setup/context.ts";
import type { RunSettings } from "../../setup/run-settings.ts";
import type { Verdict } from "../../severity/verdict.ts";
import { type ExitCode, SignalboxError } from "../../support/errors.ts";
import { readFileIfAny } from "../../support/files.ts";
import type { Built } from "../build.ts";
import { junitDirOf } from "../report/report.ts";
import { type BundleFiles, filesOfStarts } from "./bundle-files.ts";

export interface Published {
  readonly commit: string;
  readonly where: string;
  readonly files: BundleHeader["files"];
}

/** What `ci` has in hand when it comes to publishing. */
export interface Finished {
  readonly plan: PlanResult | null;
  readonly built: Built | null;
  readonly verdict: Verdict | null;
}

/** Why this run may not publish a build of the commit, or null. */
export async function whyNotPublished(
  context: Context,
  runSettings: RunSettings,
  commit: string,
): Promise<string | null> {
  return (
    whyRunMayNotPublish(publicationOf(context, runSettings, commit)) ?? (await notOfBase(context, runSettings, commit))
  );
}

function publicationOf(context: Context, { run, baseBranch }: RunSettings, commit: string): Publication {
  return { run, baseBranch, commit, isAmongArtifacts: context.settings.config.store === "auto" };
}

async function notOfBase(context: Context, runSettings: RunSettings, commit: string): Promise<string | null> {
  const { isOnBase } = openAncestry(context, runSettings.run, runSettings.baseBranch, context.remote);
  return whyNotOfBase(publicationOf(context, runSettings, commit), await isOnBase(commit));
}

/**
 * Publishes what a deploy or schedule run built, where it is the whole state of the base branch; what keeps it from being
 * that is said, and no error. The exit code is that of a store which could not be written.
 */
export async function publishIfDue(
  context: Context,
  runSettings: RunSettings,
  finished: Finished,
): Promise<{ readonly published: Published | null; readonly exitCode: ExitCode }> {
  const nothing = { published: null, exitCode: 0 } as const;
  if (runSettings.mode === "check" || context.settings.given.noPublish || finished.built === null) return nothing;
  const opened = openStoreOf(context, runSettings.run, runSettings.baseBranch);
  const commit = runSettings.run.commit.checkedOut;
  const why =
    whyRunMayNotPublish(publicationOf(context, runSettings, commit)) ??
    whyNotProduction(runSettings, context.settings.config.modes) ??
    whyNotPublishable({ runs: finished.built.runs, verdict: finished.verdict, ids: idsToBuild(finished.plan) }) ??
    (await localChanges(context, runSettings)) ??
    (opened.store === null ? opened.why : null);
  if (why !== null) {
    context.log.step("publish", `no state bundle: ${why}`);
    return nothing;
  }
  // Last of all: git may have to ask the remote, and GitHub's API after it.
  const elsewhere = await notOfBase(context, runSettings, commit);
  if (elsewhere !== null) {
    context.log.warn("publish", `no state bundle: ${elsewhere}`);
    return nothing;
  }
  try {
    const dirs = finished.built.starts.map(({ dir }) => dir);
    const files = await filesOfStarts(dirs, context.work.path("verdict.json"));
    const published = await publishStep(context, runSettings, { commit, target: runSettings.target }, files);
    context.log.step("publish", `state bundle of ${published.commit.slice(0, 12)}: ${published.where}`);
    return { published, exitCode: 0 };
  } catch (error) {
    if (!(error instanceof SignalboxError)) throw error;
    context.log.warn("publish", `no state bundle: ${error.message}${error.hint === null ? "" : `\n${error.hint}`}`);
    return { published: null, exitCode: error.exitCode };
  }
}

/** Everything (null); or what changed since the very bundle that the new one replaces. */
function idsToBuild(plan: PlanResult | null): readonly string[] | null {
  const isSince =
    plan?.kind === "selected" &&
    plan.baselines.selection?.kind === "bundle" &&
    plan.dbt?.select.join() === "state:modified+" &&
    plan.dbt.exclude.length === 0;
  return isSince ? plan.ids : null;
}

/** Makes the bundle of these files, which were built in this target of this commit, and publishes it. */
export async function publishStep(
  context: Context,
  runSettings: RunSettings,
  { commit, target }: Pick<BundleHeader, "commit" | "target">,
  files: BundleFiles,
): Promise<Published> {
  const store = requireStore(openStoreOf(context, runSettings.run, runSettings.baseBranch));
  const manifestFile = files.get("manifest.json");
  if (manifestFile === undefined)
    throw new SignalboxError("artifacts", "there is no manifest.json to publish", {
      hint: "build first, or name dbt's target folder with --from",
    });
  const manifest = readManifest((await readFileIfAny(manifestFile)) ?? "", manifestFile);
  const into = context.work.path("bundle");
  const header = await makeBundle({
    files,
    into,
    facts: {
      commit,
      branch: runSettings.baseBranch,
      createdAt: new Date(context.clock.now()).toISOString(),
      project: manifest.projectName,
      adapter: manifest.adapter,
      dbtVersion: manifest.dbtVersion,
      target,
    },
    secrets: context.secrets,
  });
  const ref = await store.write(into, header);
  return { commit: ref.commit, where: ref.where, files: header.files };
}

/** On a laptop a bundle is only of its commit where nothing has been edited since: what was, or null. */
export async function localChanges(context: Context, { run }: RunSettings): Promise<string | null> {
  if (run.platform !== "local") return null;
  const reports = relative(context.baseDir, junitDirOf(context));
  const isInside = reports !== "" && !reports.startsWith("..");
  const changes = await context.git.run(
    "status",
    "--porcelain",
    "--",
    ".",
    ...(isInside ? [`:(exclude)${reports}`] : []),
  );
  return changes === ""
    ? null
    : `the work tree has changes that are not committed (${changes.split("\n")[0]?.trim()}, …)`;
}
