import { resolve } from "node:path";
import type { Environment } from "../support/secrets.ts";
import { isTemplate } from "../text/jinja.ts";
import { findEnvVars } from "./env-vars.ts";

/** Whether two outputs of a profile connect to one warehouse, told from profiles.yml alone. Pure: no dbt, no connection. */

/** An output of profiles.yml, as it is written. */
export type TargetOutput = Readonly<Record<string, unknown>>;

/** What each output is read with: the check's environment, and production's as far as it is known here. */
export interface OutputOf {
  readonly target: string;
  readonly output: TargetOutput | null;
  readonly env: Environment;
}

export type Separation =
  /** `by`: the keys that differ, as in `account`. */
  | { readonly kind: "separate"; readonly by: string }
  | { readonly kind: "same"; readonly why: string }
  | { readonly kind: "unknown"; readonly why: string };

/**
 * What says which host, account, project or file an output connects to; adapters have one of them, or host and port. A
 * database or schema is none: it is part of a relation's name. https://docs.getdbt.com/docs/local/profiles.yml
 */
const CONNECTION_KEYS = ["host", "server", "account", "project", "path", "cluster_id", "endpoint"] as const;

/** Throws nothing: what cannot be told is `unknown`, with the reason. `dir`: the project's folder, for files. */
export function compareWarehouses(check: OutputOf, production: OutputOf, dir: string): Separation {
  for (const { target, output } of [check, production])
    if (output === null) return { kind: "unknown", why: `profiles.yml does not tell the output ${target}` };
  const types = [check, production].map(({ output, env }) => renderText(output?.type, env));
  const [typeOfCheck, typeOfProduction] = types;
  if (typeOfCheck == null || typeOfProduction == null)
    return { kind: "unknown", why: "profiles.yml does not tell the type of both outputs" };
  const keys = CONNECTION_KEYS.filter((key) => check.output?.[key] != null || production.output?.[key] != null);
  if (typeOfCheck === typeOfProduction && keys.length === 0) {
    const why = `the outputs ${check.target} and ${production.target} name no ${CONNECTION_KEYS.slice(0, 5).join(", ")}`;
    return { kind: "unknown", why };
  }
  if (typeOfCheck !== typeOfProduction) return { kind: "separate", by: "type" };
  const unknown: string[] = [];
  for (const key of keys) {
    const values = [check, production].map(({ output, env }) => renderText(output?.[key], env));
    const [one, other] = values.map((value) => (value === null ? null : normal(key, value, dir)));
    if (one != null && other != null && one !== other) return { kind: "separate", by: key };
    if (one == null || other == null) unknown.push(...[check, production].flatMap((each) => unreadKey(key, each)));
  }
  if (unknown.length > 0) return { kind: "unknown", why: unknown.join("; ") };
  return { kind: "same", why: `${check.target} and ${production.target} have the same ${keys.join(" and ")}` };
}

function unreadKey(key: string, { target, output, env }: OutputOf): readonly string[] {
  const value = output?.[key];
  if (value == null) return [`${target} has no ${key}`];
  if (renderText(value, env) !== null) return [];
  const name = findEnvVars(String(value))[0]?.name;
  return [
    name === undefined
      ? `${key} of ${target} is a template that only dbt can read`
      : `${key} of ${target} reads ${name}, which is not set here`,
  ];
}

const ENV_VAR =
  /\{\{-?\s*env_var\(\s*(["'])([A-Za-z_]\w*)\1\s*(?:,\s*(["'])((?:(?!\3).)*)\3\s*)?\)\s*(?:\|\s*(?:int|as_number|as_native|as_text|string|trim)\s*)*-?\}\}/g;

/**
 * The value of a key of profiles.yml, with `env_var()` replaced; null: something in it only dbt can render, or a variable
 * is not set.
 */
export function renderText(value: unknown, env: Environment): string | null {
  if (typeof value === "number") return String(value);
  if (typeof value !== "string") return null;
  let isMissing = false;
  const text = value.replace(ENV_VAR, (_, _quote, name: string, _other, otherwise: string | undefined) => {
    const found = (Object.hasOwn(env, name) ? env[name] : undefined) ?? otherwise;
    if (found === undefined) isMissing = true;
    return found ?? "";
  });
  return isMissing || text === "" || isTemplate(text) ? null : text;
}

/** `{{ target.schema }}`, `{{ this.name }}` */
const MEMBER = /\{\{-?\s*(target|this)\.(\w+)\s*-?\}\}/g;

/** The text with what is known of `target` and `this`, and the variables; as it is where something is left to dbt. */
export function renderMembers(text: string, env: Environment, members: Readonly<Record<string, TargetOutput>>): string {
  const known = text.replace(MEMBER, (whole, object: string, name: string) => {
    const values = members[object];
    return values !== undefined && Object.hasOwn(values, name) ? (renderText(values[name], env) ?? whole) : whole;
  });
  return renderText(known, env) ?? text;
}

/**
 * The files behind DuckDB's databases, by name in lower case: the output's own and those that it attaches. Others have none.
 * https://github.com/duckdb/dbt-duckdb#attaching-additional-databases
 */
export function filesOf({ output, env }: OutputOf, dir: string): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  if (renderText(output?.type, env) !== "duckdb") return files;
  const attached = Array.isArray(output?.attach) ? output.attach : [];
  for (const each of [output, ...attached]) {
    const { path, alias } = (typeof each === "object" && each !== null ? each : {}) as TargetOutput;
    const file = renderText(path, env);
    if (file === null || file === ":memory:") continue;
    const name = (each === output ? null : renderText(alias, env)) ?? databaseOf(file);
    files.set(name.toLowerCase(), normal("path", file.replace(/\?.*$/s, ""), dir));
  }
  return files;
}

/**
 * Whether a database is in the warehouse that the output connects to, and in no other. A file of DuckDB and a project of
 * BigQuery are one database each, and a relation can name another one; an account or a host has all of its own.
 */
export function isOwnDatabase(database: string | null, place: OutputOf, dir: string): boolean {
  const { output, env } = place;
  if (database === null) return true;
  switch (renderText(output?.type, env)) {
    case "duckdb": {
      const path = renderText(output?.path, env);
      const own = path === null || path === ":memory:" ? undefined : normal("path", path.replace(/\?.*$/s, ""), dir);
      const file = filesOf(place, dir).get(database.toLowerCase());
      return own === undefined ? file === undefined : file === own;
    }
    case "bigquery":
      return renderText(output?.project ?? output?.database, env)?.toLowerCase() === database.toLowerCase();
    default:
      return true;
  }
}

/** DuckDB's name for a file: up to the first dot. */
function databaseOf(path: string): string {
  const [name = ""] = (
    path
      .replace(/\?.*$/s, "")
      .split(/[/\\:]/)
      .at(-1) ?? ""
  )
    .replace(/^\.+/, "")
    .split(".");
  return name === "" && path.startsWith("md:") ? "my_db" : name;
}

function normal(key: string, value: string, dir: string): string {
  // Of a file the case counts, and of `md:` (MotherDuck) and `:memory:` the path is none.
  if (key === "path") return /^(?:[a-z]+:|:memory:)/i.test(value) ? value : resolve(dir, value);
  return value.trim().toLowerCase().replace(/\.$/, "");
}
