import { copyFile, mkdir, rm } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { type Manifest, readManifest } from "../artifacts/manifest.ts";
import { lendPackages, withWorktree } from "../dbt/worktree.ts";
import type { Baseline, Baselines } from "../selection/plan.ts";
import { findBaseCommit, listAncestors } from "../state/base-commit.ts";
import { BUNDLE_FILES, readBundle } from "../state/bundle.ts";
import { findManifestFile } from "../state/manifest-file.ts";
import type { BundleRef, BundleStore } from "../state/store.ts";
import { assertFits, assertSameProject } from "../state/trust.ts";
import { SignalboxError } from "../support/errors.ts";
import { isNodeError, readFileIfAny } from "../support/files.ts";
import type { Context } from "./context.ts";
import type { DbtStarter } from "./dbt.ts";
import type { Occasion, Workshop } from "./occasion.ts";
import { forgive, forgiveAuto, openStoreOf } from "./store.ts";

export interface Found {
  readonly baselines: Baselines;
  readonly warnings: readonly string[];
}

/** What a change is compared with, and what unselected parents are read from. */
export async function findBaselines(
  context: Context,
  occasion: Occasion,
  workshop: Workshop,
  dbt: DbtStarter,
  current: Manifest,
): Promise<Found> {
  const search = createSearch(context, occasion, workshop, dbt, current);
  const selection = occasion.mode === "check" ? await search.selectionOfCheck() : await search.selectionOfDeploy();
  const deferral =
    occasion.mode === "check" && context.settings.config.modes.check.defer ? await search.deferral() : null;
  return { baselines: { selection, deferral }, warnings: search.warnings };
}

