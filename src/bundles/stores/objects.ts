import { mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { configurationError, SignalboxError } from "../../support/errors.ts";
import { readBytesIfAny, readFileIfAny, STORED } from "../../support/files.ts";
import { BUNDLE_FILES, filesOf, isCommit, readHeader } from "../bundle.ts";
import { inTemporary, MOST_FILE_BYTES, MOST_HEADER_BYTES, receiveBundle, retryOnce, tooLarge } from "../receive.ts";
import { MOST_RECORD_BYTES } from "../run-record-file.ts";
import { type BundleStore, MOST_COMMITS, PROBE, RECORDS, recordFileOf } from "../store.ts";

/** A vendor's own command-line tool, as far as a bucket is used. Keys are whole: the prefix is in them. */
export interface ObjectTool {
  /** The names of the folders right below a prefix that ends with `/`, or is empty. */
  listFolders(prefix: string): Promise<readonly string[]>;
  /** The size of an object in bytes; null where there is none. */
  size(key: string): Promise<number | null>;
  /** Copies an object into a folder, under the last part of its key; false where there is none. */
  get(key: string, folder: string): Promise<boolean>;
  /** Copies a folder's file to a key. */
  put(folder: string, name: string, key: string): Promise<void>;
  /** Removes an object; false where the tool does not, for whichever reason. */
  remove(key: string): Promise<boolean>;
}

export interface Bucket {
  readonly bucket: string;
  /** Without slashes at its ends; may be empty. */
  readonly prefix: string;
}

/**
 * `scheme://bucket/prefix`. Nothing that could be read as a flag, a pattern or another address passes: throws a
 * configuration error for it.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
 */
export function parseBucket(spec: string): Bucket {
  const [, bucket, prefix = ""] = /^(?:s3|gs):\/\/([a-z0-9][a-z0-9._-]{1,220}[a-z0-9])(?:\/(.*))?$/.exec(spec) ?? [];
  const path = prefix.replace(/^\/+|\/+$/g, "");
  const isPlain = path === "" || path.split("/").every((part) => /^(?!\.\.?$)[A-Za-z0-9_.][\w.=+@-]*$/.test(part));
  if (bucket !== undefined && isPlain) return { bucket, prefix: path };
  // As a person knows it from other addresses: with a key for who asks.
  const holdsSecret = /^[^/]*\/\/[^/]*@|\?/.test(spec);
  const wanted = "wanted bucket and prefix of letters, digits and ._=+@- such as s3://acme-state/shop";
  throw configurationError([
    holdsSecret
      ? { where: "store", got: null, wanted: `holds a user, a password or a query: ${wanted}` }
      : { where: "store", got: JSON.stringify(spec), wanted },
  ]);
}

const LATEST_BYTES = 200;

/**
 * Objects as store: `<prefix>/<commit>/…`, and `<prefix>/latest` with the newest one's commit. A bundle is there when
 * its state.json is, which is written behind the other files. Nothing is copied whose size was not asked: a tool has no
 * limit of its own. Starts of the tool: find among commits 2 + one for each folder of a commit that holds no state.json,
 * the newest 3, read 5 at a time and then one for each file, write one for each file and 1; records, which are one object
 * for each project and target: read 2, write 3.
 */
export function createObjectStore(tool: ObjectTool, address: string, prefix: string): BundleStore {
  const keyOf = (...path: readonly string[]) => [...(prefix === "" ? [] : [prefix]), ...path].join("/");
  const below = prefix === "" ? "" : `${prefix}/`;
  const refOf = (commit: string) => ({ commit, where: `${address}/${commit}` });
  const has = async (commit: string) => isCommit(commit) && (await tool.size(keyOf(commit, "state.json"))) !== null;
  return {
    find: async (wanted) => {
      const commits = wanted === "newest" ? await readLatest() : await listed(wanted.slice(0, MOST_COMMITS));
      for (const commit of commits) if (await has(commit)) return refOf(commit);
      return null;
    },
    read: (ref, into) =>
      retryOnce(() =>
        receiveBundle(ref, into, async (folder) => {
          // All before the first copy: the shorter the time between two copies, the rarer a deploy falls into it.
          const sizes = await sizesOf(ref.commit, ["state.json", ...BUNDLE_FILES]);
          const take = async (name: string, mostBytes: number) => {
            const bytes = sizes.get(name) ?? null;
            if (bytes !== null && bytes > mostBytes) throw tooLarge(`${ref.where}/${name}`, mostBytes);
            if (bytes !== null) await tool.get(keyOf(ref.commit, name), folder);
          };
          await take("state.json", MOST_HEADER_BYTES);
          const { files } = await readHeader(folder, ref.where);
          for (const { name, bytes } of files) await take(name, Math.min(bytes, MOST_FILE_BYTES));
        }),
      ),
    write: async (folder, header) => {
      await assertFiles(folder, filesOf(header));
      for (const { name } of header.files) await tool.put(folder, name, keyOf(header.commit, name));
      await tool.put(folder, "state.json", keyOf(header.commit, "state.json"));
      await inTemporary(async (pointers) => {
        await writeFile(join(pointers, "latest"), `${header.commit}\n`);
        await tool.put(pointers, "latest", keyOf("latest"));
      });
      return refOf(header.commit);
    },
    records: {
      async *read(of) {
        const where = `${address}/${RECORDS}/${recordFileOf(of)}`;
        yield { where, bytes: () => readRecords(of, where), isVouched: false };
      },
      write: async (of, { file }) => {
        const where = `${address}/${RECORDS}/${recordFileOf(of)}`;
        const replaced = await readRecords(of, where).catch((error: unknown) => {
          if (error instanceof SignalboxError && error.kind === "artifacts") return null;
          throw error;
        });
        await inTemporary(async (folder) => {
          await writeFile(join(folder, "records"), file(replaced));
          await tool.put(folder, "records", keyOf(RECORDS, recordFileOf(of)));
        });
        return { where };
      },
    },
    tryOut: () =>
      inTemporary(async (folder) => {
        const key = keyOf(PROBE);
        const [mine, theirs] = [join(folder, "mine"), join(folder, "theirs")];
        await Promise.all([mine, theirs].map((each) => mkdir(each)));
        await writeFile(join(mine, PROBE), PROBE);
        await tool.put(mine, PROBE, key);
        const isBack = (await tool.get(key, theirs)) && (await readFileIfAny(join(theirs, PROBE), STORED)) === PROBE;
        const isGone = await tool.remove(key);
        const rest = isGone ? "" : `; ${key} stays there, as these credentials may not delete (nor need to)`;
        if (!isBack) throw new SignalboxError("service", `the store ${address}: what was written is not there${rest}`);
        return `can be written and read${rest}`;
      }),
  };

  async function sizesOf(commit: string, names: readonly string[]): Promise<ReadonlyMap<string, number | null>> {
    const sizes = names.map(async (name) => [name, await tool.size(keyOf(commit, name))] as const);
    return new Map(await Promise.all(sizes));
  }

  async function readRecords(of: string, where: string): Promise<Uint8Array | null> {
    const key = keyOf(RECORDS, recordFileOf(of));
    const bytes = await tool.size(key);
    if (bytes === null) return null;
    if (bytes > MOST_RECORD_BYTES) throw tooLarge(where, MOST_RECORD_BYTES);
    return inTemporary(async (folder) =>
      (await tool.get(key, folder)) ? readBytesIfAny(join(folder, recordFileOf(of)), STORED) : null,
    );
  }

  async function readLatest(): Promise<readonly string[]> {
    const bytes = await tool.size(keyOf("latest"));
    if (bytes !== null && bytes > LATEST_BYTES) throw tooLarge(`${address}/latest`, LATEST_BYTES);
    const latest = await inTemporary(async (folder) =>
      bytes !== null && (await tool.get(keyOf("latest"), folder))
        ? ((await readFileIfAny(join(folder, "latest"), STORED)) ?? "").trim()
        : null,
    );
    if (latest !== null) return [latest];
    // Both vendors answer 404 for an object of a bucket that is not there; a list tells.
    await tool.listFolders(below);
    return [];
  }

  async function listed(commits: readonly string[]): Promise<readonly string[]> {
    if (!commits.some(isCommit)) return [];
    const folders = new Set(await tool.listFolders(below));
    return commits.filter((commit) => folders.has(commit));
  }
}

async function assertFiles(folder: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await stat(join(folder, name)).catch((cause: unknown) => {
      throw new SignalboxError("service", `${join(folder, name)} cannot be read: nothing is published`, { cause });
    });
  }
}
