import { resolve } from "node:path";
import { listAncestors } from "../bundles/base-commit.ts";
import { type BundleHeader, readBundle } from "../bundles/bundle.ts";
import type { BundleRef, BundleStore } from "../bundles/store.ts";
import type { Run } from "../run/run.ts";
import { openAncestry } from "../setup/ancestry.ts";
import { openStoreOf, requireStore } from "../setup/bundle-store.ts";
import type { Context } from "../setup/context.ts";
import { dbtFoldersOf } from "../setup/dbt-project.ts";
import { learnRun, resolveRunSettings } from "../setup/run-settings.ts";
import { withWork } from "../setup/work-lock.ts";
import { filesInFolder, filesOfBuild } from "../steps/publish/bundle-files.ts";
import { localChanges, publishStep, whyNotPublished } from "../steps/publish/publish.ts";
import { configurationError, SignalboxError } from "../support/errors.ts";
import { makeFolder } from "../support/files.ts";

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
  const head = runSettings.run.commit.checkedOut;
  const { from, commit = head } = context.settings.given;
  const refusal =
    (await whyNotPublished(context, runSettings, head)) ??
    (commit === head ? null : await whyNotPublished(context, runSettings, commit));
  if (refusal !== null)
    throw new SignalboxError("configuration", `nothing is published: ${refusal}`, {
      hint: `publish what is on ${runSettings.baseBranch}, from a run on it; with fetch-depth: 0 git can tell`,
    });
  const changes = await localChanges(context, runSettings);
  if (changes !== null) context.log.warn("publish", `the bundle may not be what its commit says: ${changes}`);
  const { files, target } =
    from === undefined ? await filesOfBuild(context, commit) : await filesInFolder(context, from);
  const published = await publishStep(context, runSettings, { commit, target }, files);
  return { schema: 1, ...published };
}

async function fetch(context: Context): Promise<StateResult> {
  const { run: thisRun, baseBranch } = await learnRun(context, { baseBranch: true, trigger: false, trust: false });
  const store = requireStore(openStoreOf(context, thisRun, baseBranch));
  const { commit } = context.settings.given;
  if (
    commit !== undefined &&
    (await context.git.ask("rev-parse", "--verify", "--quiet", `${commit}^{commit}`)) === null
  )
    throw configurationError([
      { where: "--commit", got: JSON.stringify(commit), wanted: "is no commit of this checkout" },
    ]);
  const wanted = commit === undefined ? [] : await listAncestors(context.git, commit);
  const ref = await store.find(wanted);
  if (ref === null) {
    throw new SignalboxError(
      "artifacts",
      `the store holds no bundle${commit === undefined ? "" : ` of ${commit} or of its ${wanted.length - 1} nearest ancestors`}`,
      {
        hint: "a deploy run publishes one: signalbox ci on the base branch",
      },
    );
  }
  await assertOfBase(context, thisRun, baseBranch, ref);
  const out = resolve(context.cwd, context.settings.given.out ?? context.work.path("bundle"));
  const { targetPath } = await dbtFoldersOf(context);
  if (out === targetPath) {
    throw configurationError([
      {
        where: "--out",
        got: JSON.stringify(context.settings.given.out),
        wanted: "is dbt's target folder, which is dbt's own",
      },
    ]);
  }
  return fetchInto(store, ref, out);
}

/** What was fetched is what a check reads from: who asks by hand has to know as well. */
async function assertOfBase(context: Context, run: Run, baseBranch: string | null, ref: BundleRef): Promise<void> {
  const isOnBase = await openAncestry(context, run, baseBranch, context.remote).isOnBase(ref.commit);
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

async function fetchInto(store: BundleStore, ref: BundleRef, out: string): Promise<StateResult> {
  await makeFolder(out);
  await store.read(ref, out);
  const header = await readBundle(out, ref.where);
  return { schema: 1, commit: ref.commit, where: out, files: header.files };
}
