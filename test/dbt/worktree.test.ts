import { existsSync } from "node:fs";
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { lendPackages, withWorktree } from "../../src/dbt/worktree.ts";
import { initRepository, type Repository } from "../support/repository.ts";
import { useTempDir } from "../support/temp-dir.ts";

const dir = useTempDir();
let repository: Repository;
let base: string;

beforeEach(() => {
  repository = initRepository(join(dir(), "repository"));
  base = repository.commit("base.sql");
  repository.commit("change.sql");
});

const worktrees = () => repository.run("worktree", "list", "--porcelain").match(/^worktree .*/gm);
const branches = () => repository.run("for-each-ref", "--format=%(refname)");

describe("a borrowed work tree", () => {
  it("holds the commit's files, outside the repository, without a branch", async () => {
    const before = branches();

    const seen = await withWorktree(repository.git, base, async (tree) => ({
      tree,
      names: (await readdir(tree)).sort(),
      text: await readFile(join(tree, "base.sql"), "utf8"),
      branches: branches(),
    }));

    expect(seen).toMatchObject({ names: [".git", "base.sql"], text: "base.sql\n", branches: before });
    expect(seen.tree.startsWith(repository.dir)).toBe(false);
  });

  it("is gone afterwards, also from git's own list, and the answer is what its use gave", async () => {
    let tree = "";

    const answer = await withWorktree(repository.git, base, async (place) => {
      tree = place;
      return 42;
    });

    expect(answer).toBe(42);
    expect(existsSync(join(tree, ".."))).toBe(false);
    expect(worktrees()).toEqual([`worktree ${repository.dir}`]);
    expect(existsSync(join(repository.dir, ".git/worktrees"))).toBe(false);
  });

  it("is gone also where its use fails, which is told as it was", async () => {
    const failure = new Error("dbt does not parse");
    let tree = "";

    const borrowing = withWorktree(repository.git, base, async (place) => {
      tree = place;
      await writeFile(join(place, "untracked.txt"), "left by dbt");
      await mkdir(join(place, "target/deep"), { recursive: true });
      throw failure;
    });

    await expect(borrowing).rejects.toBe(failure);
    expect(existsSync(join(tree, ".."))).toBe(false);
    expect(worktrees()).toEqual([`worktree ${repository.dir}`]);
  });

  it("leaves the repository's own work tree as it was, uncommitted changes and all", async () => {
    await writeFile(join(repository.dir, "change.sql"), "being edited");
    const status = repository.run("status", "--porcelain", "--branch");

    await withWorktree(repository.git, base, async () => {});

    expect(repository.run("status", "--porcelain", "--branch")).toBe(status);
  });

  it("may be lent twice at a time", async () => {
    const trees = await withWorktree(repository.git, base, (one) =>
      withWorktree(repository.git, base, async (two) => [one, two]),
    );

    expect(new Set(trees).size).toBe(2);
    expect(worktrees()).toEqual([`worktree ${repository.dir}`]);
  });

  it("keeps the work trees that somebody else has", async () => {
    repository.run("worktree", "add", "--quiet", "--detach", join(dir(), "theirs"), base);

    await withWorktree(repository.git, base, async () => {});

    expect(worktrees()).toEqual([`worktree ${repository.dir}`, `worktree ${join(dir(), "theirs")}`]);
  });

  it.each([
    ["in .git/hooks", async () => join(repository.dir, ".git/hooks")],
    [
      "in the folder that core.hooksPath names",
      async () => {
        repository.run("config", "core.hooksPath", "hooks");
        return join(repository.dir, "hooks");
      },
    ],
  ])("runs no hook of the repository %s", async (_, place) => {
    const hooks = await place();
    await mkdir(hooks, { recursive: true });
    const trace = join(dir(), "hook-ran");
    for (const name of ["post-checkout", "post-index-change", "reference-transaction"]) {
      await writeFile(join(hooks, name), `#!/bin/sh\ntouch '${trace}'\n`);
      await chmod(join(hooks, name), 0o755);
    }
    repository.run("worktree", "add", "--quiet", "--detach", join(dir(), "as-git-does"), base);
    expect(existsSync(trace), "the hook works where it is not turned off").toBe(true);
    await rm(trace);

    await withWorktree(repository.git, base, async () => {});

    expect(existsSync(trace)).toBe(false);
  });

  it.each(["0".repeat(40), "no-such-commit", "--orphan", "-f"])(
    "of %j, which is no commit, is a configuration error that leaves nothing behind",
    async (commit) => {
      let isUsed = false;

      const borrowing = withWorktree(repository.git, commit, async () => {
        isUsed = true;
      });

      await expect(borrowing).rejects.toMatchObject({ kind: "configuration", exitCode: 2 });
      expect(isUsed).toBe(false);
      expect(worktrees()).toEqual([`worktree ${repository.dir}`]);
    },
  );
});

