import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type BundleHeader, makeBundle, readBundle } from "../../src/bundles/bundle.ts";
import { packRecords, unpackRecords } from "../../src/bundles/run-record-file.ts";
import type { BundleStore, WantedBundle } from "../../src/bundles/store.ts";
import { manifestJson } from "../artifacts/build.ts";
import { aNode, aRecord, hour } from "../severity/history-build.ts";
import { useTempDir } from "../support/temp-dir.ts";
import { facts, writeArtifacts } from "./build.ts";

export const [A, B, C] = ["a", "b", "c"].map((digit) => digit.repeat(40)) as [string, string, string];

/** Makes bundles and puts them into a store. `mark` is found again in the manifest. */
export function createPublisher(dir: () => string) {
  let count = 0;
  const prepare = async (
    commit: string,
    mark = commit,
    more: Parameters<typeof writeArtifacts>[1] = {},
  ): Promise<{ folder: string; header: BundleHeader }> => {
    count += 1;
    const folder = join(dir(), `made-${count}`);
    const manifest = manifestJson({ mark, padding: "x".repeat(100_000) });
    const files = await writeArtifacts(`${folder}-from`, { "manifest.json": manifest, ...more });
    return { folder, header: await makeBundle({ files, into: folder, facts: { ...facts, commit }, secrets: [] }) };
  };
  return {
    prepare,
    publish: async (store: BundleStore, commit: string, mark = commit) => {
      const { folder, header } = await prepare(commit, mark);
      return store.write(folder, header);
    },
  };
}

