import { chmod, mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { assertDbt, assertTarget, readProject } from "../../src/dbt/project.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "signalbox-project-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, name)), { recursive: true });
    await writeFile(join(dir, name), text);
  }
}

const PROJECT = { "p/dbt_project.yml": "name: shop\nprofile: shop\n" };
const PROFILES =
  "shop:\n  target: ci\n  outputs:\n    ci: { type: duckdb, path: \"{{ env_var('X') }}\" }\n    prod: { type: duckdb }\n";
const read = (env = {}, profilesDir: string | null = null, profile: string | null = null) =>
  readProject({ dir: join(dir, "p"), profilesDir, profile, env });

describe("a dbt project", () => {
  it("is refused where there is no dbt_project.yml", async () => {
    await expect(read()).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining("holds no dbt_project.yml"),
      hint: expect.stringContaining("dbt.project_dir"),
    });
  });

  it.each([
    ["beside dbt_project.yml", "p/profiles.yml", {}],
    ["where DBT_PROFILES_DIR says", "elsewhere/profiles.yml", { DBT_PROFILES_DIR: "../elsewhere" }],
    ["in ~/.dbt", "home/.dbt/profiles.yml", { HOME: "" }],
  ])("finds its profile %s", async (_, file, env) => {
    await write({ ...PROJECT, [file]: PROFILES });

    const project = await read("HOME" in env ? { HOME: join(dir, "home") } : env);

    expect(project).toMatchObject({ name: "shop", profilesDir: dirname(join(dir, file)), targets: ["ci", "prod"] });
  });

  it("leaves what is a template, or is not there, to dbt", async () => {
    await write({ "p/dbt_project.yml": "name: shop\nprofile: \"{{ env_var('P') }}\"\n", "p/profiles.yml": PROFILES });
    expect((await read()).targets).toBeNull();

    await rm(join(dir, "p/profiles.yml"));
    expect(await read()).toMatchObject({ profilesDir: null, targets: null });

    await write({ "p/dbt_project.yml": "name: [" });
    expect(await read()).toMatchObject({ name: null, targets: null });
  });

  it("is refused where the folder that signalbox.yml names holds no profiles.yml", async () => {
    await write(PROJECT);

    await expect(read({}, join(dir, "nowhere"))).rejects.toThrow(`${join(dir, "nowhere")} holds no profiles.yml`);
  });

  it.each<[what: string, env: Record<string, string>, profile: string | null, targets: readonly string[]]>([
    ["DBT_PROFILE", { DBT_PROFILE: "other" }, null, ["staging"]],
    ["DBT_ENGINE_PROFILE over it", { DBT_ENGINE_PROFILE: "other", DBT_PROFILE: "shop" }, null, ["staging"]],
    ["dbt.profile over both", { DBT_ENGINE_PROFILE: "shop", DBT_PROFILE: "shop" }, "other", ["staging"]],
    ["an empty variable is none", { DBT_PROFILE: "" }, null, ["ci", "prod"]],
  ])("has the targets of the profile that dbt takes: %s", async (_, env, profile, targets) => {
    await write({ ...PROJECT, "p/profiles.yml": `${PROFILES}other:\n  outputs:\n    staging: { type: duckdb }\n` });

    expect((await read(env, null, profile)).targets).toEqual(targets);
  });

  it("is refused where profiles.yml does not have the profile that signalbox.yml names", async () => {
    await write({ ...PROJECT, "p/profiles.yml": PROFILES });

    await expect(read({}, null, "shpo")).rejects.toMatchObject({
      exitCode: 2,
      message: 'dbt.profile is "shpo": profiles.yml has no such profile (did you mean shop?)',
    });
  });

  it("finds its profile where DBT_ENGINE_PROFILES_DIR says, before DBT_PROFILES_DIR", async () => {
    await write({ ...PROJECT, "new/profiles.yml": PROFILES, "old/profiles.yml": "shop: {}\n" });

    const project = await read({ DBT_ENGINE_PROFILES_DIR: "../new", DBT_PROFILES_DIR: "../old" });

    expect(project.profilesDir).toBe(join(dir, "new"));
  });

  it("needs dbt deps where packages are named and not installed, or named anew", async () => {
    await write(PROJECT);
    expect((await read()).packages).toBe("none");

    await write({ "p/packages.yml": "packages:\n  - package: dbt-labs/dbt_utils\n" });
    expect((await read()).packages).toBe("missing");

    // What a dbt deps that failed leaves behind.
    await mkdir(join(dir, "p/dbt_packages"));
    await utimes(join(dir, "p/packages.yml"), 1, 1);
    expect((await read()).packages).toBe("missing");

    await mkdir(join(dir, "p/dbt_packages/dbt_utils"));
    expect((await read()).packages).toBe("installed");

    const later = Date.now() / 1000 + 60;
    await write({ "p/package-lock.yml": "packages: []\n" });
    await utimes(join(dir, "p/package-lock.yml"), later, later);
    expect((await read()).packages).toBe("missing");
  });
});

describe("a target", () => {
  it("that the profile does not have is refused, with those it has", async () => {
    await write({ ...PROJECT, "p/profiles.yml": PROFILES });
    const project = await read();

    expect(() => assertTarget(project, "prd", "--target")).toThrow(
      '--target is "prd": the profile has no such target (did you mean prod?)',
    );
    expect(() => assertTarget(project, "prod", "--target")).not.toThrow();
    expect(() => assertTarget({ ...project, targets: null }, "prd", "--target")).not.toThrow();
  });
});

describe("dbt's program", () => {
  it("is looked for on the PATH before anything is started", async () => {
    await write({ "bin/dbt": "#!/bin/sh\n", "bin/folder/x": "" });
    const env = { PATH: join(dir, "bin") };

    await expect(assertDbt(["dbt"], dir, env)).rejects.toThrow('"dbt" may not be run: EACCES');
    await chmod(join(dir, "bin/dbt"), 0o755);
    await expect(assertDbt(["dbt"], dir, env)).resolves.toBeUndefined();
    await expect(assertDbt(["./bin/dbt"], dir, {})).resolves.toBeUndefined();
    await expect(assertDbt(["./bin/folder"], dir, {})).rejects.toThrow('"./bin/folder" is no program');
  });

  it("is missing in words that name what to change", async () => {
    const env = { PATH: dir };

    await expect(assertDbt(["dbt"], dir, env)).rejects.toMatchObject({
      message: 'dbt was not found: there is no program "dbt" on the PATH',
      hint: expect.stringContaining("dbt: { command: [uv, run, dbt] }"),
    });
    await expect(assertDbt(["uv", "run", "dbt"], dir, env)).rejects.toMatchObject({
      message: 'dbt.command is [uv, run, dbt]: there is no program "uv" on the PATH',
      hint: expect.stringContaining("correct dbt.command"),
    });
  });
});