describe("installed packages", () => {
  const ours = () => join(dir(), "ours");
  const theirs = () => join(dir(), "theirs");
  const HUB = "packages:\n  - package: dbt-labs/dbt_utils\n    version: 1.3.0\n";

  async function prepare(files: Record<string, string>, others = files): Promise<void> {
    await mkdir(join(ours(), "dbt_packages/dbt_utils"), { recursive: true });
    await writeFile(join(ours(), "dbt_packages/dbt_utils/dbt_project.yml"), "name: dbt_utils\n");
    await mkdir(theirs());
    for (const [name, text] of Object.entries(files)) await writeFile(join(ours(), name), text);
    for (const [name, text] of Object.entries(others)) await writeFile(join(theirs(), name), text);
  }

  it("are lent to a project with the same package files, and stay when it goes", async () => {
    await prepare({ "packages.yml": HUB, "package-lock.yml": HUB });

    expect(await lendPackages(ours(), theirs())).toBe(true);

    const project = "dbt_packages/dbt_utils/dbt_project.yml";
    expect(await readFile(join(theirs(), project), "utf8")).toBe("name: dbt_utils\n");
    await rm(theirs(), { recursive: true, force: true });
    expect(existsSync(join(ours(), project))).toBe(true);
  });

  it("are lent from and to the folder that dbt_project.yml names", async () => {
    const files = { "packages.yml": HUB, "dbt_project.yml": "packages-install-path: vendor\n" };
    await prepare(files);
    await rename(join(ours(), "dbt_packages"), join(ours(), "vendor"));

    expect(await lendPackages(ours(), theirs())).toBe(true);

    expect(existsSync(join(theirs(), "vendor/dbt_utils/dbt_project.yml"))).toBe(true);
  });

  it.each<[what: string, files: Record<string, string>, others: Record<string, string>]>([
    ["of another version", { "packages.yml": HUB }, { "packages.yml": HUB.replace("1.3.0", "1.2.0") }],
    ["locked otherwise", { "packages.yml": HUB, "package-lock.yml": "a" }, { "packages.yml": HUB }],
    ["that it names elsewhere", { "packages.yml": HUB }, { "dependencies.yml": HUB }],
    [
      "of which one is local",
      { "packages.yml": `${HUB}  - local: ../shared\n` },
      { "packages.yml": `${HUB}  - local: ../shared\n` },
    ],
  ])("are not lent %s", async (_, files, others) => {
    await prepare(files, others);

    expect(await lendPackages(ours(), theirs())).toBe(false);
    expect(existsSync(join(theirs(), "dbt_packages"))).toBe(false);
  });

  it("are not lent where nothing is installed", async () => {
    await prepare({ "packages.yml": HUB });
    await rm(join(ours(), "dbt_packages"), { recursive: true });

    expect(await lendPackages(ours(), theirs())).toBe(false);
  });

  it("are not lent over packages that are committed", async () => {
    await prepare({ "packages.yml": HUB });
    await mkdir(join(theirs(), "dbt_packages"));

    expect(await lendPackages(ours(), theirs())).toBe(false);
  });
});
