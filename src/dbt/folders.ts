import { join, resolve } from "node:path";
import { readFileIfAny, SETTINGS } from "../support/files.ts";
import type { Environment } from "../support/secrets.ts";
import { packagesPathOf, plain, readMapping } from "./project.ts";

/** Where a dbt that is started in the project without folders on its command line reads and writes. All absolute. */
export interface DbtFolders {
  readonly projectDir: string;
  /** The name in dbt_project.yml; null: there is none, or it is a template. */
  readonly projectName: string | null;
  readonly targetPath: string;
  readonly logPath: string;
  /** Where `dbt deps` puts packages, each into a folder with its name. */
  readonly packagesPath: string;
}

/** What a project is called in messages, comments and ledgers: the same in every command. */
export function projectNameOf({ projectName }: Pick<DbtFolders, "projectName">): string {
  return projectName ?? "dbt";
}

/**
 * The only reader of these names. As dbt decides: DBT_TARGET_PATH and DBT_LOG_PATH (the newer names with DBT_ENGINE_ win), else dbt_project.yml, else
 * target and logs in the project's folder. https://docs.getdbt.com/reference/global-configs/json-artifacts
 */
export async function findDbtFolders(projectDir: string, env: Environment): Promise<DbtFolders> {
  const project = readMapping((await readFileIfAny(join(projectDir, "dbt_project.yml"), SETTINGS)) ?? "");
  const named = (name: string, key: string, fallback: string) =>
    resolve(projectDir, env[`DBT_ENGINE_${name}`] || env[`DBT_${name}`] || plain(project[key]) || fallback);
  return {
    projectDir,
    projectName: plain(project.name),
    targetPath: named("TARGET_PATH", "target-path", "target"),
    logPath: named("LOG_PATH", "log-path", "logs"),
    packagesPath: packagesPathOf(projectDir, project),
  };
}
