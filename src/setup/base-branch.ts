import { basename } from "node:path";
import { z } from "zod";
import { hasCommit, isShallow } from "../bundles/ancestry.ts";
import { platformOf } from "../platforms/detect.ts";
import { chooseBaseBranch, type SharedBaseBranch } from "../run/base-branch.ts";
import { notAFlag } from "../settings/values.ts";
import { parseYaml } from "../settings/yaml.ts";
import { SignalboxError } from "../support/errors.ts";
import type { Log } from "../support/log.ts";
import type { Remote } from "../support/remote.ts";
import { gitHubRepository, isCloneOf } from "./ancestry.ts";
import type { ConfigFile } from "./config-file.ts";
import { type GitHubParts, openGitHub } from "./github.ts";

/** What the clone, the remote and GitHub's API are asked with for a file of a branch. */
export interface RepositoryParts extends GitHubParts {
  readonly signal: AbortSignal;
  readonly remote: Remote;
  readonly configFile: Pick<ConfigFile, "name">;
}

export interface BaseBranchParts extends RepositoryParts {
  readonly log: Pick<Log, "warn">;
}

/**
 * The base branch of this run's repository: `base_branch` in the file of the remote's default branch, else the default
 * branch; null where nothing tells. As a rule git knows; the remote is asked, then GitHub's API, where it does not.
 * `own`: what the file of this checkout says. `told`: the default branch as the event tells it.
 */
export async function findBaseBranch(
  parts: BaseBranchParts,
  own: string | null,
  told: string | null,
): Promise<string | null> {
  const { remote, env, log } = parts;
  const platform = platformOf(env);
  const isOwn = await isOwnClone(parts);
  const path = await pathInRepository(parts);
  const defaultBranch = told ?? (isOwn || (await remote.url()) === null ? await findDefaultBranch(remote) : null);
  const canDeployByItself = platform === "github" || platform === "circleci";
  // A CI's clone came from somewhere, whatever it calls the remote.
  const hasOrigin = canDeployByItself || (await remote.url()) !== null;
  const shared = path === null || !hasOrigin ? ALONE : await readShared(parts, { defaultBranch, path, isOwn });
  const { baseBranch, note } = chooseBaseBranch({ own, shared, defaultBranch, canDeployByItself });
  if (note !== null) log.warn("config", note);
  return baseBranch;
}

const ALONE = { kind: "alone" } as const;
const UNREADABLE = { kind: "unreadable" } as const;

