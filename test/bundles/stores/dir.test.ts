import { appendFile, cp, mkdir, readdir, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createDirStore } from "../../../src/bundles/stores/dir.ts";
import { useTempDir } from "../../support/temp-dir.ts";
import { A, B, createPublisher, describeStore } from "../store-contract.ts";

describeStore("dir:PATH", (root) => createDirStore(root));

describe("a folder that is no store yet", () => {
  const root = useTempDir();

  it("is said once to be absent", async () => {
    const said: string[] = [];
    const store = createDirStore(join(root(), "typo"), (text) => said.push(text));

    expect(await store.find(["a".repeat(40)])).toBeNull();
    expect(await store.find("newest")).toBeNull();
    expect(said).toEqual([`${join(root(), "typo")} does not exist: the first deploy that publishes makes it`]);
  });

  it("is tried out without being made, and a file in its place is refused", async () => {
    const missing = join(root(), "a", "b");
    await writeFile(join(root(), "file"), "");

    expect(await createDirStore(missing).tryOut?.()).toContain("the first deploy that publishes makes it");
    expect(await readdir(root())).toEqual(["file"]);
    await expect(createDirStore(join(root(), "file")).tryOut?.()).rejects.toMatchObject({ kind: "configuration" });
  });

  it("is not an empty store where a file has its place", async () => {
    await writeFile(join(root(), "file"), "");
    const store = createDirStore(join(root(), "file"));

    for (const wanted of ["newest", ["a".repeat(40)]] as const)
      await expect(store.find(wanted)).rejects.toMatchObject({
        kind: "service",
        message: expect.stringMatching(/^the store .*\/file cannot be read: .*\/file is no folder$/),
      });
  });

  it("is said to have lost its newest bundle", async () => {
    const said: string[] = [];
    await writeFile(join(root(), "latest"), `${"b".repeat(40)}\n`);

    expect(await createDirStore(root(), (text) => said.push(text)).find("newest")).toBeNull();
    expect(said.join()).toContain(`names a bundle that is not there: ${"b".repeat(40)}`);
  });
});