function createSearch(context: Context, occasion: Occasion, workshop: Workshop, dbt: DbtStarter, current: Manifest) {
  const { config, given } = context.settings;
  const opened = forgiveAuto(context, openStoreOf(context, occasion.run, occasion.baseBranch));
  const warnings: string[] = [];
  const read = new Map<string, Baseline>();
  const refused = new Set<string>();
  const isAllowed = (source: "store" | "worktree") => config.baseline.sources.includes(source);
  const { checkedOut, sha: named } = occasion.run.commit;
  // GitHub checks out a merge of the pull request into its base; a branch may have merged something itself.
  const isMergeCommit = occasion.run.pullRequest !== null && checkedOut !== named;
  let base: Promise<{ sha: string; how: string }> | null = null;
  const baseCommit = () => (base ??= findBaseCommit(context.git, occasion.baseBranch, isMergeCommit));

  const fromPath = async (path: string, name: "selection" | "deferral"): Promise<Baseline> => {
    const file = await findManifestFile(resolve(context.cwd, path), join(workshop.targetPath, "manifest.json"));
    const dir = await emptyFolder(context.work.path("baselines", name));
    for (const beside of BUNDLE_FILES) await copyIfAny(join(dirname(file), beside), join(dir, beside));
    // dbt wants a folder that holds manifest.json, whatever the file is called.
    await copyFile(file, join(dir, "manifest.json"));
    const manifest = await readManifestIn(dir);
    assertSameProject(manifest, current, path);
    return { manifest, dir, origin: { kind: "path", where: path, distance: 0, commit: null, createdAt: null } };
  };

  const fromBundle = async (
    store: BundleStore,
    ref: BundleRef,
    name: "selection" | "deferral",
    distance: number,
  ): Promise<Baseline> => {
    const same = read.get(ref.where);
    // Where the commit that is compared with is also what is deployed, dbt reads one manifest, not two.
    if (same !== undefined) return { ...same, origin: { ...same.origin, distance } };
    const dir = await emptyFolder(context.work.path("baselines", name));
    await store.read(ref, dir);
    const header = await readBundle(dir, ref.where);
    for (const warning of assertFits(header, current, ref.where))
      if (!warnings.includes(warning)) warnings.push(warning);
    const manifest = await readManifestIn(dir);
    assertSameProject(manifest, current, ref.where);
    const { where, commit } = ref;
    const { createdAt } = header;
    const baseline = { manifest, dir, origin: { kind: "bundle", where, distance, commit, createdAt } } as const;
    read.set(where, baseline);
    return baseline;
  };

  /** The commit parsed in a work tree of its own, with the arguments and the environment of this run. */
  const fromWorktree = async (
    sha: string,
    target: string | null,
    name: "selection" | "deferral",
  ): Promise<Baseline | null> => {
    const dir = context.work.path("baselines", name);
    const inRepository = relative(workshop.top, workshop.project.dir);
    return withWorktree(context.git, sha, async (tree) => {
      const projectDir = join(tree, inRepository);
      if ((await readFileIfAny(join(projectDir, "dbt_project.yml"))) === null) {
        warnings.push(
          `${sha.slice(0, 12)} holds no dbt project at ${inRepository || "its top"}: there is nothing to compare with`,
        );
        return null;
      }
      const targetPath = join(projectDir, "target");
      // Production's schema must not become the branch's, where both targets read the variable.
      const schema = name === "deferral" ? { SIGNALBOX_SCHEMA: undefined } : {};
      const place = { projectDir, targetPath, target, env: { ...config.baseline.env, ...schema } } as const;
      const needsPackages =
        workshop.project.packages !== "none" && !(await lendPackages(workshop.project.dir, projectDir));
      if (needsPackages) await dbt.start({ ...place, command: ["deps"], args: [] });
      // Cold, although dbt would take the partial parse of this run: a manifest that it mends keeps what is gone from the
      // files and loses descriptions of tests, and a baseline must not.
      const parsed = await dbt.start({ ...place, command: ["parse"], args: [] });
      if (parsed.run.exitCode !== 0 || parsed.run.manifest === null) {
        warnings.push(
          `${sha.slice(0, 12)} does not parse: ${parsed.run.lastWords ?? `dbt ended with ${parsed.run.exitCode}`}`,
        );
        return null;
      }
      await copyFile(join(parsed.dir, "manifest.json"), join(await emptyFolder(dir), "manifest.json"));
      return {
        manifest: parsed.run.manifest,
        dir,
        origin: { kind: "worktree", where: sha, distance: 0, commit: sha, createdAt: null },
      };
    });
  };

  /** The first bundle of these commits, none: the newest; null where there is none. */
  const fromStore = async (
    store: BundleStore,
    commits: readonly string[],
    name: "selection" | "deferral",
  ): Promise<Baseline | null> => {
    const ref = await store.find(commits);
    if (ref === null || refused.has(ref.where)) return null;
    const found = fromBundle(store, ref, name, Math.max(0, commits.indexOf(ref.commit)));
    // Nobody asked for this store by name: the next source has its turn.
    const taken = config.store === "auto" ? await forgive(context, `${ref.where} is not used`, found) : await found;
    if (taken === null) refused.add(ref.where);
    return taken;
  };

  const newest = async (name: "selection" | "deferral"): Promise<Baseline | null> =>
    opened.store === null || !isAllowed("store") ? null : fromStore(opened.store, [], name);

  return {
    warnings,
    selectionOfDeploy: () => (given.state === undefined ? newest("selection") : fromPath(given.state, "selection")),
    selectionOfCheck: async (): Promise<Baseline | null> => {
      if (given.state !== undefined) return fromPath(given.state, "selection");
      const { sha, how } = await baseCommit();
      context.log.step("baseline", `${sha.slice(0, 12)}, ${how}`);
      for (const source of config.baseline.sources) {
        if (source === "worktree") {
          const why = opened.store === null ? ` (${opened.why})` : "";
          context.log.more(`no bundle of it${why}: dbt parses it in a work tree`);
          const found = await fromWorktree(sha, occasion.target, "selection");
          if (found !== null) return found;
        } else if (opened.store !== null) {
          const found = await fromStore(opened.store, await listAncestors(context.git, sha), "selection");
          if (found !== null) return found;
        }
      }
      const last = await newest("selection");
      if (last !== null)
        warnings.push(
          `there is no bundle of ${sha.slice(0, 12)} or its ancestors: compared with the newest one, so that more can look changed than was`,
        );
      return last;
    },
    deferral: async (): Promise<Baseline | null> => {
      if (given.deferState !== undefined) return fromPath(given.deferState, "deferral");
      const deployed = await newest("deferral");
      return deployed ?? (isAllowed("worktree") ? productionOfBase() : null);
    },
  };

  async function productionOfBase(): Promise<Baseline | null> {
    const { target } = config.modes.deploy;
    if (target === null) return null;
    const { sha } = await baseCommit();
    context.log.step(
      "baseline",
      `nothing tells what is deployed: production is taken to be ${sha.slice(0, 12)} in target ${target}`,
    );
    const found = await fromWorktree(sha, target, "deferral");
    if (found !== null)
      warnings.push(
        `no bundle tells what is deployed: unselected parents are read where ${sha.slice(0, 12)} would put them in target ${target}`,
      );
    return found;
  }
}

async function emptyFolder(dir: string): Promise<string> {
  await rm(dir, { recursive: true, force: true });
  await mkdir(dir, { recursive: true });
  return dir;
}

async function copyIfAny(from: string, to: string): Promise<void> {
  await copyFile(from, to).catch((error: unknown) => {
    if (!(isNodeError(error) && error.code === "ENOENT")) throw error;
  });
}

async function readManifestIn(dir: string): Promise<Manifest> {
  const file = join(dir, "manifest.json");
  const text = await readFileIfAny(file);
  if (text === null) throw new SignalboxError("artifacts", `${file} does not exist`);
  return readManifest(text, file);
}
