import { type Run, UNKNOWN_REPOSITORY } from "../run/run.ts";
import { SignalboxError } from "../support/errors.ts";
import { readFileIfAny } from "../support/files.ts";
import type { Git } from "../support/git.ts";
import type { Fetch } from "../support/proxied-fetch.ts";
import type { Environment } from "../support/secrets.ts";
import { createCircleClient } from "./circleci/client.ts";
import { fetchCirclePipeline, type OwnPipeline, readCircleRun } from "./circleci/run.ts";
import { parseGitHubEvent, readGitHubRun } from "./github/run.ts";
import { readLocalRun } from "./local/run.ts";
import { type RetryLimits, tryUntilDeadline } from "./requests.ts";

export interface Detected {
  readonly run: Run;
  /** null: it is not needed, or neither the configuration, nor the event, nor the remote tells. */
  readonly baseBranch: string | null;
}

export interface DetectOptions {
  readonly env: Environment;
  readonly git: Git;
  /** Finds the base branch; `told` is the default branch as an event tells it. Called where it has to be known. */
  readonly findBaseBranch: (told: string | null) => Promise<string | null>;
  readonly needs: Needs;
  /** Whether the base branch of the run's repository holds what is checked out; null: not known. */
  readonly isOnBase: (run: Run, baseBranch: string, head: string) => Promise<boolean | null>;
  readonly circleUrl: string;
  /** Of a local run. */
  readonly localId: string;
  readonly cwd: string;
  /** Goes through a proxy; null: there is none. */
  readonly openFetch: () => Promise<Fetch | null>;
  /** For how long CircleCI is asked again while it does not answer. */
  readonly patience: RetryLimits;
}

/** An answer without which a run only has less trust is not waited for until the deadline. */
const LONGEST_TRUST_SECONDS = 60;
/** For so long CircleCI may not know a pipeline that has just begun: the lag of the queue. */
const YOUNG_SECONDS = 11;

/** What a command has to know: `report` asks neither the remote nor CircleCI. */
export interface Needs {
  readonly baseBranch: boolean;
  readonly trigger: boolean;
  /** Whose code it is, where CircleCI's variables do not tell. */
  readonly trust: boolean;
}

export function platformOf(env: Environment): Run["platform"] {
  if (env.GITHUB_ACTIONS === "true") return "github";
  if (env.CIRCLECI === "true") return "circleci";
  return env.CI === undefined || env.CI === "" || env.CI === "false" ? "local" : "unknown";
}

/** Which run this is, from the environment; on CircleCI's base branch one call tells what started it. */
export async function detectRun(options: DetectOptions): Promise<Detected> {
  const { env, git } = options;
  const platform = platformOf(env);
  const head = await git.head();
  if (platform === "github") {
    // What cannot be read says nothing, as an empty file does.
    const payload = env.GITHUB_EVENT_PATH ? await readFileIfAny(env.GITHUB_EVENT_PATH).catch(() => "") : null;
    const event = parseGitHubEvent(payload, env.GITHUB_EVENT_NAME ?? "");
    const baseBranch = await findBaseBranchIfNeeded(options, event?.repository?.default_branch ?? null);
    return { run: readGitHubRun(env, event, head), baseBranch };
  }
  if (platform === "circleci") return detectCircle(options, head);
  const baseBranch = await findBaseBranchIfNeeded(options);
  return { run: await readLocalRun(git, platform, options.localId, options.cwd), baseBranch };
}

async function detectCircle(options: DetectOptions, head: string | null): Promise<Detected> {
  const { env, needs } = options;
  const baseBranch = await findBaseBranchIfNeeded(options);
  const isOn = (branch: string | null) => branch !== null && env.CIRCLE_BRANCH === branch && !env.CIRCLE_TAG;
  const needsTrigger = needs.trigger && isOn(baseBranch);
  const remote = await options.git.ask("config", "--get", "remote.origin.url");
  // The variables tell a fork of a GitHub OAuth or Bitbucket project, and of no other one.
  const needsTrust = needs.trust && readCircleRun(env, { head, remote, started: null }).trust === "full";
  const pipeline = needsTrigger
    ? await askCircle(options, options.patience)
    : needsTrust
      ? await askCircleIfAny(options)
      : null;
  const run = readCircleRun(env, { head, remote, started: pipeline?.started ?? null });
  const asFork = (headRepository: string): Run => ({ ...run, trust: "fork", headRepository });
  if (!needsTrust) return { run, baseBranch };
  if (pipeline?.tellsOrigin) return { run: pipeline.fork === null ? run : asFork(pipeline.fork), baseBranch };

  const base = baseBranch ?? (await options.findBaseBranch(null));
  const isOwn = base !== null && isOn(base) && head !== null && (await options.isOnBase(run, base, head)) === true;
  return { run: isOwn ? run : asFork(UNKNOWN_REPOSITORY), baseBranch };
}

/** Throws what CircleCI refuses; what may pass is asked again, since a moment's error must not cost a run. */
async function askCircle({ env, circleUrl, openFetch }: DetectOptions, patience: RetryLimits): Promise<OwnPipeline> {
  const token = env.CIRCLE_TOKEN;
  if (token === undefined || token === "") {
    throw new SignalboxError(
      "configuration",
      "CIRCLE_TOKEN is not set: only CircleCI's API tells a scheduled pipeline from a push",
      {
        hint: "add a personal API token as CIRCLE_TOKEN to a context of this job, or say --mode deploy or --mode schedule",
      },
    );
  }
  const { clock, startedAt } = patience;
  const client = await createCircleClient(circleUrl, token, { clock, fetch: await openFetch() });
  const isYoung = () => clock.monotonic() - startedAt <= YOUNG_SECONDS * 1000;
  return tryUntilDeadline(patience, (signal) => fetchCirclePipeline(client, env, { isYoung: isYoung(), signal }));
}

/** null: it cannot be asked, or does not answer as documented. */
async function askCircleIfAny(options: DetectOptions): Promise<OwnPipeline | null> {
  const { env, patience } = options;
  if (!env.CIRCLE_TOKEN) return null;
  const timeoutSeconds = Math.min(patience.timeoutSeconds ?? LONGEST_TRUST_SECONDS, LONGEST_TRUST_SECONDS);
  return askCircle(options, { ...patience, timeoutSeconds }).catch((error: unknown) => {
    patience.signal?.throwIfAborted();
    if (error instanceof SignalboxError) return null;
    throw error;
  });
}

async function findBaseBranchIfNeeded(options: DetectOptions, told: string | null = null): Promise<string | null> {
  return options.needs.baseBranch ? options.findBaseBranch(told) : null;
}
