import { dirname, relative } from "node:path";
import { type BundleHeader, makeBundle } from "../../bundles/bundle.ts";
import { readManifestFile } from "../../bundles/manifest-file.ts";
import { whyNotPublishable } from "../../bundles/publishable.ts";
import { type Publication, whyNotOfBase, whyRunMayNotPublish } from "../../bundles/publisher.ts";
import { whyNotProduction } from "../../run/purpose.ts";
import type { Run } from "../../run/run.ts";
import type { PlanResult } from "../../selection/plan.ts";
import type { SettingsPart } from "../../settings/resolve.ts";
import { type Bundles, requireStore } from "../../setup/bundle-store.ts";
import type { RunSettings } from "../../setup/run-settings.ts";
import type { Verdict } from "../../severity/verdict.ts";
import type { Clock } from "../../support/clock.ts";
import { type ExitCode, SignalboxError } from "../../support/errors.ts";
import type { Git } from "../../support/git.ts";
import type { Log } from "../../support/log.ts";
import { foldersOf } from "../../work/build-file.ts";
import type { WorkFolder } from "../../work/folder.ts";
import type { Built } from "../build.ts";
import { type JunitParts, junitFileOf } from "../report/report.ts";
import { type BundleFiles, filesOfStarts } from "./bundle-files.ts";

export interface Published {
  readonly commit: string;
  readonly where: string;
  readonly files: BundleHeader["files"];
  /** The name that the CI's upload step has to give it; null: no step has to. */
  readonly artifact: string | null;
}

/** What `ci` has in hand when it comes to publishing. */
export interface Finished {
  readonly plan: PlanResult | null;
  readonly built: Built | null;
  readonly verdict: Verdict | null;
}

/** Why this run may not publish a build of the commit, or null. `store`: as signalbox.yml names it. */
export async function whyNotPublished(
  store: string,
  runSettings: RunSettings,
  { ancestry }: Bundles,
  commit: string,
): Promise<string | null> {
  const publication = publicationOf(store, runSettings, commit);
  return whyRunMayNotPublish(publication) ?? whyNotOfBase(publication, await ancestry.isOnBase(commit));
}

function publicationOf(store: string, { run, baseBranch }: RunSettings, commit: string): Publication {
  return { run, baseBranch, commit, isAmongArtifacts: store === "auto" };
}

/** What making a bundle takes beside the build. */
export interface PublishParts {
  readonly clock: Clock;
  readonly work: Pick<WorkFolder, "path">;
  readonly secrets: readonly string[];
}

export interface PublishEnding {
  readonly published: Published | null;
  readonly exitCode: ExitCode;
  /** Why nothing is published, as the log says it; null: nothing was to be said. */
  readonly why: string | null;
}

interface PublishIfDueParts extends PublishParts, LocalParts {
  readonly settings: SettingsPart<"noPublish", "store" | "modes" | "report">;
  readonly log: Pick<Log, "step" | "warn">;
}

/**
 * Publishes what a deploy or schedule run built, where it is the whole state of the base branch; what keeps it from being
 * that is said, and no error. The exit code is that of a store which could not be written.
 */
