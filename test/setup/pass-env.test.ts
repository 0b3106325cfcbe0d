import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, it } from "vitest";
import { openPassEnv } from "../../src/setup/pass-env.ts";
import { systemClock } from "../../src/support/clock.ts";
import { createRemote } from "../../src/support/remote.ts";
import { quietLog } from "../support/quiet-log.ts";
import { cloneRepository, initRepository, type Repository } from "../support/repository.ts";
import { never } from "../support/signals.ts";
import { useTempDir } from "../support/temp-dir.ts";
import { aGitHubRun } from "./build.ts";

const dir = useTempDir();
let shop: Repository;
beforeEach(() => {
  shop = initRepository(join(dir(), "shop"));
  shop.commit("first");
});

/** A clone on a branch whose own file names both; the base branch's file says what is handed in. */
async function open(
  shared: string | null,
  run: Parameters<typeof aGitHubRun>[0] = {},
  baseBranch: string | null = "main",
) {
  if (shared !== null) {
    writeFileSync(join(shop.dir, "signalbox.yml"), shared);
    shop.commit("shared");
  }
  const clone = cloneRepository(shop, join(dir(), "clone"));
  clone.run("switch", "--quiet", "--create", "feature-x");
  writeFileSync(join(clone.dir, "signalbox.yml"), "dbt: { pass_env: [GH_TOKEN, SLACK_BOT_TOKEN] }\n");
  clone.commit("own");
  const lines: string[] = [];
  const context = {
    env: { PATH: process.env.PATH ?? "" },
    clock: systemClock,
    signal: never(),
    log: quietLog(lines),
    openFetch: async () => null,
    remote: createRemote(clone.git),
    configFile: { name: "signalbox.yml", exists: true, unread: null, broken: null },
    settings: { config: { dbt: { passEnv: ["GH_TOKEN", "SLACK_BOT_TOKEN"] } } },
  };
  return { names: await openPassEnv(context, { run: aGitHubRun(run), baseBranch }), log: lines.join("") };
}

it.each<[what: string, shared: string | null, names: readonly string[]]>([
  [
    "names one",
    "version: 1\ndbt: { pass_env: [GH_TOKEN, CIRCLE_OIDC_TOKEN], keys_of: another version }\n",
    ["GH_TOKEN"],
  ],
  ["names none", "version: 1\n", []],
  ["is empty", "", []],
  ["is not there", null, []],
  ["is no YAML", "dbt: [", []],
  ["says something else", "dbt: { pass_env: GH_TOKEN }\n", []],
])("a branch's file opens nothing by itself: the base's %s", async (_, shared, names) => {
  const opened = await open(shared);

  expect(opened.names).toEqual(names);
  expect(opened.log).toContain("SLACK_BOT_TOKEN not handed to dbt");
});

it("a fork's run opens nothing, and nor does one whose base branch is not known", async () => {
  const shared = "dbt: { pass_env: [GH_TOKEN, SLACK_BOT_TOKEN] }\n";

  expect((await open(shared, { trust: "fork", headRepository: "eve/shop" })).names).toEqual([]);
});

it("a run whose base branch is not known, or is not in the remote, opens nothing", async () => {
  expect((await open("dbt: { pass_env: [GH_TOKEN, SLACK_BOT_TOKEN] }\n", {}, null)).names).toEqual([]);
});

it("a person's own machine opens what the file at hand names", async () => {
  expect((await open(null, { platform: "local" }, null)).names).toEqual(["GH_TOKEN", "SLACK_BOT_TOKEN"]);
});
