import { join, resolve } from "node:path";
import { findEnvVars, secretsReadBy } from "../dbt/env-vars.ts";
import { profilePlaces } from "../dbt/project.ts";
import type { Config } from "../settings/file.ts";
import { readFileIfAny, SETTINGS } from "../support/files.ts";
import { type Environment, secretValues } from "../support/secrets.ts";

interface Places {
  readonly env: Environment;
  /** What relative folders in signalbox.yml start from. */
  readonly baseDir: string;
  readonly dbt: Pick<Config["dbt"], "projectDir" | "profilesDir" | "env">;
}

/** Every secret that must not be shown, written or sent: by its variable's name, and as the files of dbt read it. Throws nothing. */
export async function learnSecrets(places: Places): Promise<readonly string[]> {
  const texts = await readDbtFiles(places);
  const env = { ...places.env, ...places.dbt.env };
  return [...new Set([...secretValues(env), ...secretsReadBy(texts, env)])];
}

/** Names of the variables that profiles.yml and the files of the project read with env_var(). Throws nothing. */
export async function learnEnvVars(places: Places): Promise<ReadonlySet<string>> {
  const texts = await readDbtFiles(places);
  return new Set(texts.flatMap(findEnvVars).map(({ name }) => name));
}

/** Files that may read a variable, as texts. What cannot be read now is refused where it is needed. */
async function readDbtFiles({ env, baseDir, dbt }: Places): Promise<readonly string[]> {
  const dir = resolve(baseDir, dbt.projectDir);
  const asked = dbt.profilesDir === null ? null : resolve(baseDir, dbt.profilesDir);
  const profiles = profilePlaces(dir, asked, { ...env, ...dbt.env }).map((place) => join(place, "profiles.yml"));
  const ofProject = ["dbt_project.yml", "packages.yml", "dependencies.yml"].map((name) => join(dir, name));
  const texts = await Promise.all(
    [...ofProject, ...profiles].map((path) => readFileIfAny(path, SETTINGS).catch(() => null)),
  );
  return texts.filter((text) => text !== null);
}