describe("a folder as store", () => {
  const dir = useTempDir();
  const root = () => join(dir(), "store");
  const { prepare, publish } = createPublisher(dir);

  const replaceByFolder = async (name: string) => {
    await rm(join(root(), A, name));
    await mkdir(join(root(), A, name));
  };
  const replaceByCircle = async (name: string) => {
    await rm(join(root(), A, name));
    await symlink(name, join(root(), A, name));
  };

  it("holds one folder for each bundle, a pointer to the newest, and nothing in between", async () => {
    const store = createDirStore(root());
    await publish(store, A);
    await publish(store, B);
    await publish(store, A);

    expect((await readdir(root())).sort()).toEqual([A, B, "latest"]);
  });

  it.each([".new", ".old"])("passes over a folder that a crash left behind (%s)", async (ending) => {
    const store = createDirStore(root());
    const { folder } = await prepare(A);
    await cp(folder, join(root(), `${A}.1234abcd${ending}`), { recursive: true });

    expect(await store.find([A])).toBeNull();
    expect(await store.find([`${A}.1234abcd${ending}`])).toBeNull();
    expect(await store.find("newest")).toBeNull();
  });

  it("has no newest bundle before the pointer names one, and its write mends a crash before the pointer", async () => {
    const store = createDirStore(root());
    await publish(store, A);
    await rm(join(root(), "latest"));
    expect(await store.find("newest")).toBeNull();

    await publish(store, A);

    expect(await store.find("newest")).toMatchObject({ commit: A });
  });

  it.each([
    ["a path", "../outside"],
    ["an absolute path", "/outside"],
    ["a commit whose bundle is gone", B],
    ["nothing", ""],
    ["two commits", `${A}\n${A}`],
  ])("does not follow a pointer that holds %s", async (_, pointer) => {
    const store = createDirStore(root());
    const { folder } = await prepare(A);
    await publish(store, A);
    await cp(folder, join(dir(), "outside"), { recursive: true });
    await writeFile(join(root(), "latest"), pointer);

    expect(await store.find("newest")).toBeNull();
  });

  it.each<[what: string, damage: (bundle: string) => Promise<unknown>]>([
    ["a file is cut off", (bundle) => truncate(join(bundle, "manifest.json"), 5)],
    ["a file is missing", (bundle) => rm(join(bundle, "run_results.json"))],
    ["its header is no JSON", (bundle) => appendFile(join(bundle, "state.json"), "x")],
    ["it is gone", (bundle) => rm(bundle, { recursive: true })],
  ])("reads no bundle where %s", async (_, damage) => {
    const store = createDirStore(root());
    const ref = await publish(store, A);
    await damage(join(root(), A));
    const into = join(dir(), "into");
    await mkdir(into);

    await expect(store.read(ref, into)).rejects.toMatchObject({ kind: "artifacts", exitCode: 3 });
  });

  // A folder or a file in the way, since a chmod does not keep root out.
  it.each<[what: string, block: () => Promise<unknown>]>([
    ["has a folder for a manifest", () => replaceByFolder("manifest.json")],
    ["has a link that leads round in a circle", () => replaceByCircle("manifest.json")],
  ])("whose bundle %s is a service error on reading, not a bug of ours", async (_, block) => {
    const store = createDirStore(root());
    const ref = await publish(store, A);
    await block();
    const into = join(dir(), "into");
    await mkdir(into);

    await expect(store.read(ref, into)).rejects.toMatchObject({
      kind: "service",
      exitCode: 4,
      message: expect.stringContaining(`the store ${root()} cannot be read: `),
    });
    expect(await readdir(into)).toEqual([]);
  });

  it.each<[what: string, kind: string, block: () => Promise<unknown>]>([
    ["a state.json that is a folder", "service", () => replaceByFolder("state.json")],
    ["a state.json that leads round in a circle", "service", () => replaceByCircle("state.json")],
  ])("finds nothing in silence beside %s", async (_, kind, block) => {
    const store = createDirStore(root());
    await publish(store, A);
    await block();

    await expect(store.find([A])).rejects.toMatchObject({ kind });
    await expect(store.find("newest")).rejects.toMatchObject({ kind });
  });

  it.each<[what: string, file: string, bytes: number]>([
    ["a state.json that is too large", "state.json", 100_000],
    ["a file that is longer than state.json says", "manifest.json", 1_000_000],
  ])("does not read %s to its end", async (_, file, bytes) => {
    const store = createDirStore(root());
    const ref = await publish(store, A);
    await truncate(join(root(), A, file), bytes);
    const into = join(dir(), "into");
    await mkdir(into);

    await expect(store.read(ref, into)).rejects.toMatchObject({
      kind: "artifacts",
      message: expect.stringContaining(`${file} is larger than`),
    });
    expect(await readdir(into)).toEqual([]);
  });

  it("may be a link to a folder elsewhere", async () => {
    await mkdir(join(dir(), "elsewhere"));
    await symlink(join(dir(), "elsewhere"), root());

    await publish(createDirStore(root()), A);

    expect(await createDirStore(root()).find("newest")).toMatchObject({ commit: A });
  });

  // A file in the way, since a chmod does not keep root out.
  it.each<[what: string, block: () => Promise<unknown>]>([
    ["lies below a file", () => writeFile(root(), "")],
    ["has a folder where the pointer belongs", async () => mkdir(join(root(), "latest", "x"), { recursive: true })],
  ])("that %s is a service error on writing", async (_, block) => {
    await block();

    await expect(publish(createDirStore(root()), A)).rejects.toMatchObject({
      kind: "service",
      exitCode: 4,
      message: expect.stringContaining("cannot be written"),
    });
  });

  it("leaves nothing behind where it cannot be written", async () => {
    await mkdir(join(root(), "latest", "x"), { recursive: true });

    await publish(createDirStore(root()), A).catch(() => {});

    expect((await readdir(root())).filter((name) => name.includes("."))).toEqual([]);
  });
});
