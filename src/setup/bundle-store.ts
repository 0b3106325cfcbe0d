import { artifactNameOf, type BundleOwner, whyOfOther } from "../bundles/bundle-owner.ts";
import type { BundleStore } from "../bundles/store.ts";
import { createCircleStore } from "../bundles/stores/circleci.ts";
import { createGitHubStore } from "../bundles/stores/github.ts";
import { type OpenedStore, openStore } from "../bundles/stores/open.ts";
import type { Run } from "../run/run.ts";
import type { SettingsPart } from "../settings/resolve.ts";
import { configurationError, SignalboxError } from "../support/errors.ts";
import { once } from "../support/once.ts";
import type { Remote } from "../support/remote.ts";
import type { WorkFolder } from "../work/folder.ts";
import { type Ancestry, type AncestryParts, openAncestry } from "./ancestry.ts";
import { dbtFoldersOf } from "./dbt-project.ts";
import { connectGitHub, gitHubApiUrl } from "./github.ts";

/** The bundles of this run's repository: where they are kept, and whose commits they are of. */
export interface Bundles {
  readonly opened: OpenedStore;
  readonly owner: () => Promise<BundleOwner>;
  readonly ancestry: Ancestry;
}

type KnownOfBundles = Omit<Bundles, "opened">;

export interface BundleParts extends AncestryParts {
  readonly settings: SettingsPart<"circleUrl", "store" | "dbt" | "modes">;
  /** What a relative folder in signalbox.yml starts from. */
  readonly baseDir: string;
  readonly remote: Remote;
  /** What is published lies in it, for the CI's upload step. */
  readonly work: Pick<WorkFolder, "path">;
}

/**
 * Opens them once for the run of this process: the store that the configuration names; with `auto`, its CI's own artifacts.
 * Nothing is asked before the first bundle is.
 */
export function openBundles(parts: BundleParts, run: Run, baseBranch: string | null): Bundles {
  const known: KnownOfBundles = {
    ancestry: openAncestry(parts, run, baseBranch, parts.remote),
    owner: once(() => ownerOf(parts)),
  };
  const opened = openStore(parts.settings.config.store, {
    cwd: parts.baseDir,
    env: parts.env,
    notice: (text) => parts.log.warn("store", text),
    signal: parts.signal,
    openFetch: parts.openFetch,
    auto: () => openArtifacts(parts, run, baseBranch, known),
  });
  return { ...known, opened };
}

/**
 * The same for records of runs, which nothing waits for: the clone's remote is not asked, and nothing is said of what is
 * passed over.
 */
export function openForRecords(parts: BundleParts, run: Run, baseBranch: string): Bundles {
  const remote: Remote = { ...parts.remote, heads: async () => null, fetch: async () => false };
  return openBundles({ ...parts, remote, log: { ...parts.log, warn: () => {} } }, run, baseBranch);
}

/** The project of signalbox.yml, as dbt_project.yml calls it, and where its deploys go. */
async function ownerOf(parts: BundleParts): Promise<BundleOwner> {
  const { projectName, fromTop } = await dbtFoldersOf(parts);
  const { deploy, schedule } = parts.settings.config.modes;
  return { project: projectName, folder: fromTop, targets: [deploy.target, schedule.target] };
}

function openArtifacts(parts: BundleParts, run: Run, baseBranch: string | null, known: KnownOfBundles): OpenedStore {
  if (baseBranch === null) return { store: null, why: "store: auto, and the base branch is not known" };
  switch (run.platform) {
    case "github":
      return { name: "artifacts of GitHub Actions", store: openGitHub(parts, run, baseBranch, known) };
    case "circleci":
      return { name: "artifacts of CircleCI", store: openCircle(parts, run, baseBranch, known) };
    case "local":
    case "unknown": {
      const where = run.platform === "local" ? "there is no CI here" : "this CI is not known";
      return { store: null, why: `store: auto is the CI's own artifacts, and ${where}` };
    }
  }
}

type WarnAndSkipParts = Pick<BundleParts, "signal" | "log">;

/**
 * A store that was not asked for by name must not fail a run: where the CI's API cannot be asked, the log says so, and the
 * next source of baselines has its turn.
 */
export function warnAndSkipAuto(parts: WarnAndSkipParts, opened: OpenedStore): OpenedStore {
  const { store } = opened;
  if (store === null) return opened;
  return {
    ...opened,
    store: {
      ...store,
      find: (wanted) => warnAndSkip(parts, "no bundle is looked for", store.find(wanted)),
    },
  };
}

/** The work's value; null where it fails, with a warning. */
export function warnAndSkip<T>(
  { signal, log }: WarnAndSkipParts,
  what: string,
  work: Promise<T | null>,
): Promise<T | null> {
  return work.catch((error: unknown) => {
    signal.throwIfAborted();
    if (!(error instanceof SignalboxError)) throw error;
    const hint = error.hint === null ? "" : `\n${error.hint}`;
    log.warn("store", `${what}: ${error.message}${hint}`);
    return null;
  });
}

/** The token is asked for where bundles are read: a deploy leaves its own to the upload step without one. */
function openGitHub(parts: BundleParts, run: Run, baseBranch: string, { owner }: KnownOfBundles): BundleStore {
  const connect = once(async () => {
    const { createGitHubArtifacts } = await import("../platforms/github/artifacts.ts");
    return createGitHubArtifacts(await connectGitHub(parts, run), {
      apiUrl: gitHubApiUrl(parts),
      signal: parts.signal,
    });
  });
  return createGitHubStore({
    ...commonOf(parts, run, baseBranch),
    runId: run.id,
    connect,
    artifactName: async () => artifactNameOf(await owner()),
  });
}

function openCircle(
  parts: BundleParts,
  run: Run,
  baseBranch: string,
  { ancestry, owner }: KnownOfBundles,
): BundleStore {
  const { env, signal, clock } = parts;
  const connect = once(async () => {
    const token = env.CIRCLE_TOKEN || null;
    if (token === null) {
      throw new SignalboxError(
        "configuration",
        "CIRCLE_TOKEN is not set, and bundles are artifacts of earlier pipelines",
        {
          hint: "add a personal API token as CIRCLE_TOKEN to a context of this job, or name another store",
        },
      );
    }
    const { createCircleClient } = await import("../platforms/circleci/client.ts");
    const { createCircleArtifacts } = await import("../platforms/circleci/artifacts.ts");
    const baseUrl = parts.settings.given.circleUrl;
    const client = await createCircleClient(baseUrl, token, { clock, fetch: await parts.openFetch() });
    return createCircleArtifacts(client, { workflowId: run.id, baseUrl, token, signal });
  });
  const isInBase = async (commit: string) => (await ancestry.isOnBase(commit)) === true;
  return createCircleStore({
    ...commonOf(parts, run, baseBranch),
    connect,
    isInBase,
    whyOfOther: async (header) => whyOfOther(header, await owner()),
  });
}

function commonOf(parts: BundleParts, { repository }: Run, baseBranch: string) {
  const { signal, log, work, openFetch } = parts;
  return {
    repository,
    baseBranch,
    outbox: work.path("bundle"),
    recordOutbox: work.path("run-record"),
    signal,
    openFetch,
    notice: (text: string) => log.warn("store", text),
  };
}

/** The store; a configuration error where there is none. */
export function requireStore(opened: OpenedStore): BundleStore {
  if (opened.store !== null) return opened.store;
  throw configurationError(
    [{ where: "store", got: null, wanted: `names no store that can be used here (${opened.why})` }],
    "store: dir:PATH, s3://… or gs://… in signalbox.yml, or --store",
  );
}
