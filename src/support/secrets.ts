import { proxySecrets } from "./proxy.ts";
import { SHORTEST_SECRET } from "./redact.ts";

/**
 * Environment variables that no program gets that we start. `ACTIONS_*` and `INPUT_*` are put there by the runner; with
 * `ACTIONS_ID_TOKEN_*` and `CIRCLE_OIDC_TOKEN*` whoever reads them is this job, for every cloud that trusts it.
 * https://docs.github.com/en/actions/reference/security/oidc, https://circleci.com/docs/openid-connect-tokens/
 */
const WITHHELD: readonly RegExp[] = [
  /^SLACK_/,
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

const SECRET_KEY = /passw|passphrase|pwd|^pass$|secret|token|key|private|credential/i;

/** Whether the name of a key or variable says that its value is a secret. */
export function namesSecret(name: string): boolean {
  return SECRET_KEY.test(name);
}

/**
 * What of a secret value must not be shown. Of a key file in JSON, plain or in base64, that is what its secret keys hold; of a
 * text of several lines each line that no other text has; else the whole.
 */
export function secretParts(value: string): readonly string[] {
  const text = value.trim();
  const fields = jsonFields(text) ?? jsonFields(Buffer.from(text, "base64").toString("utf8"));
  const inside = fields === null ? [] : secretFields(fields).flatMap(secretParts);
  if (inside.length > 0) return text.startsWith("{") ? inside : [text, ...inside];
  const lines = text.split(/[\r\n]+/).map((line) => line.trim());
  const own = lines.length === 1 ? [] : lines.filter(isDistinctive);
  return (own.length > 0 ? own : [text]).filter((part) => part.length >= SHORTEST_SECRET);
}

/** As of a key in PEM: neither its frame nor its headers. */
function isDistinctive(line: string): boolean {
  return /^[\w+/=.~-]{8,}$/.test(line) && !line.startsWith("---") && /\d|[a-z][A-Z]/.test(line);
}

function jsonFields(text: string): object | null {
  if (!text.startsWith("{")) return null;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

const DEEPEST = 40;

function secretFields(fields: object, depth = 0): readonly string[] {
  return Object.entries(fields).flatMap(([key, value]) => {
    if (typeof value === "string") return namesSecret(key) && !/_ur[il]$/.test(key) ? [value] : [];
    return typeof value === "object" && value !== null && depth < DEEPEST ? secretFields(value, depth + 1) : [];
  });
}