/** What every store has to do. `makeStore` opens the same, at first empty, place whenever one test calls it. */
export function describeStore(name: string, makeStore: (dir: string) => BundleStore): void {
  describe(`the store ${name}`, () => {
    const dir = useTempDir();
    const open = () => makeStore(join(dir(), "store"));
    const { prepare, publish } = createPublisher(dir);
    const readMark = async (folder: string) => {
      const text = await readFile(join(folder, "manifest.json"), "utf8");
      return (JSON.parse(text) as { mark: unknown }).mark;
    };
    const fetchMark = async (wanted: WantedBundle) => {
      const store = open();
      const ref = await store.find(wanted);
      if (ref === null) return null;
      const into = join(dir(), "fetched");
      await mkdir(into, { recursive: true });
      await store.read(ref, into);
      await readBundle(into, ref.where);
      return readMark(into);
    };

    it("is tried out with a file that is no bundle and does not stay", async () => {
      const store = open();
      if (store.tryOut === undefined) return;

      const found = await store.tryOut();
      await publish(store, A);
      const later = await store.tryOut();

      expect([found, later].join("\n")).toMatch(/may|can be written and read/);
      expect(later).not.toContain("stays");
      expect((await readdir(dir(), { recursive: true })).filter((name) => name.includes("signalbox-doctor"))).toEqual(
        [],
      );
      expect(await fetchMark("newest")).toBe(A);
    });

    it("finds nothing where nothing was written", async () => {
      expect(await open().find("newest")).toBeNull();
      expect(await open().find([A, B])).toBeNull();
    });

    it("finds the first of the commits that has a bundle, whatever was written last", async () => {
      for (const commit of [C, A, B]) await publish(open(), commit);

      expect(await open().find(["0".repeat(40), B, A])).toMatchObject({ commit: B });
      expect(await open().find([C, B])).toMatchObject({ commit: C });
      expect(await open().find(["0".repeat(40)])).toBeNull();
    });

    it("finds the newest bundle where no commit is named", async () => {
      await publish(open(), A);
      await publish(open(), B);
      expect(await open().find("newest")).toMatchObject({ commit: B });

      await publish(open(), A);
      expect(await open().find("newest")).toMatchObject({ commit: A });
    });

    it("answers a write with the place where the bundle is found", async () => {
      const written = await publish(open(), A);

      expect(await open().find([A])).toEqual(written);
    });

    it("gives back what was written, state.json and all", async () => {
      const { folder, header } = await prepare(A);
      const store = open();
      const ref = await store.write(folder, header);
      const into = join(dir(), "into");
      await mkdir(into);

      await store.read(ref, into);

      expect(await readBundle(into, ref.where)).toEqual(header);
      expect((await readdir(into)).sort()).toEqual((await readdir(folder)).sort());
    });

    it("reads no bundle that says it is of another commit than its place, and leaves nothing of it", async () => {
      const { folder, header } = await prepare(A);
      const store = open();
      const ref = await store.write(folder, { ...header, commit: B });
      const into = join(dir(), "into");
      await mkdir(into);

      await expect(store.read(ref, into)).rejects.toMatchObject({ kind: "artifacts", exitCode: 3 });
      expect(await readdir(into)).toEqual([]);
    });

    it("leaves nothing of the bundle that was read into the folder before, and nothing else away", async () => {
      const store = open();
      const older = await prepare(A, A, { "sources.json": "{}", "verdict.json": "{}" });
      const newer = await prepare(B);
      const refs = [await store.write(older.folder, older.header), await store.write(newer.folder, newer.header)];
      const into = join(dir(), "into");
      await mkdir(into);
      await writeFile(join(into, "notes.txt"), "mine");

      for (const ref of refs) await store.read(ref, into);

      expect((await readdir(into)).sort()).toEqual([...(await readdir(newer.folder)), "notes.txt"].sort());
    });

    it("replaces the bundle of a commit that is written twice", async () => {
      await publish(open(), A, "first");
      await publish(open(), A, "second");

      expect(await fetchMark([A])).toBe("second");
      expect(await fetchMark("newest")).toBe("second");
    });

    it("leaves the folder that was published as it was", async () => {
      const { folder, header } = await prepare(A);

      await open().write(folder, header);

      expect(await readBundle(folder, folder)).toEqual(header);
    });

    it("publishes no file that the header does not list", async () => {
      const { folder, header } = await prepare(A);
      const listed = { ...header, files: header.files.filter(({ name }) => name === "manifest.json") };
      const ref = await open().write(folder, listed);
      const into = join(dir(), "into");
      await mkdir(into);

      await open()
        .read(ref, into)
        .catch(() => {});

      expect(await readdir(into)).not.toContain("run_results.json");
    });

    it("keeps the bundle that is there where a write fails half way", async () => {
      await publish(open(), A, "first");
      const { header } = await prepare(A, "second");

      await expect(open().write(join(dir(), "nowhere"), header)).rejects.toMatchObject({ kind: "service" });

      expect(await fetchMark([A])).toBe("first");
    });

    it("never shows half a bundle while one is replaced: a reader gets the old one, the new one, or an error", async () => {
      await publish(open(), A, "0");
      const seen: unknown[] = [];
      const isWhole = (each: unknown) => typeof each === "string" || each === null;
      let last = 0;
      let isWriting = true;
      // Ten times, and on until a reader had one: a store whose reads are slow gets an error in between each time.
      const writing = (async () => {
        while (last < 10 || (last < 60 && !seen.some(isWhole))) await publish(open(), A, String(++last));
      })().finally(() => {
        isWriting = false;
      });

      while (isWriting) seen.push(await fetchMark([A]).catch((error: unknown) => error));
      await writing;

      const marks = Array.from({ length: last + 1 }, (_, mark) => String(mark));
      const odd = seen.filter((each) => !marks.includes(String(each)) && each !== null);
      expect(odd).toEqual(odd.map(() => expect.objectContaining({ kind: "artifacts" })));
      expect(seen.length).toBeGreaterThan(odd.length);
      expect(await fetchMark([A])).toBe(String(last));
    });

    const recordOf = (id: string) =>
      aRecord({ id, startedAt: hour(Number(id)), nodes: new Map([["model.shop.a", aNode("p")]]) });
    const leave = (store: BundleStore, of: string, id: string, attempt = 1) =>
      store.records.write(of, {
        attempt,
        file: (replaced) =>
          packRecords([...(replaced === null ? [] : unpackRecords(replaced, "replaced")), recordOf(id)]).bytes,
      });
    const idsIn = async (store: BundleStore, of: string) => {
      const ids: string[] = [];
      for await (const { bytes, where } of store.records.read(of)) {
        const content = await bytes();
        if (content !== null) ids.push(...unpackRecords(content, where).map(({ id }) => id));
      }
      return ids.sort();
    };

    it("remembers nothing at first, and then the runs of each project by themselves", async () => {
      expect(await idsIn(open(), "shop")).toEqual([]);

      await leave(open(), "shop", "1");
      await leave(open(), "shop", "2");
      await leave(open(), "web", "3");

      expect(await idsIn(open(), "shop")).toEqual(["1", "2"]);
      expect(await idsIn(open(), "web")).toEqual(["3"]);
    });

    it("takes no record for a bundle, and no bundle for a record", async () => {
      await leave(open(), "shop", "1");
      expect(await open().find("newest")).toBeNull();

      await publish(open(), A);
      expect(await idsIn(open(), "shop")).toEqual(["1"]);
      expect(await fetchMark("newest")).toBe(A);
    });

    it.each([
      "../outside",
      "..",
      ".",
      "",
      "latest",
      "/etc",
      `../${"a".repeat(40)}`,
      `${"a".repeat(39)}/`,
      "A".repeat(40),
      "HEAD",
      "-x",
    ])("finds nothing for %j, which is no commit", async (commit) => {
      await publish(open(), A);

      expect(await open().find([commit])).toBeNull();
      expect(await open().find([commit, A])).toMatchObject({ commit: A });
    });
  });
}
