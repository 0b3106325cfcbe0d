import type { Run } from "../run/run.ts";
import { SignalboxError } from "../support/errors.ts";
import { readFileIfAny } from "../support/files.ts";
import type { Git } from "../support/git.ts";
import type { Fetch } from "../support/proxied-fetch.ts";
import type { Environment } from "../support/secrets.ts";
import { createCircleClient } from "./circleci/client.ts";
import { fetchCircleTrigger, readCircleRun } from "./circleci/run.ts";
import type { CircleTrigger } from "./circleci/trigger.ts";
import { parseGitHubEvent, readGitHubRun } from "./github/run.ts";
import { readLocalRun } from "./local/run.ts";

export interface Detected {
  readonly run: Run;
  /** null: neither the configuration, nor the event, nor the remote tells. */
  readonly baseBranch: string | null;
}

export interface DetectOptions {
  readonly env: Environment;
  readonly git: Git;
  /** `base_branch` of signalbox.yml; null: what the event or the remote says. */
  readonly baseBranch: string | null;
  /** What the command has to know: `report` and `notify` ask neither the remote nor CircleCI. */
  readonly needs: { readonly baseBranch: boolean; readonly trigger: boolean };
  readonly circleUrl: string;
  /** Of a local run. */
  readonly localId: string;
  readonly cwd: string;
  /** Goes through a proxy; null: there is none. */
  readonly openFetch: () => Promise<Fetch | null>;
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
  const head = await git.ask("rev-parse", "HEAD");
  if (platform === "github") {
    // What cannot be read says nothing, as an empty file does.
    const payload = env.GITHUB_EVENT_PATH ? await readFileIfAny(env.GITHUB_EVENT_PATH).catch(() => "") : null;
    const event = parseGitHubEvent(payload, env.GITHUB_EVENT_NAME ?? "");
    const baseBranch = options.baseBranch ?? event?.repository?.default_branch ?? (await findBaseBranch(options));
    return { run: readGitHubRun(env, event, head), baseBranch };
  }
  const baseBranch = options.baseBranch ?? (await findBaseBranch(options));
  if (platform === "circleci") {
    const isBase = baseBranch !== null && env.CIRCLE_BRANCH === baseBranch && !env.CIRCLE_TAG;
    const started = isBase && options.needs.trigger ? await askCircle(options) : null;
    const remote = await git.ask("config", "--get", "remote.origin.url");
    return { run: readCircleRun(env, { head, remote, started }), baseBranch };
  }
  return { run: await readLocalRun(git, platform, options.localId, options.cwd), baseBranch };
}

async function askCircle({ env, circleUrl, openFetch }: DetectOptions): Promise<CircleTrigger> {
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
  return fetchCircleTrigger(await createCircleClient(circleUrl, token, { fetch: await openFetch() }), env);
}

/** The remote's HEAD: as the clone remembers it, else as the remote says. */
async function findBaseBranch({ git, needs }: DetectOptions): Promise<string | null> {
  if (!needs.baseBranch) return null;
  const remembered = await git.ask("symbolic-ref", "--short", "--quiet", "refs/remotes/origin/HEAD");
  if (remembered !== null) return remembered.replace(/^origin\//, "");
  const asked = await git.ask("ls-remote", "--symref", "--end-of-options", "origin", "HEAD");
  return /^ref: refs\/heads\/(\S+)\s+HEAD/m.exec(asked ?? "")?.[1] ?? null;
}
