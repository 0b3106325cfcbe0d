import { describe, expect, it } from "vitest";
import type { Manifest } from "../../../src/artifacts/manifest.ts";
import type { Bundles } from "../../../src/setup/bundle-store.ts";
import type { RunSettings } from "../../../src/setup/run-settings.ts";
import { type Finished, localChanges, publishIfDue } from "../../../src/steps/publish/publish.ts";
import { aDbtRun, aResult } from "../../artifacts/build.ts";
import { manifest, node } from "../../selection/build.ts";
import { aGitHubRun } from "../../setup/build.ts";
import { aVerdict } from "../../severity/build.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { quietLog } from "../../support/quiet-log.ts";
import { aConfig, aGit, someOutputs, someRunSettings } from "../build-parts.ts";

const MANIFEST: Manifest = manifest([node("orders")]);

interface World {
  readonly settings?: Parameters<typeof someRunSettings>[0];
  readonly noPublish?: boolean;
  readonly isOnBase?: boolean | null;
  readonly store?: "opened" | "none";
  readonly results?: readonly string[];
  readonly changes?: string;
  readonly built?: null;
}

async function publish(world: World) {
  const { noPublish = false, isOnBase = true, store = "opened", results = ["orders"], changes = "" } = world;
  const lines: string[] = [];
  const asked: string[] = [];
  const runSettings: RunSettings = someRunSettings(world.settings);
  const bundles: Bundles = {
    opened:
      store === "none"
        ? { store: null, why: "store: none" }
        : {
            name: "here",
            store: {
              find: async () => null,
              read: async () => {},
              write: () => Promise.reject(new Error("not reached")),
              records: { async *read() {}, write: () => Promise.reject(new Error("not reached")) },
            },
          },
    owner: async () => ({ project: "shop", folder: "", targets: ["prod"] }),
    ancestry: {
      isOnBase: async (commit) => {
        asked.push(commit);
        return isOnBase;
      },
      isOnSomeBranch: async () => false,
    },
  };
  const run = aDbtRun(
    results.map((name) => aResult(`model.shop.${name}`)),
    { manifest: MANIFEST },
  );
  const finished: Finished = {
    plan: null,
    verdict: aVerdict(),
    built:
      world.built === null
        ? null
        : ({
            ...{ starts: [{ run, dir: "/nowhere" }], runs: [run] },
            result: { starts: [{ dir: "/nowhere" }], merged: null },
          } as unknown as Finished["built"]),
  };
  const parts = {
    settings: {
      given: { noPublish },
      config: aConfig({ modes: { check: { target: "ci" }, deploy: { target: "prod" } } }),
    },
    log: quietLog(lines),
    git: aGit({ status: changes }),
    baseDir: "/shop",
    cwd: "/shop",
    clock: createFakeClock(),
    work: someOutputs().work,
    secrets: [],
  };
  const ended = await publishIfDue(parts, runSettings, bundles, finished);
  return { ended, log: lines.join("").trim(), asked };
}

describe("what a run built is no state bundle", () => {
  it.each<[what: string, world: World]>([
    ["in check mode", { settings: { mode: "check" } }],
    ["with --no-publish", { noPublish: true }],
    ["without a build", { built: null }],
  ])("and nothing is said, %s", async (_, world) => {
    expect(await publish(world)).toEqual({ ended: { published: null, exitCode: 0, why: null }, log: "", asked: [] });
  });

  it.each<[what: string, world: World, why: RegExp]>([
    ["the code of a fork", { settings: { run: { trust: "fork" } } }, /the run comes from a fork/],
    ["another branch", { settings: { run: { ref: { kind: "branch", name: "fx" } } } }, /the run is on fx/],
    ["another target than production's", { settings: { target: "ci" } }, /it is of target ci, not of prod/],
    ["a build that lacks a node", { results: [] }, /1 node not built, model\.shop\.orders/],
    [
      "a work tree with changes, on a laptop",
      { settings: { run: { platform: "local" } }, changes: " M models/orders.sql" },
      /changes that are not committed \(M models\/orders\.sql/,
    ],
    ["no store", { store: "none" }, /store: none/],
  ])("of %s, and git and the API are not asked for it", async (_, world, why) => {
    const { ended, log, asked } = await publish(world);

    expect([ended, asked]).toEqual([{ published: null, exitCode: 0, why: expect.stringMatching(why) }, []]);
    expect(log).toMatch(/^publish {3}no state bundle: /);
    expect(log).toMatch(why);
  });

  it.each<[is: boolean | null, why: string]>([
    [false, "aaaaaaaaaaaa is not on the remote's main"],
    [null, "nothing tells that aaaaaaaaaaaa is on the remote's main"],
  ])("where the base branch holds its commit: %s, with a warning", async (isOnBase, why) => {
    const { ended, log } = await publish({ isOnBase });

    expect([ended, log]).toEqual([{ published: null, exitCode: 0, why }, `publish   warning: no state bundle: ${why}`]);
  });
});

it("what cannot be published is a warning, and its exit code the run's", async () => {
  const { ended, log } = await publish({});

  expect(ended).toEqual({ published: null, exitCode: 3, why: "there is no manifest.json to publish" });
  expect(log).toContain("warning: no state bundle: there is no manifest.json to publish");
});

describe("changes of the work tree", () => {
  const of = (platform: "local" | "github", junit: string) => {
    const asked: string[] = [];
    const git = {
      ...aGit(),
      run: async (...args: string[]) => {
        asked.push(args.join(" "));
        return "";
      },
    };
    const settings = { given: {}, config: aConfig({ report: { junit } }) };
    const parts = { settings, cwd: "/shop", baseDir: "/shop", git };
    return localChanges(parts, aGitHubRun({ platform })).then((found) => ({ found, asked }));
  };

  it("are looked for on a laptop alone, and not in the folder of reports", async () => {
    expect(await of("github", "reports")).toEqual({ found: null, asked: [] });
    expect((await of("local", "reports")).asked).toEqual([
      "status --porcelain -- . :(exclude,glob)**/.gitignore :(exclude,glob)**/.user.yml :(exclude)reports",
    ]);
    expect((await of("local", "../reports")).asked).toEqual([
      "status --porcelain -- . :(exclude,glob)**/.gitignore :(exclude,glob)**/.user.yml",
    ]);
  });
});