export async function publishIfDue(
  parts: PublishIfDueParts,
  runSettings: RunSettings,
  bundles: Bundles,
  finished: Finished,
): Promise<PublishEnding> {
  const nothing = (why: string | null) => ({ published: null, exitCode: 0, why }) as const;
  const { log, settings, work } = parts;
  const { config } = settings;
  if (runSettings.mode === "check" || settings.given.noPublish || finished.built === null) return nothing(null);
  const { opened, ancestry } = bundles;
  const commit = runSettings.run.commit.checkedOut;
  const publication = publicationOf(config.store, runSettings, commit);
  const why =
    whyRunMayNotPublish(publication) ??
    whyNotProduction(runSettings, config.modes) ??
    whyNotPublishable({ runs: finished.built.runs, verdict: finished.verdict, ids: idsToBuild(finished.plan) }) ??
    (await localChanges(parts, runSettings.run)) ??
    (opened.store === null ? opened.why : null);
  if (why !== null) {
    log.step("publish", `no state bundle: ${why}`);
    return nothing(why);
  }
  // Last of all: git may have to ask the remote, and GitHub's API after it.
  const elsewhere = whyNotOfBase(publication, await ancestry.isOnBase(commit));
  if (elsewhere !== null) {
    log.warn("publish", `no state bundle: ${elsewhere}`);
    return nothing(elsewhere);
  }
  try {
    const files = await filesOfStarts(foldersOf(finished.built.result), work.path("verdict.json"));
    const published = await publishStep(
      parts,
      bundles,
      { commit, target: runSettings.target, branch: runSettings.baseBranch },
      files,
    );
    log.step("publish", `state bundle of ${published.commit.slice(0, 12)}: ${published.where}`);
    return { published, exitCode: 0, why: null };
  } catch (error) {
    if (!(error instanceof SignalboxError)) throw error;
    log.warn("publish", `no state bundle: ${error.message}${error.hint === null ? "" : `\n${error.hint}`}`);
    return { published: null, exitCode: error.exitCode, why: error.message };
  }
}

export interface LeaveParts extends LocalParts {
  readonly settings: SettingsPart<"noPublish", "store" | "modes" | "report">;
}

/** Why this run leaves no record for later ones, or null: as a bundle, but for what became of the build. */
export async function whyNotLeft(
  parts: LeaveParts,
  runSettings: RunSettings,
  { opened, ancestry }: Bundles,
): Promise<string | null> {
  const { config, given } = parts.settings;
  const commit = runSettings.run.commit.checkedOut;
  const publication = publicationOf(config.store, runSettings, commit);
  return (
    (given.noPublish ? "--no-publish" : null) ??
    whyRunMayNotPublish(publication) ??
    whyNotProduction(runSettings, config.modes) ??
    (await localChanges(parts, runSettings.run)) ??
    (opened.store === null ? opened.why : null) ??
    whyNotOfBase(publication, await ancestry.isOnBase(commit))
  );
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
  { clock, work, secrets }: PublishParts,
  { opened, owner }: Bundles,
  of: Pick<BundleHeader, "commit" | "target" | "branch">,
  files: BundleFiles,
): Promise<Published> {
  const store = requireStore(opened);
  const manifestFile = files.get("manifest.json");
  if (manifestFile === undefined)
    throw new SignalboxError("artifacts", "there is no manifest.json to publish", {
      hint: "build first, or name dbt's target folder with --from",
    });
  const manifest = await readManifestFile(manifestFile);
  const into = work.path("bundle");
  const header = await makeBundle({
    files,
    into,
    facts: {
      ...of,
      createdAt: new Date(clock.now()).toISOString(),
      project: manifest.projectName,
      adapter: manifest.adapter,
      dbtVersion: manifest.dbtVersion,
      folder: (await owner()).folder,
    },
    secrets,
  });
  const ref = await store.write(into, header);
  return { commit: ref.commit, where: ref.where, files: header.files, artifact: ref.artifact ?? null };
}

interface LocalParts extends JunitParts {
  readonly git: Git;
  readonly baseDir: string;
}

/** On a laptop a bundle is only of its commit where nothing has been edited since: what was, or null. */
export async function localChanges(parts: LocalParts, { platform }: Run): Promise<string | null> {
  if (platform !== "local") return null;
  const reports = relative(parts.baseDir, dirname(junitFileOf(parts)));
  const isInside = reports !== "" && !reports.startsWith("..");
  const changes = await parts.git.run(
    "status",
    "--porcelain",
    "--",
    ".",
    // dbt 2 adds its folder of packages to the one, and each dbt that counts its users makes the other beside profiles.yml.
    ":(exclude,glob)**/.gitignore",
    ":(exclude,glob)**/.user.yml",
    ...(isInside ? [`:(exclude)${reports}`] : []),
  );
  return changes === ""
    ? null
    : `the work tree has changes that are not committed (${changes.split("\n")[0]?.trim()}, …)`;
}
