import type { BundleStore } from "../bundles/store.ts";
import { createCircleStore } from "../bundles/stores/circleci.ts";
import { createGitHubStore } from "../bundles/stores/github.ts";
import { type OpenedStore, openStore } from "../bundles/stores/open.ts";
import type { Run } from "../run/run.ts";
import { configurationError, SignalboxError } from "../support/errors.ts";
import { once } from "../support/once.ts";
import { openAncestry } from "./ancestry.ts";
import type { Context } from "./context.ts";
import { connectGitHub, gitHubApiUrl } from "./github.ts";

/** The store that the configuration names, for the run of this process; with `auto`, its CI's own artifacts. */
export function openStoreOf(context: Context, run: Run, baseBranch: string | null): OpenedStore {
  return openStore(context.settings.config.store, {
    cwd: context.baseDir,
    env: context.env,
    notice: (text) => context.log.warn("store", text),
    signal: context.signal,
    openFetch: context.openFetch,
    auto: () => openArtifacts(context, run, baseBranch),
  });
}

/** Nothing is asked before the first bundle is: a deploy needs no token to leave its own to the upload step. */
function openArtifacts(context: Context, run: Run, baseBranch: string | null): OpenedStore {
  if (baseBranch === null) return { store: null, why: "store: auto, and the base branch is not known" };
  switch (run.platform) {
    case "github":
      return {
        name: "artifacts of GitHub Actions",
        store: openGitHub(context, run, baseBranch),
      };
    case "circleci":
      return { name: "artifacts of CircleCI", store: openCircle(context, run, baseBranch) };
    case "local":
    case "unknown": {
      const where = run.platform === "local" ? "there is no CI here" : "this CI is not known";
      return { store: null, why: `store: auto is the CI's own artifacts, and ${where}` };
    }
  }
}

/**
 * A store that nobody asked for by name must not fail a run: where the CI's API cannot be asked, that is said, and the
 * next source of baselines has its turn.
 */
export function warnAndSkipAuto(context: Context, opened: OpenedStore): OpenedStore {
  const { store } = opened;
  if (store === null || context.settings.config.store !== "auto") return opened;
  return {
    ...opened,
    store: {
      ...store,
      find: (commits) => warnAndSkip(context, "no bundle is looked for", store.find(commits)),
    },
  };
}

/** The work's value; null where it fails, said aloud. */
export function warnAndSkip<T>(context: Context, what: string, work: Promise<T | null>): Promise<T | null> {
  return work.catch((error: unknown) => {
    context.signal.throwIfAborted();
    if (!(error instanceof SignalboxError)) throw error;
    const hint = error.hint === null ? "" : `\n${error.hint}`;
    context.log.warn("store", `${what}: ${error.message}${hint}`);
    return null;
  });
}

function openGitHub(context: Context, run: Run, baseBranch: string): BundleStore {
  const connect = once(async () => {
    const { createGitHubArtifacts } = await import("../platforms/github/artifacts.ts");
    return createGitHubArtifacts(await connectGitHub(context, run), {
      apiUrl: gitHubApiUrl(context),
      signal: context.signal,
    });
  });
  return createGitHubStore({ ...commonOf(context, run, baseBranch), connect });
}

function openCircle(context: Context, run: Run, baseBranch: string): BundleStore {
  const { env, signal, clock } = context;
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
    const baseUrl = context.settings.given.circleUrl;
    const client = await createCircleClient(baseUrl, token, { clock, fetch: await context.openFetch() });
    return createCircleArtifacts(client, { workflowId: run.id, baseUrl, token, signal });
  });
  const ancestry = openAncestry(context, run, baseBranch, context.remote);
  const isInBase = async (commit: string) => (await ancestry.isOnBase(commit)) === true;
  return createCircleStore({ ...commonOf(context, run, baseBranch), connect, isInBase });
}

function commonOf(context: Context, { repository }: Run, baseBranch: string) {
  const { signal, log, work, openFetch } = context;
  return {
    repository,
    baseBranch,
    outbox: work.path("bundle"),
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
