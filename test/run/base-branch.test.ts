import { describe, expect, it } from "vitest";
import { type BaseBranchFacts, chooseBaseBranch, type SharedBaseBranch } from "../../src/run/base-branch.ts";

const read = (value: string | null): SharedBaseBranch => ({ kind: "read", value });
const UNREADABLE: SharedBaseBranch = { kind: "unreadable" };
const ALONE: SharedBaseBranch = { kind: "alone" };

describe("the base branch", () => {
  it.each<[string, Partial<BaseBranchFacts>, string | null, string | null]>([
    ["is the default branch where no file names one", { shared: read(null) }, "main", null],
    ["is what the default branch's file says", { shared: read("production") }, "production", null],
    [
      "is so where this checkout's file says the same",
      { own: "production", shared: read("production") },
      "production",
      null,
    ],
    [
      "is not what this checkout's file says alone",
      { own: "feature-x", shared: read("main") },
      "main",
      "base_branch: feature-x of this checkout is not used: the file of main counts, and it says main",
    ],
    [
      "is the default branch where its file names none, or is not there",
      { own: "feature-x", shared: read(null) },
      "main",
      "base_branch: feature-x of this checkout is not used: the file of main counts, and it names no other",
    ],
    ["needs no note where both are the default branch", { own: "main", shared: read(null) }, "main", null],
    [
      "is the default branch where its file cannot be read",
      { own: "production", shared: UNREADABLE },
      "main",
      "base_branch: production of this checkout is not used: the file of main counts, and it cannot be read",
    ],
    [
      "is known where nothing tells the default branch, but its file",
      { shared: read("production"), defaultBranch: null },
      "production",
      null,
    ],
    [
      "is not known in a CI where nothing tells the default branch",
      { own: "main", shared: UNREADABLE, defaultBranch: null },
      null,
      "base_branch: main of this checkout is not used: the file of the default branch counts, and it cannot be read",
    ],
    [
      "is what this checkout's file says there where no push becomes a deploy by itself",
      { own: "main", shared: UNREADABLE, defaultBranch: null, canDeployByItself: false },
      "main",
      null,
    ],
    ["is what the only file says without a remote", { own: "trunk", shared: ALONE }, "trunk", null],
    ["is the default branch where the only file says nothing", { shared: ALONE }, "main", null],
  ])("%s", (_, facts, baseBranch, note) => {
    const usual: BaseBranchFacts = { own: null, shared: ALONE, defaultBranch: "main", canDeployByItself: true };

    expect(chooseBaseBranch({ ...usual, ...facts })).toEqual({ baseBranch, note });
  });
});
