import { proxySecrets } from "./proxy.ts";

/**
 * Environment variables whose values are secrets that signalbox reads. They never reach dbt, a log or a file.
 * `ACTIONS_*_TOKEN` and `INPUT_*` are matched by pattern: the runner puts them there.
 */
const SECRET_NAMES: readonly RegExp[] = [
  /^SLACK_/,
  /^CIRCLE_TOKEN$/,
  /^GITHUB_TOKEN$/,
  /^INPUT_/,
  /^ACTIONS_.*_TOKEN$/,
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

/** The job's environment without our secrets and without the runner's command files: what dbt and git get. */
export function withoutSecrets(env: Environment): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || isSecretName(name) || RUNNER_FILES.includes(name)) continue;
    kept[name] = value;
  }
  return kept;
}

/** The values of all secrets in the environment. Values under eight characters would redact ordinary words. */
export function secretValues(env: Environment): string[] {
  const values = Object.entries(env)
    .filter(([name]) => isSecretName(name) && /TOKEN|WEBHOOK|SECRET|KEY|PASSWORD/i.test(name))
    .map(([, value]) => (value ?? "").trim());
  return [...new Set([...values, ...proxySecrets(env)])].filter((value) => value.length >= 8);
}

/** A function that replaces every secret by `***`, also in its URL-encoded and base64 forms. */
export function redactor(secrets: readonly string[]): (text: string) => string {
  const forms = secrets
    .flatMap((secret) => [
      secret,
      encodeURIComponent(secret),
      JSON.stringify(secret).slice(1, -1),
      Buffer.from(secret).toString("base64"),
    ])
    .filter((form, index, all) => all.indexOf(form) === index)
    .sort((a, b) => b.length - a.length);
  if (forms.length === 0) return (text) => text;
  return (text) => forms.reduce((redacted, form) => redacted.replaceAll(form, "***"), text);
}

function isSecretName(name: string): boolean {
  return SECRET_NAMES.some((pattern) => pattern.test(name));
}
