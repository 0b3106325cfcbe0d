import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { dbtFoldersOf } from "../../src/setup/dbt-project.ts";
import { aConfig } from "../steps/build-parts.ts";
import { initRepository } from "../support/repository.ts";
import { useTempDir } from "../support/temp-dir.ts";

const dirOf = useTempDir();

describe("the project's folder in its repository", () => {
  it.each<[what: string, baseDir: string, projectDir: string, fromTop: string]>([
    ["below its top", "repo", "dbt/shop", "dbt/shop"],
    ["its top", "repo", ".", ""],
    ["below its top, behind a link", "link", "dbt/shop", "dbt/shop"],
    ["not there yet", "repo", "dbt/new", "dbt/new"],
    ["in no repository", "none", "dbt", ""],
  ])("is told by the way from the top: one %s", async (_, baseDir, projectDir, fromTop) => {
    const dir = dirOf();
    initRepository(join(dir, "repo"));
    mkdirSync(join(dir, "repo", "dbt", "shop"), { recursive: true });
    symlinkSync(join(dir, "repo"), join(dir, "link"));
    const settings = { given: {}, config: aConfig({ dbt: { project_dir: projectDir } }) };

    const folders = await dbtFoldersOf({ baseDir: join(dir, baseDir), settings, env: { PATH: process.env.PATH } });

    expect(folders.fromTop).toBe(fromTop);
  });
});
