import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { NodeResult } from "../../src/artifacts/run-results.ts";
import { unpackRecords } from "../../src/bundles/run-record-file.ts";
import { openBundles } from "../../src/setup/bundle-store.ts";
import { type MemoryParts, openMemory } from "../../src/steps/run-memory.ts";
import { aDbtRun, aResult } from "../artifacts/build.ts";
import { finding, subject, verdict } from "../render/build.ts";
import { createFakeClock } from "../support/fake-clock.ts";
import { quietLog } from "../support/quiet-log.ts";
import { useTempDir } from "../support/temp-dir.ts";
import { aConfig, aGit, someOutputs, someRunSettings } from "./build-parts.ts";

const ID = "test.shop.unique_orders_id.1";
const NAME = "signalbox-runs-shop-prod-";
const START = Date.parse("2026-11-25T07:00:00Z");

interface World {
  readonly id?: string;
  readonly attempt?: number;
  /** Hours after the first run. */
  readonly at?: number;
  readonly failures?: number;
  readonly mode?: "check" | "deploy" | "schedule";
  readonly store?: string;
  readonly isOnBase?: boolean;
  readonly trust?: "full" | "fork";
  readonly changes?: string;
  readonly noPublish?: boolean;
  readonly said?: string;
  readonly secrets?: readonly string[];
  readonly rows?: readonly NodeResult[];
}

