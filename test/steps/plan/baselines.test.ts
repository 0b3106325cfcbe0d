import { describe, expect, it } from "vitest";
import type { BaselineSources } from "../../../src/steps/plan/baseline-sources.ts";
import { findDeferral, findSelection } from "../../../src/steps/plan/baselines.ts";
import { SignalboxError } from "../../../src/support/errors.ts";
import { aManifest } from "../../artifacts/build.ts";
import { quietLog } from "../../support/quiet-log.ts";
import { aBaseline, aConfig, aGit, someRunSettings } from "../build-parts.ts";

const BASE = "b".repeat(40);

interface World {
  /** What each source has: `path`, `newest`, `ancestors`, `worktree`. */
  readonly has?: readonly string[];
  readonly mode?: "check" | "deploy";
  readonly given?: { readonly state?: string; readonly deferState?: string };
  readonly baseline?: Readonly<Record<string, unknown>>;
  readonly deployTarget?: string | null;
}

function open({ has = [], mode = "check", given = {}, baseline = {}, deployTarget = "prod" }: World) {
  const asked: string[] = [];
  const warnings: string[] = [];
  const lines: string[] = [];
  const answer = async (what: string) => {
    asked.push(what);
    return has.includes(what.split(" ")[0] ?? "") ? aBaseline(aManifest(), { where: what }) : null;
  };
  const sources: BaselineSources = {
    warnings,
    noStore: null,
    fromPath: async (path, use) => aBaseline(aManifest(), { where: `path ${path} for ${use}` }),
    fromStore: (wanted, use) => answer(`${wanted === "newest" ? "newest" : "ancestors"} for ${use}`),
    fromWorktree: (sha, target, use) => answer(`worktree ${sha === BASE ? "of base" : sha} in ${target} for ${use}`),
    warn: (...texts) => void warnings.push(...texts),
  };
  const modes = { check: { target: "ci" }, ...(deployTarget === null ? {} : { deploy: { target: deployTarget } }) };
  const parts = {
    settings: { given, config: aConfig({ modes, baseline }) },
    git: aGit({ "rev-list": `${BASE}\n${"c".repeat(40)}` }),
    log: quietLog(lines),
  };
  const base = async () => ({ sha: BASE, how: "merge-base with origin/main" });
  return { parts, sources, base, asked, warnings, lines, settings: someRunSettings({ mode, target: "ci" }) };
}

describe("what a change is compared with", () => {
  it.each<[what: string, world: World, where: string | null, asked: readonly string[]]>([
    ["the path that was named, and nothing else is asked", { given: { state: "old" } }, "path old for selection", []],
    [
      "the bundle of the base or of an ancestor",
      { has: ["ancestors", "worktree"] },
      "ancestors for selection",
      ["ancestors for selection"],
    ],
    [
      "the base in a work tree, where no bundle is of it",
      { has: ["worktree", "newest"] },
      "worktree of base in ci for selection",
      ["ancestors for selection", "worktree of base in ci for selection"],
    ],
    [
      "the sources in the order of the file",
      { has: ["ancestors", "worktree"], baseline: { sources: ["worktree", "store"] } },
      "worktree of base in ci for selection",
      ["worktree of base in ci for selection"],
    ],
    [
      "the newest bundle at last",
      { has: ["newest"] },
      "newest for selection",
      ["ancestors for selection", "worktree of base in ci for selection", "newest for selection"],
    ],
    [
      "nothing where the store is not allowed and the work tree fails",
      { baseline: { sources: ["worktree"] } },
      null,
      ["worktree of base in ci for selection"],
    ],
    [
      "the newest bundle alone in deploy mode",
      { mode: "deploy", has: ["newest"] },
      "newest for selection",
      ["newest for selection"],
    ],
    ["nothing in deploy mode without the store", { mode: "deploy", baseline: { sources: ["worktree"] } }, null, []],
  ])("is %s", async (_, world, where, asked) => {
    const of = open(world);

    const found = await findSelection(of.parts, of.settings, of.sources, of.base);

    expect([found?.origin.where ?? null, of.asked]).toEqual([where, asked]);
  });

  it("is the newest bundle with a warning that more can look changed", async () => {
    const of = open({ has: ["newest"] });

    await findSelection(of.parts, of.settings, of.sources, of.base);

    expect(of.warnings).toEqual([expect.stringContaining("there is no bundle of bbbbbbbbbbbb or its ancestors")]);
  });
});

describe("what unselected parents are read from", () => {
  it.each<[what: string, world: World, where: string | null, asked: readonly string[]]>([
    ["the path that was named", { given: { deferState: "prod" } }, "path prod for deferral", []],
    ["what is deployed", { has: ["newest", "worktree"] }, "newest for deferral", ["newest for deferral"]],
    [
      "the base in production's target, where nothing tells what is deployed",
      { has: ["worktree"] },
      "worktree of base in prod for deferral",
      ["newest for deferral", "worktree of base in prod for deferral"],
    ],
    [
      "nothing where production's target is not named",
      { has: ["worktree"], deployTarget: null },
      null,
      ["newest for deferral"],
    ],
    [
      "nothing where the work tree is not allowed",
      { has: ["worktree"], baseline: { sources: ["store"] } },
      null,
      ["newest for deferral"],
    ],
    [
      "no bundle where the store is not allowed",
      { has: ["newest"], baseline: { sources: ["worktree"] } },
      null,
      ["worktree of base in prod for deferral"],
    ],
  ])("is %s", async (_, world, where, asked) => {
    const of = open(world);

    const found = await findDeferral(of.parts, of.sources, of.base);

    expect([found?.origin.where ?? null, of.asked]).toEqual([where, asked]);
  });

  it("does not ask for the base where a bundle tells what is deployed", async () => {
    const of = open({ has: ["newest"] });
    const base = () => Promise.reject(new SignalboxError("configuration", "git does not hold the base"));

    expect(await findDeferral(of.parts, of.sources, base)).not.toBeNull();
  });
});
