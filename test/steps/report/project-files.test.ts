import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readManifest } from "../../../src/artifacts/manifest.ts";
import { createReader, findPackageFolders, nameCompiled } from "../../../src/steps/report/project-files.ts";
import { aFinding, aSubject, aVerdict } from "../../severity/build.ts";

let dir: string;
beforeEach(async () => {
  dir = await realpath(await mkdtemp(join(tmpdir(), "signalbox-files-")));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

async function write(...paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), "x");
  }
}

function manifestOf(nodes: Readonly<Record<string, Readonly<Record<string, unknown>>>>) {
  const metadata = {
    dbt_schema_version: "https://schemas.getdbt.com/dbt/manifest/v12.json",
    dbt_version: "1.11.16",
    project_name: "shop",
  };
  return readManifest(JSON.stringify({ metadata, nodes }), "manifest.json");
}

function packagesNamed(...names: readonly string[]) {
  return manifestOf(
    Object.fromEntries(
      names.map((name) => [`model.${name}.a`, { package_name: name, original_file_path: "models/a.sql" }]),
    ),
  );
}

describe("the folders of packages", () => {
  const find = (...names: readonly string[]) =>
    findPackageFolders(
      {
        projectDir: join(dir, "repo/dbt"),
        projectName: "shop",
        packagesPath: join(dir, "repo/dbt/dbt_packages"),
      },
      join(dir, "repo"),
      packagesNamed(...names),
    );

  it("are where dbt installs them, and of a local package where it really is", async () => {
    await write("repo/dbt/dbt_packages/dbt_utils/dbt_project.yml", "repo/packages/own/dbt_project.yml");
    await symlink(join(dir, "repo/packages/own"), join(dir, "repo/dbt/dbt_packages/own"));

    expect(Object.fromEntries(await find("shop", "dbt_utils", "own"))).toEqual({
      dbt_utils: "dbt_packages/dbt_utils",
      own: "../packages/own",
    });
  });

  it.each([
    ["is not installed", "gone"],
    ["lies outside of the repository", "linked"],
    ["has a name that is a path", ".."],
    ["is the project itself", "shop"],
  ])("are not known of one that %s", async (_, name) => {
    await write("repo/dbt/dbt_packages/dbt_utils/dbt_project.yml", "elsewhere/dbt_project.yml");
    await symlink(join(dir, "elsewhere"), join(dir, "repo/dbt/dbt_packages/linked"));

    expect((await find(name)).size).toBe(0);
  });
});

describe("the compiled code of a finding", () => {
  const TEST = "test.own.unique_a_id.b5a158a823";
  const GENERIC = { name: "unique_a_id", test_metadata: { name: "unique" }, resource_type: "test" };
  const compiledOf = (id: string, node: Readonly<Record<string, unknown>>, path: string | null = "models/a.sql") => {
    const projectDir = join(dir, "repo/dbt");
    const folders = { projectDir, targetPath: join(projectDir, "target") };
    const verdict = aVerdict([aFinding({ subject: aSubject({ id, path }) })]);
    const [found] = nameCompiled(verdict, manifestOf({ [id]: node }), folders, join(dir, "repo")).findings;
    return found?.subject.kind === "node" ? found.subject.compiled : undefined;
  };
  const OWN = { package_name: "shop", original_file_path: "models/a.sql" };
  const OF_PACKAGE = { package_name: "own", original_file_path: "models/a.yml" };

  it.each([
    ["dbt 1, which names it absolute", "model.shop.a", { ...OWN, compiled_path: "DIR/repo/dbt/target/c/a.sql" }],
    ["dbt 1, which names it from the project", "model.shop.a", { ...OWN, compiled_path: "target/c/a.sql" }],
    ["dbt 1 on Windows", "model.shop.a", { ...OWN, compiled_path: "target\\c\\a.sql" }],
    ["a hook, by a path with a dot in it", "operation.shop.a", { ...OWN, compiled_path: "target/./c/a.sql" }],
  ])("is named by %s", async (_, id, node) => {
    await write("repo/dbt/target/c/a.sql");

    expect(compiledOf(id, { ...node, compiled_path: node.compiled_path.replace("DIR", dir) })).toBe("target/c/a.sql");
  });

  it.each([
    ["too long", `models/${"x/".repeat(3000)}a.sql`],
    ["too long in one part", `models/${"x".repeat(300)}.sql`],
    ["with a NUL character", "models/a\0b.sql"],
    ["below a file", "models/a.sql/b.sql"],
  ])("is none where a path is one that no file can have: %s", async (_, path) => {
    await write("repo/dbt/target/compiled/shop/models/a.sql");
    const node = { package_name: "shop", original_file_path: path, compiled_path: `target/compiled/shop/${path}` };

    expect(compiledOf("model.shop.a", node, path) ?? null).toBeNull();
    expect(createReader(join(dir, "repo/dbt"), join(dir, "repo"))(path)).toBeNull();
  });

  it.each([
    ["a model", "model.shop.a", OWN, "models/a.sql", "shop/models/a.sql"],
    [
      "a model of a package",
      "model.own.a",
      OF_PACKAGE,
      "dbt_packages/own/models/a.sql",
      "own/dbt_packages/own/models/a.sql",
    ],
    ["a generic test", TEST, { ...OF_PACKAGE, ...GENERIC }, null, "own/target/generic_tests/unique_a_id.sql"],
    ["a generic test of dbt 1", TEST, { ...OF_PACKAGE, ...GENERIC }, null, "own/models/a.yml/unique_a_id.sql"],
  ])("is found where nothing names it: %s", async (_, id, node, path, file) => {
    await write(`repo/dbt/target/compiled/${file}`);

    expect(compiledOf(id, node, path)).toBe(`target/compiled/${file}`);
  });

  it("is none where there is no file, where it is a folder, and where the manifest names a file outside", async () => {
    await write("secret.txt", "repo/dbt/target/c/a.sql/b.sql");

    expect(compiledOf("model.shop.a", OWN)).toBeNull();
    expect(compiledOf("model.shop.a", { ...OWN, compiled_path: "target/c/a.sql" })).toBeNull();
    expect(compiledOf("model.shop.a", { ...OWN, compiled_path: "../../secret.txt" })).toBeNull();
  });
});

describe("the reader of source files", () => {
  it("reads inside the repository, and nothing outside of it", async () => {
    await write("repo/dbt/models/a.yml", "repo/packages/own/a.yml", "secret.yml");
    const read = createReader(join(dir, "repo/dbt"), join(dir, "repo"));

    expect([read("models/a.yml"), read("../packages/own/a.yml")]).toEqual(["x", "x"]);
    expect([read("../../secret.yml"), read(join(dir, "secret.yml")), read("gone.yml")]).toEqual([null, null, null]);
  });
});
