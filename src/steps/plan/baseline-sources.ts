import { rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { Manifest } from "../../artifacts/manifest.ts";
import { BUNDLE_FILES, type BundleHeader, readBundle } from "../../bundles/bundle.ts";
import { whyOfOther } from "../../bundles/bundle-owner.ts";
import { findManifestFile, readManifestFile } from "../../bundles/manifest-file.ts";
import type { BundleRef, BundleStore, WantedBundle } from "../../bundles/store.ts";
import { assertComparable, assertFits, whyOfOtherEngine } from "../../bundles/trust.ts";
import { lendPackages, withWorktree } from "../../dbt/worktree.ts";
import type { Baseline } from "../../selection/plan.ts";
import type { SettingsPart } from "../../settings/resolve.ts";
import { type Bundles, warnAndSkip, warnAndSkipAuto } from "../../setup/bundle-store.ts";
import type { DbtProject } from "../../setup/dbt-project.ts";
import type { DbtRunner } from "../../setup/dbt-runner.ts";
import type { RunSettings } from "../../setup/run-settings.ts";
import { SignalboxError } from "../../support/errors.ts";
import { copyFileIfAny, makeFolder, readFileIfAny, SETTINGS } from "../../support/files.ts";
import type { Git } from "../../support/git.ts";
import type { Log } from "../../support/log.ts";
import type { WorkFolder } from "../../work/folder.ts";

/** What a baseline is for; its files are kept in the work folder under this name. */
type BaselineUse = "selection" | "deferral" | "production";

/** Where baselines come from: each reads one, checks that it may be used, and keeps its files in the work folder. */
export interface BaselineSources {
  /** What is to be said of the baselines that were read. */
  readonly warnings: readonly string[];
  /** Why there is no store; null: there is one. */
  readonly noStore: string | null;
  /** The manifest, or the folder with one, that the user names. */
  fromPath(path: string, use: BaselineUse): Promise<Baseline>;
  /** The bundle that the store has of what is wanted; null where there is none, or where it may not be used. */
  fromStore(wanted: WantedBundle, use: BaselineUse): Promise<Baseline | null>;
  /** The commit parsed in a work tree, with the arguments and the environment of this run; null where it does not parse. */
  fromWorktree(sha: string, target: string | null, use: BaselineUse): Promise<Baseline | null>;
  warn(...texts: readonly string[]): void;
}

export interface SourceParts {
  readonly settings: SettingsPart<never, "baseline" | "store">;
  readonly cwd: string;
  readonly git: Git;
  readonly work: Pick<WorkFolder, "path">;
  readonly log: Pick<Log, "warn">;
  readonly signal: AbortSignal;
}

/** What every baseline comes from, or has to fit. */
export interface SourcesOf {
  readonly runSettings: Pick<RunSettings, "baseBranch" | "target">;
  readonly dbtProject: DbtProject;
  readonly dbt: DbtRunner;
  readonly bundles: Bundles;
  /** The project's own manifest. */
  readonly current: Manifest;
}

export function openSources(
  parts: SourceParts,
  { runSettings, dbtProject, dbt, bundles, current }: SourcesOf,
): BaselineSources {
  const { work } = parts;
  const { config } = parts.settings;
  const { folders } = dbtProject;
  // The store was not asked for by name: where it fails, the next source has its turn.
  const isAuto = config.store === "auto";
  const opened = isAuto ? warnAndSkipAuto(parts, bundles.opened) : bundles.opened;
  const warnings: string[] = [];
  const read = new Map<string, Baseline>();
  const refused = new Set<string>();
  const warn = (...texts: readonly string[]) => {
    warnings.push(...texts.filter((text) => !warnings.includes(text)));
  };

  const fromPath = async (path: string, name: BaselineUse): Promise<Baseline> => {
    const file = await findManifestFile(resolve(parts.cwd, path), join(folders.targetPath, "manifest.json"));
    const dir = work.path("baselines", name);
    if (dirname(file) !== dir) {
      await emptyFolder(dir);
      for (const beside of BUNDLE_FILES) await copyFileIfAny(join(dirname(file), beside), join(dir, beside));
      // dbt wants a folder that holds manifest.json, whatever the file is called.
      await copyFileIfAny(file, join(dir, "manifest.json"));
    }
    const manifest = await readManifestFile(join(dir, "manifest.json"));
    warn(...assertComparable(manifest, current, path));
    const origin = { kind: "path", where: path, distance: null, commit: null, createdAt: null } as const;
    return { manifest, dir, origin };
  };

  /**
   * Anybody who can write to the store could put a branch's build there, and every check would read from it. False where
   * it is not known: the next source has its turn.
   */
  const assertOnBase = async ({ commit, where }: BundleRef): Promise<boolean> => {
    const isOn = await bundles.ancestry.isOnBase(commit);
    if (isOn === true) return true;
    if (isOn === null) {
      warn(
        `the bundle ${where} is not used: neither git nor GitHub's API tells that its commit is on ${runSettings.baseBranch} (fetch-depth: 0, or GITHUB_TOKEN with contents: read)`,
      );
      return false;
    }
    throw new SignalboxError(
      "artifacts",
      `the bundle ${where} is of a commit that is not on ${runSettings.baseBranch}`,
      {
        hint: "what production holds is what the base branch built: find out who wrote it, and take it away",
      },
    );
  };

  const fromBundle = async (
    store: BundleStore,
    ref: BundleRef,
    name: BaselineUse,
    distance: number | null,
  ): Promise<Baseline | null> => {
    const same = read.get(ref.where);
    // Where the commit that is compared with is also what is deployed, dbt reads one manifest, not two.
    if (same !== undefined) return { ...same, origin: { ...same.origin, distance } };
    const dir = await emptyFolder(work.path("baselines", name));
    await store.read(ref, dir);
    const header = await readBundle(dir, ref.where);
    assertFits(header, current, runSettings.baseBranch, ref.where);
    const other = whyOfOther(header, await bundles.owner());
    if (other !== null) {
      warn(`the bundle ${ref.where} is not used: ${other}${isAuto ? "" : "; give each a store of its own"}`);
      return null;
    }
    if (!(await assertOnBase(ref))) return null;
    const found = await readManifestFile(join(dir, "manifest.json"));
    const { where, commit } = ref;
    const { createdAt } = header;
    const origin = { kind: "bundle", where, distance, commit, createdAt } as const;
    const engines = whyOfOtherEngine(found, current);
    if (engines !== null) {
      const manifest = await parseAgain(dir, { why: `the bundle ${where} ${engines}`, commit, header }, name);
      return manifest === null ? null : { manifest, dir, origin, isParsedAgain: true };
    }
    warn(...assertComparable(found, current, where));
    const baseline = { manifest: found, dir, origin };
    read.set(where, baseline);
    return baseline;
  };

  /** The commit of a bundle as today's dbt reads it, in the bundle's folder beside its results; null where it does not. */
  const parseAgain = async (
    dir: string,
    { why, commit, header }: { readonly why: string; readonly commit: string; readonly header: BundleHeader },
    name: BaselineUse,
  ): Promise<Manifest | null> => {
    if (!config.baseline.sources.includes("worktree")) {
      warn(`${why}: it is not used, as baseline.sources allows no work tree to parse it in again`);
      return null;
    }
    warn(`${why}: ${commit.slice(0, 12)} is parsed again in a work tree`);
    const parsed = await parseCommit(commit, name === "selection" ? runSettings.target : header.target, name);
    if (parsed === null) return null;
    await copyFileIfAny(parsed.file, join(dir, "manifest.json"));
    warn(...assertComparable(parsed.manifest, current, commit));
    return parsed.manifest;
  };

  const fromStore = async (wanted: WantedBundle, name: BaselineUse): Promise<Baseline | null> => {
    const { store } = opened;
    const ref = (await store?.find(wanted)) ?? null;
    if (store === null || ref === null || refused.has(ref.where)) return null;
    const distance = wanted === "newest" ? null : wanted.indexOf(ref.commit);
    const found = fromBundle(store, ref, name, distance);
    const taken = isAuto ? await warnAndSkip(parts, `${ref.where} is not used`, found) : await found;
    if (taken === null) refused.add(ref.where);
    return taken;
  };

  const parseCommit = async (
    sha: string,
    target: string | null,
    name: BaselineUse,
  ): Promise<{ readonly manifest: Manifest; readonly file: string } | null> =>
    withWorktree(parts.git, sha, async (tree) => {
      const projectDir = join(tree, folders.fromTop);
      if ((await readFileIfAny(join(projectDir, "dbt_project.yml"), SETTINGS)) === null) {
        warn(
          `${sha.slice(0, 12)} holds no dbt project at ${folders.fromTop || "its top"}: there is nothing to compare with`,
        );
        return null;
      }
      const targetPath = join(projectDir, "target");
      // Production's schema must not become the branch's, where both targets read the variable.
      const schema = name === "selection" ? {} : { SIGNALBOX_SCHEMA: undefined };
      const start = { projectDir, targetPath, target, env: { ...config.baseline.env, ...schema } } as const;
      const needsPackages =
        dbtProject.project.packages !== "none" && !(await lendPackages(dbtProject.project.dir, projectDir));
      if (needsPackages) await dbt.start({ ...start, command: ["deps"], args: [] });
      // Cold, although dbt would take the partial parse of this run: a manifest that it updates keeps what is gone from the
      // files and loses descriptions of tests, and a baseline must not.
      const parsed = await dbt.start({ ...start, command: ["parse"], args: [] });
      if (parsed.run.exitCode !== 0 || parsed.run.manifest === null) {
        const words = parsed.run.lastWords ?? `dbt ended with ${parsed.run.exitCode}`;
        const remedy = /env var required/i.test(words) ? " (give it a placeholder: baseline.env in signalbox.yml)" : "";
        warn(`${sha.slice(0, 12)} does not parse: ${words}${remedy}`);
        return null;
      }
      return { manifest: parsed.run.manifest, file: join(parsed.dir, "manifest.json") };
    });

  const fromWorktree = async (sha: string, target: string | null, name: BaselineUse): Promise<Baseline | null> => {
    const parsed = await parseCommit(sha, target, name);
    if (parsed === null) return null;
    const dir = await emptyFolder(work.path("baselines", name));
    await copyFileIfAny(parsed.file, join(dir, "manifest.json"));
    return {
      manifest: parsed.manifest,
      dir,
      origin: { kind: "worktree", where: sha, distance: 0, commit: sha, createdAt: null },
    };
  };

  return { warnings, noStore: opened.store === null ? opened.why : null, fromPath, fromStore, fromWorktree, warn };
}

async function emptyFolder(dir: string): Promise<string> {
  await rm(dir, { recursive: true, force: true });
  await makeFolder(dir);
  return dir;
}
