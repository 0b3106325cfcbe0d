import { dbtWrites } from "../dbt/shell-lines.ts";
import type { Config } from "../settings/file.ts";
import { TARGET_PLACEHOLDER } from "../settings/placeholder.ts";
import { namesPlace, namesSecret } from "../support/secret-names.ts";
import { type Ci, type InitFacts, joinPath, type ProjectFacts, type Target } from "./facts.ts";

/** What init proposes where nobody answers, each with why. */

export interface Proposal<T> {
  readonly value: T;
  readonly why: string;
}

export function proposeCi({ ciFiles, remote }: InitFacts): Proposal<Ci> {
  const withDbt = ciFiles.find(({ text }) => namesDbt(text));
  if (withDbt !== undefined) return { value: withDbt.ci, why: `${withDbt.path} runs dbt` };
  const kinds = [...new Set(ciFiles.map(({ ci }) => ci))];
  const [only, other] = kinds;
  if (only !== undefined && other === undefined) return { value: only, why: `${ciFiles[0]?.path} exists` };
  if (remote === null) return { value: "github", why: "nothing tells; --ci circleci for the other" };
  const value = remote.host.includes("github") ? "github" : "circleci";
  return { value, why: `the remote is on ${remote.host}` };
}

/** Projects that test another one, as packages have them: never meant where there is another. */
const BESIDE = /(^|\/)integration_tests?(\/|$)/;

/** The projects that could be meant. */
export function ownProjects({ projects, cwd }: InitFacts): readonly ProjectFacts[] {
  const own = projects.filter(({ dir }) => !BESIDE.test(dir) || isInside(cwd, dir));
  return own.length === 0 ? projects : own;
}

/**
 * The project of the folder that init was started in, that of signalbox.yml, the one at the top, or the only one; null: a
 * person has to say.
 */
export function proposeProject(facts: InitFacts): ProjectFacts | null {
  const projects = ownProjects(facts);
  const around = facts.projects.filter(({ dir }) => dir !== "." && isInside(facts.cwd, dir));
  const innermost = around.reduce<ProjectFacts | null>(
    (best, each) => (best === null || each.dir.length > best.dir.length ? each : best),
    null,
  );
  if (innermost !== null) return innermost;
  const { existing } = facts;
  const named = existing === null ? null : joinPath(existing.dbt.projectDir);
  const [only, other] = projects;
  return (
    projects.find(({ dir }) => dir === named) ??
    projects.find(({ dir }) => dir === ".") ??
    (only !== undefined && other === undefined ? only : null)
  );
}

function isInside(path: string, dir: string): boolean {
  return dir === "." || `${path}/`.startsWith(`${dir}/`);
}

/** Where the project's signalbox.yml is, or will be, and what it says; the top's is the first project's. */
export function configOf(facts: InitFacts, { dir, own }: ProjectFacts): { dir: string; existing: Config | null } {
  if (own !== null) return { dir, existing: own };
  const { existing, projects } = facts;
  const named = existing === null ? null : joinPath(existing.dbt.projectDir);
  const isOthers = named !== null && named !== dir && projects.some((each) => each.dir === named);
  return isOthers && dir !== "." ? { dir, existing: null } : { dir: ".", existing };
}

/** `prod_eu` is not here: beside it there is a `prod_us`, or it is `prod_service_account`. */
const PRODUCTION = /^(prod|production|live)$/i;
const CHECK = /^(ci|cicd|check|checks|test|pr)$/i;
const PERSONAL = /^(dev|development)$/i;

/**
 * Two targets that are never the same, taken by their names alone. `ci` where the profile has none for checks; a
 * placeholder where none, or more than one, is called as production is.
 */
export function proposeTargets(existing: Config | null, { profiles }: ProjectFacts): { check: string; deploy: string } {
  const names = (profiles?.targets ?? []).map(({ name }) => name);
  const given = { check: existing?.modes.check.target ?? null, deploy: existing?.modes.deploy.target ?? null };
  const [only, other] = names.filter((name) => PRODUCTION.test(name) && name !== given.check);
  const deploy = given.deploy ?? (other === undefined ? only : undefined) ?? TARGET_PLACEHOLDER;
  const adapterOf = (name: string) => profiles?.targets.find((target) => target.name === name)?.adapter ?? null;
  const first = (pattern: RegExp) => names.find((name) => pattern.test(name) && name !== deploy);
  const personal = first(PERSONAL);
  // A laptop's DuckDB beside a warehouse's production: what builds there says nothing of what production does.
  const isAlike = personal !== undefined && [adapterOf(personal), null].includes(adapterOf(deploy));
  return { check: given.check ?? first(CHECK) ?? (isAlike ? personal : undefined) ?? "ci", deploy };
}

export function targetOf({ profiles }: ProjectFacts, name: string): Target | null {
  return profiles?.targets.find((target) => target.name === name) ?? null;
}

/** A variable that profiles.yml reads for the two targets. */
export interface Variable {
  readonly name: string;
  /** A credential, or what could be one; the others are by their names those of accounts, users, hosts. */
  readonly isSecret: boolean;
  readonly ofCheck: boolean;
  readonly ofDeploy: boolean;
}

/**
 * The variables that the two targets read, credentials first; none is made up. A target that is still to be added to
 * profiles.yml is taken to read what the other reads, and two of them what the only one there reads, unless
 * it is a person's.
 */
export function variablesOf(
  project: ProjectFacts,
  { check, deploy }: { readonly check: string; readonly deploy: string },
): readonly Variable[] {
  const [checks, deploys] = [targetOf(project, check)?.variables, targetOf(project, deploy)?.variables];
  const [only, another] = project.profiles?.targets ?? [];
  const isShared = only !== undefined && another === undefined && !PERSONAL.test(only.name);
  const ofOnly = isShared ? only.variables : [];
  const ofCheck = checks ?? deploys ?? ofOnly;
  const ofDeploy = deploys ?? checks ?? ofOnly;
  const variables = [...new Set([...ofCheck, ...ofDeploy])].map((name) => ({
    name,
    // A name that is not known is taken for a secret's: a URL or a DSN holds a password.
    isSecret: namesSecret(name) || !namesPlace(name),
    ofCheck: ofCheck.includes(name),
    ofDeploy: ofDeploy.includes(name),
  }));
  return [...variables.filter(({ isSecret }) => isSecret), ...variables.filter(({ isSecret }) => !isSecret)];
}

/** A line of a CI file that builds or tests with dbt, and is not ours. */
export function namesDbt(text: string): boolean {
  return text.split("\n").some((line) => !line.includes("signalbox") && dbtWrites(line).length > 0);
}
