import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { plain, readMapping } from "../dbt/project.ts";
import { CONFIG_NAME } from "../settings/config-name.ts";
import type { Config } from "../settings/file.ts";
import { SignalboxError } from "../support/errors.ts";
import { readFileIfAny, SETTINGS } from "../support/files.ts";
import type { Git } from "../support/git.ts";
import type { Environment } from "../support/secrets.ts";
import { type InitFacts, joinPath, type ProjectFacts, type RemoteFacts, relativePath } from "./facts.ts";
import { lookAtProject } from "./look-project.ts";
import { openRepositoryFiles, type RepositoryFiles, readCiFiles, whyUnread } from "./repository-files.ts";

export interface LookOptions {
  readonly git: Git;
  readonly cwd: string;
  readonly env: Environment;
  /** Reads the text of the signalbox.yml at a path; throws a configuration error for one that is not valid. */
  readonly readConfig: (text: string, path: string) => Config;
}

const DEEPEST = 4;
/** Folders that hold other people's projects, or none. */
const SKIPPED = [
  "dbt_packages",
  "dbt_modules",
  "vendor",
  "vendored",
  "third_party",
  "node_modules",
  "site-packages",
  "target",
  "venv",
  "env",
];

/** Reads the repository around a folder. Throws a configuration error where it is none, or holds no dbt project. */
export async function lookAtRepository({
  git,
  cwd,
  env,
  readConfig,
}: LookOptions): Promise<{ top: string; facts: InitFacts }> {
  const top = await git.top();
  if (top === null) {
    throw new SignalboxError("configuration", `${cwd} is not inside a git repository`, {
      hint: "start signalbox init in a clone of the repository that holds the dbt project (or git init first)",
    });
  }
  const found = { projects: [] as string[], profiles: [] as string[] };
  await walk(top, ".", 0, found);
  const cwdBelow = joinPath((await git.ask("rev-parse", "--show-prefix")) ?? "");
  await addProjectsAround(top, cwdBelow, found);
  const files = openRepositoryFiles(top);
  const installed = await installedPackages(files, found.projects);
  const dirs = found.projects.filter((dir) => `${cwdBelow}/`.startsWith(`${dir}/`) || !installed(dir)).sort();
  if (found.projects.length === 0) {
    throw new SignalboxError(
      "configuration",
      `${top} holds no dbt project: no dbt_project.yml down to ${DEEPEST} folders deep`,
      {
        hint: "start signalbox init in the repository that holds it (dbt init makes a new one)",
      },
    );
  }
  const readConfigIn = async (dir: string) => {
    const path = joinPath(dir, CONFIG_NAME);
    const text = await readFileIfAny(join(top, path), SETTINGS);
    return text === null ? null : readConfig(text, path);
  };
  const looks = dirs.map(async (dir) => ({
    ...(await lookAtProject({ top, dir, env, profilesDirs: nearestFirst(found.profiles, dir), files })),
    own: dir === "." ? null : await readConfigIn(dir),
  }));
  const isMeant = (dir: string) => dirs.length === 1 || (dir !== "." && `${cwdBelow}/`.startsWith(`${dir}/`));
  const projects = readable(await Promise.allSettled(looks), dirs, { top, files, isMeant });
  return {
    top,
    facts: {
      remote: await findRemote(git),
      baseBranch: await findBaseBranch(git),
      cwd: cwdBelow,
      projects,
      ciFiles: await readCiFiles(files, top),
      existing: await readConfigIn("."),
      gitignore: await files.read(".gitignore"),
      unread: files.unread(),
    },
  };
}

interface Place {
  readonly top: string;
  readonly files: RepositoryFiles;
  /** Whether nothing can be done without the project in this folder. */
  readonly isMeant: (dir: string) => boolean;
}

/** The projects that can be read. One that cannot is no reason to stop, unless it is the one that is meant, or there is no other. */
function readable(
  looks: readonly PromiseSettledResult<ProjectFacts>[],
  dirs: readonly string[],
  { top, files, isMeant }: Place,
): readonly ProjectFacts[] {
  const failed = looks.flatMap((look, index) =>
    look.status === "rejected" ? [{ dir: dirs[index] ?? "", reason: look.reason as unknown }] : [],
  );
  const projects = looks.flatMap((look) => (look.status === "fulfilled" ? [look.value] : []));
  const [first] = failed;
  const fatal = failed.find(({ dir }) => isMeant(dir)) ?? (projects.length === 0 ? first : undefined);
  if (fatal !== undefined) throw fatal.reason;
  for (const { dir, reason } of failed) files.note(dir, `is left out: ${whyUnread(reason, join(top, dir))}`);
  return projects;
}