/** As the clone remembers it, else as the remote says. */
async function findDefaultBranch(remote: Remote): Promise<string | null> {
  const remembered = await remote.git.ask("symbolic-ref", "--quiet", "refs/remotes/origin/HEAD");
  // The short name is another one where a tag or a branch is called origin/main.
  return remembered?.replace(/^refs\/remotes\/origin\//, "") ?? (await remote.heads())?.defaultBranch ?? null;
}

/** Whether the clone is one of this run's repository; outside of GitHub: whether it came from any. */
function isOwnClone({ remote, env }: RepositoryParts): Promise<boolean> {
  return isCloneOf(remote, platformOf(env) === "github" ? (env.GITHUB_REPOSITORY ?? null) : null);
}

/** Of signalbox.yml, from the top of its repository; null: it lies in none. */
async function pathInRepository({ remote, configFile }: RepositoryParts): Promise<string | null> {
  const prefix = await remote.git.ask("rev-parse", "--show-prefix");
  return prefix === null ? null : `${prefix}${basename(configFile.name)}`;
}

interface Wanted {
  readonly defaultBranch: string | null;
  readonly path: string;
  /** Whether the clone is one of this run's repository. */
  readonly isOwn: boolean;
}

/**
 * signalbox.yml as a branch of this run's repository has it, by git or GitHub's API; "absent": it has none; null: it cannot
 * be read.
 */
export async function readFileOfBranch(parts: RepositoryParts, branch: string): Promise<BranchFile> {
  const isOwn = await isOwnClone(parts);
  const path = await pathInRepository(parts);
  return path === null ? null : readInBranch(parts, { defaultBranch: branch, path, isOwn });
}

async function readInBranch(parts: RepositoryParts, { defaultBranch, path, isOwn }: Wanted): Promise<BranchFile> {
  const commit = isOwn && defaultBranch !== null ? await findCommit(parts.remote, defaultBranch) : null;
  const byGit = commit === null ? null : await readByGit(parts.remote, commit, path);
  return byGit ?? (await readByApi(parts, defaultBranch, path));
}

async function readShared(parts: RepositoryParts, wanted: Wanted): Promise<SharedBaseBranch> {
  const text = await readInBranch(parts, wanted);
  if (text === null) return UNREADABLE;
  if (text === "absent") return { kind: "read", value: null };
  return parseBaseBranch(text.content);
}

/** The file's text; "absent": there is no such file; null: it cannot be read. */
export type BranchFile = { readonly content: string } | "absent" | null;

/** The newest commit of the branch that the clone has, or gets. */
async function findCommit(remote: Remote, branch: string): Promise<string | null> {
  const known = await remote.git.ask("rev-parse", "--verify", "--quiet", `refs/remotes/origin/${branch}^{commit}`);
  if (known !== null) return known;
  const tip = (await remote.heads())?.tips.get(branch);
  if (tip === undefined) return null;
  const isThere =
    (await hasCommit(remote, tip)) || (await remote.fetch(tip, (await isShallow(remote)) ? "alone" : "history"));
  return isThere ? tip : null;
}

async function readByGit({ git }: Remote, commit: string, path: string): Promise<BranchFile> {
  const listed = await git.ask("ls-tree", "-z", "--full-tree", "--end-of-options", commit, path);
  if (listed === null) return null;
  const blob = /^100\d{3} blob ([0-9a-f]+)\t/.exec(listed)?.[1];
  if (blob === undefined) return listed === "" ? "absent" : null;
  const content = await git.ask("cat-file", "blob", blob);
  return content === null ? null : { content };
}

/** https://docs.github.com/en/rest/repos/contents#get-repository-content */
const contentsAnswer = z.object({ encoding: z.literal("base64"), content: z.string() });

async function readByApi(parts: RepositoryParts, branch: string | null, path: string): Promise<BranchFile> {
  const platform = platformOf(parts.env);
  const own = { platform, repository: parts.env.GITHUB_REPOSITORY ?? "" };
  const repository = await gitHubRepository(own, parts.remote);
  const token = parts.env.GITHUB_TOKEN || null;
  if (repository === null || token === null) return null;
  try {
    const client = await openGitHub(parts, repository, token);
    const options = { signal: parts.signal };
    // Without a ref GitHub takes its default branch.
    const wanted = { path, ...(branch === null ? {} : { ref: branch }) };
    const answer = await client.request("GET /repos/{owner}/{repo}/contents/{path}", wanted, options);
    if (answer.status === 404) return "absent";
    const read = contentsAnswer.safeParse(answer.body);
    return read.success ? { content: Buffer.from(read.data.content, "base64").toString("utf8") } : null;
  } catch (error) {
    parts.signal.throwIfAborted();
    if (!(error instanceof SignalboxError)) throw error;
    return null;
  }
}

const sharedFile = z.object({ base_branch: notAFlag.nullish() }).nullable();

/** The other keys may be of another version of signalbox. */
function parseBaseBranch(text: string): SharedBaseBranch {
  try {
    const parsed = sharedFile.safeParse(parseYaml(text, "signalbox.yml").value);
    return parsed.success ? { kind: "read", value: parsed.data?.base_branch ?? null } : UNREADABLE;
  } catch (error) {
    if (error instanceof SignalboxError) return UNREADABLE;
    throw error;
  }
}
