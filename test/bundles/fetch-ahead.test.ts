import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fetchAhead } from "../../src/bundles/fetch-ahead.ts";
import type { BundleStore, WantedBundle } from "../../src/bundles/store.ts";
import { SignalboxError } from "../../src/support/errors.ts";
import { useTempDir } from "../support/temp-dir.ts";

const dir = useTempDir();

/** A store of these bundles, by commit; the first one is the newest. What it is asked stands in `asked`. */
function aStore(commits: readonly string[], { breaks = "" }: { breaks?: "find" | "read" | "" } = {}) {
  const asked: string[] = [];
  const broken = () => new SignalboxError("service", "the store is out");
  const store = {
    find: async (wanted: WantedBundle) => {
      asked.push(`find ${wanted}`);
      if (breaks === "find") throw broken();
      const commit = wanted === "newest" ? commits[0] : wanted.find((each) => commits.includes(each));
      return commit === undefined ? null : { commit, where: `bundle ${commit}` };
    },
    read: async ({ commit }: { commit: string }, into: string) => {
      asked.push(`read ${commit}`);
      if (breaks === "read") throw broken();
      writeFileSync(join(into, "manifest.json"), commit);
    },
    write: () => Promise.reject(new Error("not asked for")),
    records: { read: async function* () {}, write: () => Promise.reject(new Error("not asked for")) },
  } satisfies BundleStore;
  return { store, asked };
}

function begin(made: ReturnType<typeof aStore>, wanted: readonly WantedBundle[]) {
  const said: string[] = [];
  const folder = join(dir(), "ahead");
  const ahead = fetchAhead({ store: made.store, folder, onAsked: () => void said.push("asked") }, wanted);
  const take = async (want: WantedBundle) => {
    const into = join(dir(), "taken");
    mkdirSync(into, { recursive: true });
    const ref = await ahead.store.find(want);
    if (ref !== null) await ahead.store.read(ref, into);
    return ref === null ? null : readFileSync(join(into, "manifest.json"), "utf8");
  };
  return { ...made, ahead, take, said, folder };
}

describe("bundles that are fetched before they are asked for", () => {
  it("are there when they are, each fetched once, and the store is asked nothing twice", async () => {
    const { ahead, take, asked, said } = begin(aStore(["b", "a"]), [["x", "a"], "newest"]);

    expect(await ahead.fetched(["x", "a"])).toMatchObject({ ref: { commit: "a" } });
    expect(said).toEqual([]);
    expect([await take(["x", "a"]), await take("newest")]).toEqual(["a", "b"]);
    expect(asked).toEqual(["find x,a", "read a", "find newest", "read b"]);
    expect(await ahead.fetched(["x", "a"])).toBeNull();
    expect(said[0]).toBe("asked");
  });

  it("are one where both are the same", async () => {
    const { ahead, take, asked } = begin(aStore(["a"]), [["a"], "newest", "newest"]);

    // While the newest one is looked for.
    expect(await take(["a"])).toBe("a");
    await ahead.fetched("newest");
    expect(asked).toEqual(["find a", "read a", "find newest"]);
  });

  it("are asked for where they were not to be fetched, or a second time", async () => {
    const { take, asked } = begin(aStore(["b", "a"]), [["a"]]);

    expect([await take(["a"]), await take(["a"]), await take("newest"), await take(["y"])]).toEqual([
      "a",
      "a",
      "b",
      null,
    ]);
    expect(asked).toEqual(["find a", "read a", "read a", "find newest", "read b", "find y"]);
  });

  it("that are not there are none", async () => {
    const { ahead, take, asked } = begin(aStore([]), [["a"], "newest"]);

    expect([await take(["a"]), await take("newest"), await ahead.fetched("newest")]).toEqual([null, null, null]);
    expect(asked).toEqual(["find a", "find newest"]);
  });

  it.each(["find", "read"] as const)("fail when they are asked for, once, where %s fails", async (breaks) => {
    const { ahead, take, asked } = begin(aStore(["a"], { breaks }), [["a"], "newest"]);

    expect(await ahead.fetched(["a"])).toBeNull();
    await ahead.fetched("newest");
    const before = asked.length;
    await expect(take(["a"])).rejects.toThrow("the store is out");
    expect(asked).toHaveLength(before);
  });

  it("are deleted where nobody asked for them", async () => {
    const { ahead, folder } = begin(aStore(["a"]), [["a"]]);
    await ahead.fetched(["a"]);
    expect(existsSync(folder)).toBe(true);

    await ahead.drop();

    expect(existsSync(folder)).toBe(false);
  });
});
