import { resolve } from "node:path";
import { listAncestors } from "../bundles/base-commit.ts";
import { type BundleHeader, readBundle } from "../bundles/bundle.ts";
import { whyOfOther } from "../bundles/bundle-owner.ts";
import type { BundleRef, BundleStore } from "../bundles/store.ts";
import type { SettingsPart } from "../settings/resolve.ts";
import type { Ancestry } from "../setup/ancestry.ts";
import { type BundleParts, openBundles, requireStore } from "../setup/bundle-store.ts";
import type { Context } from "../setup/context.ts";
import { dbtFoldersOf } from "../setup/dbt-project.ts";
import { learnRun, type RunParts, resolveRunSettings } from "../setup/run-settings.ts";
import { withWork } from "../setup/work-lock.ts";
import { filesInFolder, filesOfBuild } from "../steps/publish/bundle-files.ts";
import { localChanges, publishStep, whyNotPublished } from "../steps/publish/publish.ts";
import { configurationError, SignalboxError } from "../support/errors.ts";
import { makeFolder } from "../support/files.ts";
import type { Git } from "../support/git.ts";
import type { WorkFolder } from "../work/folder.ts";

/** `state publish|fetch --json`. */
export interface StateResult {
  readonly schema: 1;
  readonly commit: string;
  readonly where: string;
  readonly files: BundleHeader["files"];
}

export async function run(context: Context): Promise<number> {
  const [action, ...others] = context.settings.words;
  if (others.length > 0 || (action !== "publish" && action !== "fetch")) {
    const got = action === undefined ? null : JSON.stringify(context.settings.words.join(" "));
    const wanted = action === undefined ? "needs to be told what to do: publish or fetch" : "wanted publish or fetch";
    throw configurationError(
      [{ where: "state", got, wanted }],
      "signalbox state fetch gets the newest bundle; signalbox state publish, on the base branch, stores one",
    );
  }
  // What is fetched into a folder that was named does not concern the work folder.
  const isElsewhere = action === "fetch" && context.settings.given.out !== undefined;
  const work = () => (action === "publish" ? publish(context) : fetch(context));
  const result = isElsewhere ? await work() : await withWork(context, work);
  const verb = action === "publish" ? "published" : "fetched";
  context.result(
    [
      `${verb} the bundle of ${result.commit.slice(0, 12)}: ${result.where} (${result.files.map(({ name }) => name).join(", ")})`,
    ],
    result,
  );
  return 0;
}

async function publish(context: Context): Promise<StateResult> {
  const runSettings = await resolveRunSettings(context);
  const { run: thisRun, baseBranch: branch } = runSettings;
  const bundles = openBundles(context, thisRun, branch);
  const head = thisRun.commit.checkedOut;
  const { given, config } = context.settings;
  const { from, commit = head } = given;
  const refusal =
    (await whyNotPublished(config.store, runSettings, bundles, head)) ??
    (commit === head ? null : await whyNotPublished(config.store, runSettings, bundles, commit));
  if (refusal !== null)
    throw new SignalboxError("configuration", `nothing is published: ${refusal}`, {
      hint: `publish what is on ${branch}, from a run on it; with fetch-depth: 0 git can tell`,
    });
  const changes = await localChanges(context, thisRun);
  if (changes !== null) context.log.warn("publish", `the bundle may not be what its commit says: ${changes}`);
  const { files, target } =
    from === undefined ? await filesOfBuild(context, commit) : await filesInFolder(context, from);
  const published = await publishStep(context, bundles, { commit, target, branch }, files);
  const { commit: of, where, files: listed } = published;
  return { schema: 1, commit: of, where, files: listed };
}

interface FetchParts extends RunParts, BundleParts {
  readonly settings: RunParts["settings"] & BundleParts["settings"] & SettingsPart<"commit" | "out", "dbt">;
  readonly git: Git;
  readonly work: Pick<WorkFolder, "path">;
  readonly log: RunParts["log"];
}

async function fetch(parts: FetchParts): Promise<StateResult> {
  const { run: thisRun, baseBranch } = await learnRun(parts, { baseBranch: true, trigger: false, trust: false });
  const { opened, ancestry, owner } = openBundles(parts, thisRun, baseBranch);
  const store = requireStore(opened);
  const { commit } = parts.settings.given;
  if (commit !== undefined && (await parts.git.ask("rev-parse", "--verify", "--quiet", `${commit}^{commit}`)) === null)
    throw configurationError([
      { where: "--commit", got: JSON.stringify(commit), wanted: "is no commit of this checkout" },
    ]);
  const wanted = commit === undefined ? "newest" : await listAncestors(parts.git, commit);
  const ref = await store.find(wanted);
  if (ref === null) {
    throw new SignalboxError(
      "artifacts",
      `the store holds no bundle${wanted === "newest" ? "" : ` of ${commit} or of its ${wanted.length - 1} nearest ancestors`}`,
      {
        hint: "a deploy run publishes one: signalbox ci on the base branch",
      },
    );
  }
  await assertOfBase(ancestry, baseBranch, ref);
  const out = resolve(parts.cwd, parts.settings.given.out ?? parts.work.path("bundle"));
  const { targetPath } = await dbtFoldersOf(parts);
  if (out === targetPath) {
    throw configurationError([
      {
        where: "--out",
        got: JSON.stringify(parts.settings.given.out),
        wanted: "is dbt's target folder, which is dbt's own",
      },
    ]);
  }
  const { header, result } = await fetchInto(store, ref, out);
  const other = whyOfOther(header, await owner());
  if (other !== null) parts.log.warn("store", `no check of this project is compared with it: ${other}`);
  return result;
}

/** What was fetched is what a check reads from: who asks by hand has to know as well. */
async function assertOfBase(ancestry: Ancestry, baseBranch: string | null, ref: BundleRef): Promise<void> {
  const isOnBase = await ancestry.isOnBase(ref.commit);
  if (isOnBase === true) return;
  const branch = baseBranch ?? "the base branch, which is not known";
  throw new SignalboxError(
    "artifacts",
    isOnBase === false
      ? `the bundle ${ref.where} is of a commit that is not on ${branch}`
      : `nothing tells that the commit of the bundle ${ref.where} is on ${branch}`,
    { hint: "with fetch-depth: 0 git can tell, with GITHUB_TOKEN and contents: read GitHub's API" },
  );
}

async function fetchInto(
  store: BundleStore,
  ref: BundleRef,
  out: string,
): Promise<{ readonly header: BundleHeader; readonly result: StateResult }> {
  await makeFolder(out);
  await store.read(ref, out);
  const header = await readBundle(out, ref.where);
  return { header, result: { schema: 1, commit: ref.commit, where: out, files: header.files } };
}