describe("what runs remember", () => {
  const dir = useTempDir();

  /** One run: it looks back, and leaves its record. `failures` 0: its test passed. */
  async function play(world: World) {
    const { at = 0, failures = 3, mode = "deploy", isOnBase = true, trust = "full", secrets = [] } = world;
    const lines: string[] = [];
    await mkdir(dir(), { recursive: true });
    await writeFile(join(dir(), "dbt_project.yml"), "name: shop\n");
    const git = aGit({
      "show-ref": "a".repeat(40),
      "--no-replace-objects merge-base": isOnBase ? "" : (undefined as unknown as string),
      status: world.changes ?? "",
    });
    const remote = {
      ...{ git, url: async () => null, heads: async () => null, whyNoHeads: () => null },
      fetch: () => Promise.reject(new Error("not asked")),
    };
    const parts: MemoryParts = {
      settings: {
        given: { noPublish: world.noPublish ?? false, circleUrl: "" },
        config: aConfig({
          store: world.store ?? "dir:store",
          modes: { check: { target: "ci" }, deploy: { target: "prod" }, schedule: { target: "prod" } },
        }),
      },
      ...{ git, remote, baseDir: dir(), cwd: dir(), env: { PATH: process.env.PATH } },
      ...{ signal: new AbortController().signal, log: quietLog(lines), openFetch: async () => null },
      clock: createFakeClock({ now: START + (at + 0.5) * 3_600_000 }),
      work: someOutputs().work,
      redact: (text) => secrets.reduce((rest, secret) => rest.replaceAll(secret, "***"), text),
    };
    const platform = "local" as const;
    const run = { platform, id: world.id ?? String(100 + at), attempt: world.attempt ?? 1, trust };
    const runSettings = someRunSettings({ mode, run, target: mode === "check" ? "ci" : "prod" });
    const memory = openMemory(parts, runSettings, openBundles(parts, runSettings.run, "main"));
    const row = failures === 0 ? aResult(ID, "pass") : aResult(ID, "fail", { failures });
    const runs = [aDbtRun(world.rows ?? [row], { startedAt: START + at * 3_600_000 })];
    const findings = failures === 0 ? [] : [finding({ subject: subject({ id: ID }), failures })];
    const judged = await memory.recall(verdict({ findings }), { runs, manifest: null });
    const written = mode === "check" ? null : await memory.leave(judged, runs, world.said ?? null);
    return { history: judged.findings[0]?.history ?? null, written, log: lines.join("") };
  }
  const kept = async () => {
    const folder = join(dir(), "store", "runs");
    const [name = ""] = await readdir(folder).catch((): string[] => []);
    if (name === "") return [];
    expect(name.startsWith(NAME)).toBe(true);
    return unpackRecords(await readFile(join(folder, name)), name);
  };

  it("is told beside a finding, and kept with each run, green or red", async () => {
    await play({ at: 0, failures: 0 });
    for (const [at, failures] of [
      [1, 3],
      [2, 9],
    ] as const)
      await play({ at, failures });

    const { history, log } = await play({ at: 3, failures: 41 });

    expect(history).toEqual([
      { kind: "growing", counts: [3, 9, 41] },
      {
        ...{ kind: "failing", on: null, runs: 3, isSince: true },
        first: { at: "2026-11-25T08:00:00.000Z", commit: "a".repeat(40) },
      },
    ]);
    expect(log).toMatch(/^publish {3}run record: .*store\/runs\/signalbox-runs-shop-prod-\w{6}\.json\.gz\n$/);
    expect((await kept()).map(({ id, nodes }) => [id, nodes.get(ID)?.state])).toEqual([
      ["100", "p"],
      ["101", "f"],
      ["102", "f"],
      ["103", "f"],
    ]);
  });

  it("is told to a check too, which leaves nothing", async () => {
    await play({ at: 0 });

    const { history } = await play({ at: 1, mode: "check" });

    expect(history).toEqual([expect.objectContaining({ kind: "failing", on: "main", runs: 1, isSince: false })]);
    expect(await kept()).toHaveLength(1);
  });

  it("holds each attempt of a run once, and the newest twenty", async () => {
    await play({ id: "7", attempt: 1, at: 0 });
    await play({ id: "7", attempt: 2, at: 1, failures: 0 });
    await play({ id: "7", attempt: 2, at: 2 });
    expect((await kept()).map(({ id, attempt }) => `${id}/${attempt}`)).toEqual(["7/1", "7/2"]);

    for (let at = 3; at < 24; at++) await play({ at, failures: 0 });
    expect((await kept()).map(({ id }) => Number(id))).toEqual(Array.from({ length: 20 }, (_, index) => 104 + index));
  });

  it.each<[what: string, world: World, said: RegExp]>([
    ["the code of a fork", { trust: "fork" }, /^publish {3}no run record: the run comes from a fork\n$/],
    ["a work tree with changes", { changes: " M models/orders.sql" }, /no run record: the work tree has changes/],
    [
      "a commit that is not on the base branch",
      { isOnBase: false },
      /no run record: a{12} is not on the remote's main/,
    ],
    ["a run with --no-publish", { noPublish: true }, /no run record: --no-publish/],
    ["a run without a store", { store: "none" }, /no run record: store: none/],
    [
      "a node that is called like a secret",
      { secrets: ["hunter22"], rows: [aResult("model.shop.hunter22")] },
      /^history {3}no run record: an id of a node, or the name of the project, holds one of this job's secrets\n$/,
    ],
  ])("is not left by %s", async (_, world, said) => {
    const { written, log } = await play({ failures: 0, ...world });

    expect(written).toBeNull();
    expect(log).toMatch(said);
    expect(await kept()).toEqual([]);
  });

  it("does not say again why there is no bundle", async () => {
    expect((await play({ failures: 0, store: "none", said: "store: none" })).log).toBe("");
  });

  it("that is damaged is passed over in one line, and replaced", async () => {
    await play({ at: 0 });
    const folder = join(dir(), "store", "runs");
    const [name = ""] = await readdir(folder);
    await writeFile(join(folder, name), "rubbish");

    const { history, log } = await play({ at: 1 });

    expect(history).toBeNull();
    expect(log).toMatch(
      /^history {3}1 file of run records passed over: the run record [^\n]* is damaged, or too large\n/,
    );
    expect((await kept()).map(({ id }) => id)).toEqual(["101"]);
  });

  it("of commits that are not on the base branch is not used, and that is said", async () => {
    await play({ at: 0 });

    const { history, log } = await play({ at: 1, isOnBase: false });

    expect(history).toBeNull();
    expect(log).toContain("history   1 run record not used: nothing tells that the commit is on the base branch");
  });

  it("does not fail a run whose store cannot be used", async () => {
    await play({ at: 0 });
    const folder = join(dir(), "store", "runs");
    const [name = ""] = await readdir(folder);
    await rm(join(folder, name));
    await mkdir(join(folder, name));

    const { history, written, log } = await play({ at: 1 });

    expect([history, written]).toEqual([null, null]);
    expect(log).toMatch(
      /^history {3}what earlier runs tell is not known: the store [^\n]*\nhistory {3}no run record: /,
    );
  });

  it("is not looked for where there is nothing to say something about", async () => {
    await play({ at: 0 });
    const folder = join(dir(), "store", "runs");
    const [name = ""] = await readdir(folder);
    await writeFile(join(folder, name), "rubbish");

    const { log } = await play({ at: 1, failures: 0 });

    expect(log).not.toContain("passed over");
  });
});
