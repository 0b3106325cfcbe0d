import { proxySecrets } from "./proxy.ts";
import { SHORTEST_SECRET } from "./redact.ts";
import { secretParts } from "./secret-parts.ts";

/**
 * Environment variables that no program gets that we start. `ACTIONS_*` and `INPUT_*` are put there by the runner; with
 * `ACTIONS_ID_TOKEN_*` and `CIRCLE_OIDC_TOKEN*` whoever reads them is this job, for every cloud that trusts it.
 * https://docs.github.com/en/actions/reference/security/oidc, https://circleci.com/docs/openid-connect-tokens/
 */
const WITHHELD: readonly RegExp[] = [
  /^SLACK_/,
  /^SIGNALBOX_WEBHOOK_SECRET$/,
  /^CIRCLE_TOKEN$/,
  /^CIRCLE_OIDC_TOKEN/,
  /^(?:GITHUB|GH)(?:_ENTERPRISE)?_TOKEN$/,
  /^INPUT_/,
  /^ACTIONS_.*_TOKEN$/,
  /^ACTIONS_ID_TOKEN_/,
];

/** The runner's command files: a model must not be able to write them. */
const RUNNER_FILES: readonly string[] = [
  "GITHUB_OUTPUT",
  "GITHUB_ENV",
  "GITHUB_PATH",
  "GITHUB_STEP_SUMMARY",
  "GITHUB_STATE",
];

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The job's environment without our secrets and without the runner's command files: what every program gets. `passed`: names
 * of secrets that this one gets all the same.
 */
export function withoutSecrets(env: Environment, passed: readonly string[] = []): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || (isWithheld(name) && !passed.includes(name)) || isRunnerFile(name)) continue;
    kept[name] = value;
  }
  return kept;
}

/** Whether a variable is a secret that dbt does not get, unless `dbt.pass_env` names it. */
export function isWithheld(name: string): boolean {
  return WITHHELD.some((pattern) => pattern.test(name));
}

/** Whether a variable names a file in which the runner reads commands: no program gets those. */
export function isRunnerFile(name: string): boolean {
  return RUNNER_FILES.includes(name);
}

/**
 * The secrets that the environment holds by their names: ours, dbt's own (`DBT_ENV_SECRET_*`), and users with passwords in
 * addresses of proxies. https://docs.getdbt.com/reference/dbt-jinja-functions/env_var#secrets
 */
export function secretValues(env: Environment): string[] {
  const values = Object.entries(env)
    .filter(([name]) => isSecretName(name))
    .flatMap(([name, value]) => [...secretParts(value ?? ""), ...(/WEBHOOK/.test(name) ? pathOf(value ?? "") : [])]);
  return [...new Set([...values, ...proxySecrets(env)])].filter((value) => value.length >= SHORTEST_SECRET);
}

function isSecretName(name: string): boolean {
  if (name.startsWith("DBT_ENV_SECRET")) return true;
  // Our own flags are no secrets, and an address without its token is none.
  if (name === "ACTIONS_ID_TOKEN_REQUEST_URL") return false;
  return isWithheld(name) && /TOKEN|WEBHOOK|SECRET|KEY|PASSWORD|CLIENT/i.test(name);
}

/** A webhook's path is its secret, also where its host is left out. */
function pathOf(value: string): readonly string[] {
  const url = URL.canParse(value.trim()) ? new URL(value.trim()) : null;
  return url === null || url.pathname === "/" ? [] : [url.pathname];
}
