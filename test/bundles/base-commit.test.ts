import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findBaseCommit, isAncestor, listAncestors } from "../../src/bundles/base-commit.ts";
import { cloneRepository, initRepository, type Repository } from "../support/repository.ts";
import { useTempDir } from "../support/temp-dir.ts";

const dir = useTempDir();
const at = (name: string) => join(dir(), name);

/** main: one, two, three; feature leaves main at two and has a commit of its own. Cloned, with feature checked out. */
function openBranch() {
  const origin = initRepository(at("origin"));
  const one = origin.commit("one");
  const two = origin.commit("two");
  origin.run("switch", "--quiet", "--create", "feature");
  const own = origin.commit("own");
  origin.run("switch", "--quiet", "main");
  const three = origin.commit("three");
  const clone = cloneRepository(origin, at("clone"), "--branch", "feature");
  return { origin, clone, one, two, three, own };
}

/** What actions/checkout leaves on a pull request: the merge commit of the head into the base, without a branch. */
function mergeOf(repository: Repository, base: string, head: string): string {
  repository.run("checkout", "--quiet", "--detach", base);
  repository.run("merge", "--quiet", "--no-ff", "--message", "Merge", head);
  return repository.run("rev-parse", "HEAD");
}

describe("the commit that a branch is compared with", () => {
  it("is where it left the base branch, not the base branch's newest", async () => {
    const { clone, two } = openBranch();

    expect(await findBaseCommit(clone.git, "main", false)).toEqual({ sha: two, how: "merge-base with origin/main" });
  });

  it("is the base branch's own commit where the base branch is checked out", async () => {
    const { origin, three } = openBranch();

    expect(await findBaseCommit(origin.git, "main", false)).toEqual({ sha: three, how: "merge-base with main" });
  });

  it("is told by the remote's branch where a branch of that name stands still in the clone", async () => {
    const { clone, one, two } = openBranch();
    clone.run("branch", "main", one);

    expect(await findBaseCommit(clone.git, "main", false)).toMatchObject({ sha: two });
  });

  it("of a pull request is the first parent of its merge commit, also after the base branch went on", async () => {
    const { clone, three, own, origin } = openBranch();
    mergeOf(clone, three, own);
    origin.commit("four");
    clone.run("fetch", "--quiet");

    const base = await findBaseCommit(clone.git, "main", true);

    expect(base).toEqual({ sha: three, how: "first parent of the merge commit" });
  });

  it("of a pull request is that parent also in a checkout of the merge commit and its parents alone", async () => {
    const { origin, three, own } = openBranch();
    const merge = mergeOf(origin, three, own);
    origin.run("update-ref", "refs/heads/pull-12-merge", merge);
    const shallow = cloneRepository(origin, at("shallow"), "--depth", "2", "--branch", "pull-12-merge");

    expect(await findBaseCommit(shallow.git, "main", true)).toMatchObject({ sha: three });
  });

  it("of a pull request is that parent also where it goes into another branch than the base branch", async () => {
    const { clone, own } = openBranch();
    clone.run("switch", "--quiet", "--create", "stacked");
    const stacked = clone.commit("stacked");
    mergeOf(clone, own, stacked);

    expect(await findBaseCommit(clone.git, "main", true)).toMatchObject({ sha: own });
  });

  it("of a pull request is that parent also when the check runs again after the merge", async () => {
    const { clone, three, origin } = openBranch();
    const head = clone.commit("younger than main's");
    mergeOf(clone, three, head);
    origin.run("fetch", "--quiet", clone.dir, "feature");
    origin.run("merge", "--quiet", "--no-ff", "--message", "Merge pull request", head);
    clone.run("fetch", "--quiet");

    expect(await findBaseCommit(clone.git, "main", true)).toMatchObject({ sha: three });
  });

  it("of a pull request whose head is checked out is the merge-base", async () => {
    const { clone, two } = openBranch();

    expect(await findBaseCommit(clone.git, "main", true)).toMatchObject({ sha: two });
  });

  it("is not the branch's own last commit where the branch has just merged the base branch into itself", async () => {
    const { clone, three } = openBranch();
    clone.run("merge", "--quiet", "--no-ff", "--message", "Merge main", "origin/main");

    expect(await findBaseCommit(clone.git, "main", true)).toMatchObject({ sha: three });
    expect(await findBaseCommit(clone.git, "main", false)).toMatchObject({ sha: three });
  });

  it.each(["--all", "-x", "--upload-pack=touch x", "feature/fx#1", "ümläut/日本", "a@b", "x;touch y", "$(touch z)"])(
    "is found for a base branch named %j",
    async (name) => {
      const origin = initRepository(at("origin"));
      const base = origin.commit("base");
      const isName = origin.git.ask("check-ref-format", `refs/heads/${name}`);
      if ((await isName) !== null) origin.run("update-ref", `refs/heads/${name}`, base);
      origin.commit("own");
      const clone = cloneRepository(origin, at("clone"));

      const finding = findBaseCommit(clone.git, name, false);

      if ((await isName) === null) await expect(finding).rejects.toMatchObject({ exitCode: 2 });
      else expect(await finding).toEqual({ sha: base, how: `merge-base with origin/${name}` });
    },
  );

  it("is found for a branch that is named like an option", async () => {
    const { clone, two } = openBranch();
    clone.run("update-ref", "refs/heads/--force", "HEAD");
    clone.run("symbolic-ref", "HEAD", "refs/heads/--force");

    expect(await findBaseCommit(clone.git, "main", false)).toMatchObject({ sha: two });
  });
});

