import { dbtWrites } from "../dbt/shell-lines.ts";
import { type Ci, type Facts, joinPath, type ProjectFacts, type Target } from "./facts.ts";

/** What init proposes where nobody answers, each with why. */

export interface Proposal<T> {
  readonly value: T;
  readonly why: string;
}

export function proposeCi({ ciFiles, remote }: Facts): Proposal<Ci> {
  const withDbt = ciFiles.find(({ text }) => namesDbt(text));
  if (withDbt !== undefined) return { value: withDbt.ci, why: `${withDbt.path} runs dbt` };
  const kinds = [...new Set(ciFiles.map(({ ci }) => ci))];
  const [only, other] = kinds;
  if (only !== undefined && other === undefined) return { value: only, why: `${ciFiles[0]?.path} exists` };
  if (remote === null) return { value: "github", why: "nothing tells; --ci circleci for the other" };
  const value = remote.host.includes("github") ? "github" : "circleci";
  return { value, why: `the remote is on ${remote.host}` };
}

/** The only project, that of signalbox.yml, or the one that init was started in; null: a person has to say. */
export function proposeProject({ projects, existing, cwd }: Facts): ProjectFacts | null {
  const [only, other] = projects;
  if (only !== undefined && other === undefined) return only;
  const named = existing === null ? null : joinPath(existing.dbt.projectDir);
  const around = projects.filter(({ dir }) => dir !== "." && `${cwd}/`.startsWith(`${dir}/`));
  return projects.find(({ dir }) => dir === named) ?? around.at(-1) ?? null;
}

const PRODUCTION = /^(prod|production|prd|live|deploy)$/i;
const CHECK = /^(ci|check|checks|test|pr)$/i;
const PERSONAL = /^(dev|development|default|local)$/i;

/** Two targets that are never the same; `ci` and `prod` where the profile has none that could be meant. */
export function proposeTargets({ existing }: Facts, { profiles }: ProjectFacts): { check: string; deploy: string } {
  const names = (profiles?.targets ?? []).map(({ name }) => name);
  const first = (pattern: RegExp, but: string | null) => names.find((name) => pattern.test(name) && name !== but);
  const given = { check: existing?.modes.check.target ?? null, deploy: existing?.modes.deploy.target ?? null };
  const deploy =
    given.deploy ??
    first(PRODUCTION, given.check) ??
    names.find((name) => name !== given.check && !CHECK.test(name) && !PERSONAL.test(name)) ??
    "prod";
  const check =
    given.check ?? first(CHECK, deploy) ?? first(PERSONAL, deploy) ?? names.find((name) => name !== deploy) ?? "ci";
  return { check, deploy };
}

export function targetOf({ profiles }: ProjectFacts, name: string): Target | null {
  return profiles?.targets.find((target) => target.name === name) ?? null;
}

const SECRET = /(^|_)(KEY|KEYFILE|PASS|PASSWORD|PASSPHRASE|PWD|TOKEN|SECRET|CREDENTIALS?)(_|$)/i;

/** A variable that profiles.yml reads for the two targets. */
export interface Variable {
  readonly name: string;
  /** By its name a credential; the others are names of accounts, users, hosts. */
  readonly isSecret: boolean;
  readonly ofCheck: boolean;
  readonly ofDeploy: boolean;
}

/**
 * The variables that the two targets read, credentials first; none is made up. A target that is still to be added to
 * profiles.yml is taken to read what the other reads.
 */
export function variablesOf(
  project: ProjectFacts,
  { check, deploy }: { readonly check: string; readonly deploy: string },
): readonly Variable[] {
  const [checks, deploys] = [targetOf(project, check)?.variables, targetOf(project, deploy)?.variables];
  const ofCheck = checks ?? deploys ?? [];
  const ofDeploy = deploys ?? checks ?? [];
  const variables = [...new Set([...ofCheck, ...ofDeploy])].map((name) => ({
    name,
    isSecret: SECRET.test(name),
    ofCheck: ofCheck.includes(name),
    ofDeploy: ofDeploy.includes(name),
  }));
  return [...variables.filter(({ isSecret }) => isSecret), ...variables.filter(({ isSecret }) => !isSecret)];
}

/** A line of a CI file that builds or tests with dbt, and is not ours. */
export function namesDbt(text: string): boolean {
  return text.split("\n").some((line) => !line.includes("signalbox") && dbtWrites(line).length > 0);
}
