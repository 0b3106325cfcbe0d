import { mkdir, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import type { BundleStore, WantedBundle } from "../../../src/bundles/store.ts";
import { createS3Store } from "../../../src/bundles/stores/aws.ts";
import { createGcsStore } from "../../../src/bundles/stores/gcloud.ts";
import type { ToolOptions } from "../../../src/bundles/stores/tool.ts";
import { useTempDir } from "../../support/temp-dir.ts";
import { A, B, C, createPublisher, describeStore } from "../store-contract.ts";
import { createFakeTool, type FakeTool } from "./fake-tools.ts";

type Create = (spec: string, options: ToolOptions) => BundleStore;
const TOOLS: readonly [name: "aws" | "gcloud", scheme: string, create: Create][] = [
  ["aws", "s3", createS3Store],
  ["gcloud", "gs", createGcsStore],
];

const tools = new Map<string, Promise<FakeTool>>();

describe.each(TOOLS)("a bucket through %s", (name, scheme, create) => {
  const spec = `${scheme}://acme-state/shop/dbt`;
  const dir = useTempDir();
  const { publish, prepare } = createPublisher(dir);
  const open = async (address = spec) => {
    const tool = await createFakeTool(name, dir());
    return { tool, store: create(address, { env: { ...tool.env, CIRCLE_TOKEN: "CCIPAT_secret", AWS_PROFILE: "ci" } }) };
  };
  const object = (...path: string[]) => join(dir(), "tool", "buckets", "acme-state", ...path);

  describeStore(`${scheme}://…`, (root) => {
    // A program that runs must not be written anew.
    const tool = tools.get(root) ?? createFakeTool(name, dirname(root));
    tools.set(root, tool);
    const opened = tool.then(({ env }) => create(spec, { env }));
    return {
      find: async (commits) => (await opened).find(commits),
      read: async (ref, into) => (await opened).read(ref, into),
      write: async (folder, header) => (await opened).write(folder, header),
      tryOut: async () => (await (await opened).tryOut?.()) ?? "",
      records: {
        async *read(of) {
          yield* (await opened).records.read(of);
        },
        write: async (of, record) => (await opened).records.write(of, record),
      },
    };
  });

  it("says what is left of the try where the credentials may not delete, and what is refused", async () => {
    const { tool } = await open();
    const tryOut = (env: Readonly<Record<string, string>>) => create(spec, { env: { ...tool.env, ...env } }).tryOut?.();

    await expect(tryOut({ FAKE_TOOL_KEEPS: "1" })).resolves.toContain("shop/dbt/signalbox-doctor stays there");
    await tool.refuse("An error occurred (AccessDenied) does not have permission");
    await expect(tryOut({})).rejects.toThrow(/the store .* failed/);
  });

  it("is written with the files first, state.json behind them, and the pointer last", async () => {
    const { tool, store } = await open();

    await publish(store, A);

    const copies = (await tool.starts()).map(({ argv }) => argv.at(-1));
    expect(copies).toEqual([
      `${spec}/${A}/manifest.json`,
      `${spec}/${A}/run_results.json`,
      `${spec}/${A}/state.json`,
      `${spec}/latest`,
    ]);
  });

  it("gets arguments of its own each, no flag from outside, and none of our secrets but its own variables", async () => {
    const { tool, store } = await open();
    const ref = await publish(store, A);
    await mkdir(join(dir(), "into"));
    await store.read(ref, join(dir(), "into"));
    await store.find([B, A]);

    const starts = await tool.starts();
    expect(starts).toHaveLength(14);
    for (const { argv, env } of starts) {
      expect(argv.join(" ")).toMatch(/^(?:s3 cp |s3api |--quiet storage )/);
      expect(env.CIRCLE_TOKEN).toBeUndefined();
      expect(env.AWS_PROFILE).toBe("ci");
      const flags = argv.filter(
        (word) =>
          word.startsWith("-") &&
          !/^--(?:only-show-errors|no-progress|quiet|bucket|key|prefix|delimiter|query|output|format=.*)$/.test(word),
      );
      expect(flags).toEqual([]);
    }
  });

  it("is asked twice where the nearest commit has a bundle, whatever the number of commits", async () => {
    const { tool, store } = await open();
    await publish(store, A);
    const before = (await tool.starts()).length;

    await store.find([B, C, A, ...Array.from({ length: 40 }, (_, number) => `${number}`.padStart(40, "0"))]);

    expect((await tool.starts()).length - before).toBe(2);
  });

  it("passes over a bundle whose state.json is not there yet", async () => {
    const { store } = await open();
    await publish(store, A);
    await publish(store, B);
    await rm(object("shop/dbt", B, "state.json"));

    expect(await store.find([B, A])).toMatchObject({ commit: A });
    expect(await store.find("newest")).toBeNull();
  });

  it.each([
    ["of another commit", async () => writeFile(object("shop/dbt", "latest"), "HEAD")],
    ["with a path", async () => writeFile(object("shop/dbt", "latest"), "../../x")],
  ])("does not follow a pointer %s", async (_, damage) => {
    const { store } = await open();
    await publish(store, A);
    await damage();

    expect(await store.find("newest")).toBeNull();
  });

  it("reads no damaged bundle, and leaves nothing of it", async () => {
    const { store } = await open();
    const ref = await publish(store, A);
    await writeFile(object("shop/dbt", A, "manifest.json"), "{}");
    const into = join(dir(), "into");
    await mkdir(into);

    await expect(store.read(ref, into)).rejects.toMatchObject({ kind: "artifacts", exitCode: 3 });
    expect(await readdir(into)).toEqual([]);
  });

  it.each([
    ["state.json", 100_000],
    ["manifest.json", 1_000_000],
  ])("does not copy a %s that is larger than it may be", async (file, bytes) => {
    const { tool, store } = await open();
    const ref = await publish(store, A);
    await truncate(object("shop/dbt", A, file), bytes);
    const into = join(dir(), "into");
    await mkdir(into);
    const before = (await tool.starts()).length;

    await expect(store.read(ref, into)).rejects.toMatchObject({
      kind: "artifacts",
      message: expect.stringContaining(`shop/dbt/${A}/${file} is larger than`),
    });
    expect(await readdir(into)).toEqual([]);
    const copied = (await tool.starts()).slice(before).filter(({ argv }) => argv.includes("cp"));
    expect(copied.map(({ argv }) => argv.join(" ")).filter((words) => words.includes(`/${file}`))).toEqual([]);
  });

  it("does not copy a pointer that is larger than a commit", async () => {
    const { store } = await open();
    await publish(store, A);
    await truncate(object("shop/dbt", "latest"), 10_000);

    await expect(store.find("newest")).rejects.toMatchObject({ kind: "artifacts" });
  });

  it("is asked for five sizes and each file of a read, and three times for the newest bundle", async () => {
    const { tool, store } = await open();
    const ref = await publish(store, A);
    await mkdir(join(dir(), "into"));
    const count = async (use: () => Promise<unknown>) => {
      const before = (await tool.starts()).length;
      await use();
      return (await tool.starts()).length - before;
    };

    expect(await count(() => store.read(ref, join(dir(), "into")))).toBe(5 + 3);
    expect(await count(() => store.find("newest"))).toBe(3);
  });

  it("that is the bucket itself has its keys at the top", async () => {
    const { tool, store } = await open(`${scheme}://acme-state`);

    await publish(store, A);

    expect((await tool.starts()).at(-1)?.argv.at(-1)).toBe(`${scheme}://acme-state/latest`);
    expect(await store.find([A])).toMatchObject({ commit: A, where: `${scheme}://acme-state/${A}` });
  });

  it.each<[wanted: WantedBundle]>([[[A]], ["newest"]])(
    "that is not there is a configuration error when %j is looked for",
    async (commits) => {
      const { store } = await open(`${scheme}://acme-nowhere/shop`);

      await expect(store.find(commits)).rejects.toMatchObject({
        kind: "configuration",
        exitCode: 2,
        hint: expect.stringContaining("make the bucket"),
      });
    },
  );

  it("is a configuration error where the tool is not installed", async () => {
    const store = create(spec, { env: { PATH: join(dir(), "empty") } });

    await expect(store.find([A])).rejects.toMatchObject({
      kind: "configuration",
      message: expect.stringContaining(`${name} was not found`),
    });
  });

  it.each(
    name === "aws"
      ? [
          ["configuration", "fatal error: Unable to locate credentials"],
          ["configuration", "An error occurred (ExpiredToken) when calling the ListObjectsV2 operation: expired"],
          ["configuration", "An error occurred (AccessDenied) when calling the PutObject operation: Access Denied"],
          ["service", 'Could not connect to the endpoint URL: "https://s3.amazonaws.com/"'],
        ]
      : [
          ["configuration", "ERROR: (gcloud.storage.ls) You do not currently have an active account selected."],
          ["configuration", "ERROR: (gcloud.storage.ls) [ci@acme] does not have permission to access b instance [x]"],
          ["service", "ERROR: (gcloud.storage.cp) There was a problem: HTTPError 503"],
        ],
  )("is a %s error where the tool says %j, in its own words", async (kind, words) => {
    const { tool, store } = await open();
    await tool.refuse(`${words}\n`);
    const { folder, header } = await prepare(A);

    for (const attempt of [() => store.find([A]), () => store.find("newest"), () => store.write(folder, header)]) {
      await expect(attempt()).rejects.toMatchObject({ kind, message: expect.stringContaining(words) });
    }
  });
});
