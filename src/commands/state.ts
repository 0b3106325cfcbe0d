import { mkdir } from "node:fs/promises";
import { resolve } from "node:path";
import { readManifest } from "../artifacts/manifest.ts";
import { type BundleHeader, makeBundle, readBundle } from "../state/bundle.ts";
import { listAncestors } from "../state/find.ts";
import type { BundleRef, BundleStore } from "../state/store.ts";
import type { OpenedStore } from "../state/stores/open.ts";
import { configurationError, SignalboxError } from "../support/errors.ts";
import { readFileIfAny } from "../support/files.ts";
import { collectBundleFiles } from "./bundle-files.ts";
import type { Context } from "./context.ts";
import { learnOccasion, learnRun, type Occasion } from "./occasion.ts";
import { openStoreOf } from "./store.ts";

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
    throw configurationError([
      { where: "state", got: JSON.stringify(context.settings.words.join(" ")), wanted: "wanted publish or fetch" },
    ]);
  }
  const result = action === "publish" ? await publish(context) : await fetch(context);
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
  const occasion = await learnOccasion(context);
  const refusal = refusalOf(occasion);
  if (refusal !== null)
    throw new SignalboxError("configuration", `nothing is published: ${refusal}`, {
      hint: "publish from a run on the base branch",
    });
  await context.work.open();
  return publishStep(context, occasion, context.settings.given.commit ?? occasion.run.commit.checkedOut);
}

/** Why this run may not publish, or null. */
export function refusalOf({ run, baseBranch }: Occasion): string | null {
  if (run.trust !== "full") return "the run comes from a fork";
  if (run.pullRequest !== null) return "the run is of a pull request";
  if (run.ref.kind !== "branch" || run.ref.name !== baseBranch)
    return `the run is on ${run.ref.name}, not on the base branch ${baseBranch}`;
  return null;
}

/** Makes the bundle of what the last build left behind, and publishes it. */
export async function publishStep(context: Context, occasion: Occasion, commit: string): Promise<StateResult> {
  const store = requireStore(openStoreOf(context, occasion.run, occasion.baseBranch));
  const files = await collectBundleFiles(context);
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
      branch: occasion.run.ref.name,
      createdAt: new Date(context.clock.now()).toISOString(),
      project: manifest.projectName,
      adapter: manifest.adapter,
      dbtVersion: manifest.dbtVersion,
      target: occasion.target,
    },
    secrets: context.secrets,
  });
  const ref = await store.write(into, header);
  return { schema: 1, commit: ref.commit, where: ref.where, files: header.files };
}

async function fetch(context: Context): Promise<StateResult> {
  const { run: thisRun, baseBranch } = await learnRun(context, { baseBranch: true, trigger: false });
  const store = requireStore(openStoreOf(context, thisRun, baseBranch));
  const { commit } = context.settings.given;
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
  const out = resolve(context.cwd, context.settings.given.out ?? context.work.path("bundle"));
  if (context.settings.given.out === undefined) await context.work.open();
  return fetchInto(store, ref, out);
}

async function fetchInto(store: BundleStore, ref: BundleRef, out: string): Promise<StateResult> {
  await mkdir(out, { recursive: true });
  await store.read(ref, out);
  const header = await readBundle(out, ref.where);
  return { schema: 1, commit: ref.commit, where: out, files: header.files };
}

function requireStore(opened: OpenedStore): BundleStore {
  if (opened.store !== null) return opened.store;
  throw configurationError(
    [{ where: "store", got: null, wanted: `names no store that can be used here (${opened.why})` }],
    "store: dir:PATH, s3://… or gs://… in signalbox.yml, or --store",
  );
}
