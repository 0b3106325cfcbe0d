import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findDbtFolders } from "../../src/dbt/folders.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "signalbox-folders-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe("the folders of a dbt project", () => {
  it.each<[what: string, project: string, env: Record<string, string>, targetPath: string, packagesPath: string]>([
    ["as dbt has them without a word", "name: shop", {}, "target", "dbt_packages"],
    ["as dbt_project.yml says", "target-path: build\npackages-install-path: vendor/p", {}, "build", "vendor/p"],
    ["as a variable says", "target-path: build", { DBT_TARGET_PATH: "other" }, "other", "dbt_packages"],
    [
      "as the newer variable says",
      "",
      { DBT_TARGET_PATH: "other", DBT_ENGINE_TARGET_PATH: "new" },
      "new",
      "dbt_packages",
    ],
    ["where a variable is empty", "target-path: build", { DBT_TARGET_PATH: "" }, "build", "dbt_packages"],
    ["where only dbt can tell", "target-path: \"{{ env_var('X') }}\"", {}, "target", "dbt_packages"],
  ])("%s", async (_, project, env, targetPath, packagesPath) => {
    await writeFile(join(dir, "dbt_project.yml"), project);

    expect(await findDbtFolders(dir, env)).toMatchObject({
      targetPath: join(dir, targetPath),
      packagesPath: join(dir, packagesPath),
    });
  });
});