describe("no commit to compare with", () => {
  it.each([
    ["of the branch alone", ["--single-branch"]],
    ["of all branches' last commits", ["--no-single-branch"]],
  ])("in a shallow checkout %s is one configuration error that names fetch-depth: 0", async (_, options) => {
    const { origin } = openBranch();
    const shallow = cloneRepository(origin, at("shallow"), "--depth", "1", "--branch", "feature", ...options);

    await expect(findBaseCommit(shallow.git, "main", true)).rejects.toMatchObject({
      kind: "configuration",
      exitCode: 2,
      message: "the checkout is too shallow to find where this branch left main",
      hint: expect.stringContaining("fetch-depth: 0"),
    });
  });

  it("in a shallow checkout of a pull request's merge commit alone is the same error", async () => {
    const { origin, three, own } = openBranch();
    origin.run("update-ref", "refs/heads/pull-12-merge", mergeOf(origin, three, own));
    const shallow = cloneRepository(origin, at("shallow"), "--depth", "1", "--branch", "pull-12-merge");

    await expect(findBaseCommit(shallow.git, "main", true)).rejects.toMatchObject({
      hint: expect.stringContaining("fetch-depth: 0"),
    });
  });

  it.each(["master", "main~1", "main@{0}", "main^", "../tags/v1", "", "two words"])(
    "for a base branch %j that does not exist is a configuration error that names it",
    async (name) => {
      const { clone } = openBranch();
      clone.run("tag", "v1");

      await expect(findBaseCommit(clone.git, name, false)).rejects.toMatchObject({
        exitCode: 2,
        message: expect.stringContaining(`the base branch ${JSON.stringify(name)} is not in this checkout`),
        hint: expect.stringContaining("base_branch"),
      });
    },
  );

  it("of two histories without a commit in common is a configuration error", async () => {
    const { clone } = openBranch();
    clone.run("checkout", "--quiet", "--orphan", "island");
    clone.commit("island");

    await expect(findBaseCommit(clone.git, "main", false)).rejects.toMatchObject({
      exitCode: 2,
      message: "this branch and main have no commit in common",
    });
  });

  it("before the first commit is a configuration error", async () => {
    const empty = initRepository(at("empty"));

    await expect(findBaseCommit(empty.git, "main", true)).rejects.toMatchObject({ exitCode: 2 });
  });
});

describe("the ancestors of a commit", () => {
  it("are told nearest first, itself first of all", async () => {
    const { clone, one, two, own } = openBranch();

    expect(await listAncestors(clone.git, own)).toEqual([own, two, one]);
  });

  it("are fifty at most: an older bundle is too far away", async () => {
    const repository = initRepository(at("long"));
    const first = repository.commit("first");
    const tree = repository.run("rev-parse", "HEAD^{tree}");
    let tip = first;
    for (let count = 0; count < 60; count++) tip = repository.run("commit-tree", tree, "-p", tip, "-m", String(count));

    const ancestors = await listAncestors(repository.git, tip);

    expect(ancestors).toHaveLength(51);
    expect(ancestors[0]).toBe(tip);
    expect(ancestors).not.toContain(first);
  });

  it("leave out the commits of a branch that was merged: no push to the base branch built them", async () => {
    const repository = initRepository(at("merged"));
    const mainline = [repository.commit("first")];
    for (const name of ["a", "b"]) {
      repository.run("switch", "--quiet", "--create", name);
      for (let count = 0; count < 30; count++) repository.run("commit", "--quiet", "--allow-empty", "--message", name);
      repository.run("switch", "--quiet", "main");
      repository.run("merge", "--quiet", "--no-ff", "--message", `Merge ${name}`, name);
      mainline.unshift(repository.run("rev-parse", "HEAD"));
    }

    expect(await listAncestors(repository.git, "main")).toEqual(mainline);
  });

  it("of a commit of a branch that was merged go down that branch, and on where it left the base branch", async () => {
    const { origin, one, two, own } = openBranch();
    origin.run("merge", "--quiet", "--no-ff", "--message", "Merge feature", "feature");

    expect(await listAncestors(origin.git, own)).toEqual([own, two, one]);
  });

  it.each(["--all", "no-such-commit"])("of %j, which is no commit, are a configuration error", async (name) => {
    const { clone } = openBranch();

    await expect(listAncestors(clone.git, name)).rejects.toMatchObject({ exitCode: 2 });
  });
});

describe("whether a commit is in the history of a ref", () => {
  it("is told by a ref of the whole name, never by what git reads into a name", async () => {
    const { clone, own } = openBranch();

    expect(await isAncestor(clone.git, own, own)).toBe(true);
    for (const name of [`x-0-g${own.slice(0, 7)}`, `x-12-g${own}`, "x^{/own}"])
      expect(await isAncestor(clone.git, own, `refs/remotes/origin/${name}`), name).toBe(false);
  });
});
