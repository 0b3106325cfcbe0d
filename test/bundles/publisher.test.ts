import { describe, expect, it } from "vitest";
import { type Publication, whyNotOfBase, whyRunMayNotPublish } from "../../src/bundles/publisher.ts";
import { UNKNOWN_REPOSITORY } from "../../src/run/run.ts";
import { aGitHubRun } from "../setup/build.ts";

const COMMIT = "c".repeat(40);
const aPublication = (overrides: Partial<Publication> = {}): Publication => ({
  run: aGitHubRun(),
  baseBranch: "main",
  commit: COMMIT,
  isAmongArtifacts: false,
  ...overrides,
});

describe("what may be published", () => {
  const tag = aGitHubRun({ ref: { kind: "tag", name: "v1" } });

  it.each<[string, Partial<Publication>, string | null]>([
    ["a run on the base branch", {}, null],
    ["a run on the base branch, into the CI's artifacts", { isAmongArtifacts: true }, null],
    ["a run of a tag or release", { run: tag }, null],
    [
      "a run of a tag into artifacts",
      { run: tag, isAmongArtifacts: true },
      "of a CI's artifacts those of runs on main alone are used",
    ],
    [
      "a run on another branch",
      { run: aGitHubRun({ ref: { kind: "branch", name: "feature" } }) },
      "the run is on feature, not on the base branch main",
    ],
    ["a run of a pull request", { run: aGitHubRun({ pullRequest: { number: 12, base: "main" } }) }, "pull request"],
    ["a fork's", { run: aGitHubRun({ trust: "fork", headRepository: "mallory/shop" }) }, "the run comes from a fork"],
    [
      "nobody's",
      { run: aGitHubRun({ trust: "fork", headRepository: UNKNOWN_REPOSITORY }) },
      "nothing tells whose code this is",
    ],
  ])("%s", (_, overrides, why) => {
    const refusal = whyRunMayNotPublish(aPublication(overrides));

    if (why === null) expect(refusal).toBeNull();
    else expect(refusal).toContain(why);
  });

  it.each<[boolean | null, string | null]>([
    [true, null],
    [false, "cccccccccccc is not on the remote's main"],
    [null, "nothing tells that cccccccccccc is on the remote's main"],
  ])("a commit of which it is told that it is on the base branch: %s", (isOnBase, why) => {
    expect(whyNotOfBase(aPublication(), isOnBase)).toBe(why);
  });
});