/** Folders of dbt_project.yml and profiles.yml. Links are not followed: they may lead in circles, or out of here. */
async function walk(
  top: string,
  dir: string,
  depth: number,
  found: { projects: string[]; profiles: string[] },
): Promise<void> {
  const entries = await readdir(join(top, dir), { withFileTypes: true }).catch(() => []);
  const names = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  if (names.includes("pyvenv.cfg")) return;
  if (names.includes("dbt_project.yml")) found.projects.push(dir);
  if (names.includes("profiles.yml")) found.profiles.push(dir);
  if (depth === DEEPEST) return;
  for (const entry of entries) {
    const isHidden = entry.name.startsWith(".") && entry.name !== ".dbt";
    if (entry.isDirectory() && !isHidden && !SKIPPED.includes(entry.name))
      await walk(top, joinPath(dir, entry.name), depth + 1, found);
  }
}

/** The folder that somebody stands in is looked at, however deep it lies and whatever it is called. */
async function addProjectsAround(top: string, cwd: string, found: { projects: string[]; profiles: string[] }) {
  for (let dir = cwd; dir !== "."; dir = joinPath(...dir.split("/").slice(0, -1))) {
    const names = await readdir(join(top, dir)).catch(() => [] as string[]);
    if (names.includes("dbt_project.yml") && !found.projects.includes(dir)) found.projects.push(dir);
    if (names.includes("profiles.yml") && !found.profiles.includes(dir)) found.profiles.push(dir);
  }
}

/** Whether a folder is a package that dbt installed, in the place that a project names for them. */
async function installedPackages(files: RepositoryFiles, dirs: readonly string[]): Promise<(dir: string) => boolean> {
  const places = await Promise.all(
    dirs.map(async (dir) => {
      const settings = readMapping((await files.read(joinPath(dir, "dbt_project.yml"))) ?? "");
      const place = plain(settings["packages-install-path"]);
      return place === null || joinPath(place) === "." ? [] : [`${joinPath(dir, place)}/`];
    }),
  );
  return (dir) => places.flat().some((place) => `${dir}/`.startsWith(place));
}

/** Those that share most of their path with the project: two projects of a repository may call their profile alike. */
function nearestFirst(dirs: readonly string[], project: string): readonly string[] {
  const up = (dir: string) =>
    relativePath(project, dir)
      .split("/")
      .filter((part) => part === "..").length;
  return [...dirs].sort((a, b) => up(a) - up(b) || (a < b ? -1 : 1));
}

async function findRemote(git: Git): Promise<RemoteFacts | null> {
  const names = ((await git.ask("remote")) ?? "").split("\n").filter((name) => name !== "");
  const name = names.includes("origin") ? "origin" : names[0];
  return name === undefined ? null : parseRemote((await git.ask("remote", "get-url", "--", name)) ?? "");
}

/** `git@host:o/r.git`, `ssh://git@host:22/o/r`, `https://user:token@host/o/r.git`; null for a folder or anything else. */
export function parseRemote(url: string): RemoteFacts | null {
  const match =
    /^(?:https?|ssh|git):\/\/(?:[^/@]*@)?([\w.-]+)(?::\d+)?\/([\w./~-]+?)(?:\.git)?\/?$/i.exec(url) ??
    /^(?:[\w.-]+@)?([\w.-]+):(?!\/)([\w./~-]+?)(?:\.git)?\/?$/.exec(url);
  const [, host, path] = match ?? [];
  return host === undefined || path === undefined ? null : { host: host.toLowerCase(), path };
}

async function findBaseBranch(git: Git): Promise<InitFacts["baseBranch"]> {
  const remembered = await git.ask("symbolic-ref", "--short", "--quiet", "refs/remotes/origin/HEAD");
  if (remembered !== null) return { name: remembered.replace(/^origin\//, ""), from: "remote" };
  const heads = ((await git.ask("for-each-ref", "--format=%(refname:short)", "refs/heads")) ?? "").split("\n");
  const usual = ["main", "master"].find((name) => heads.includes(name));
  const current = usual ?? (await git.ask("symbolic-ref", "--short", "--quiet", "HEAD"));
  return current === null ? { name: "main", from: "guess" } : { name: current, from: "checkout" };
}
