import { join } from "node:path";
import { configurationError, SignalboxError } from "../../support/errors.ts";
import { readBytesIfAny, STORED } from "../../support/files.ts";
import { isCommit, readHeader } from "../bundle.ts";
import { download, type OpenFetch, refusedBy } from "../download.ts";
import { inTemporary, MOST_FILE_BYTES, MOST_HEADER_BYTES, receiveBundle, retryOnce } from "../receive.ts";
import { MOST_RECORD_BYTES } from "../run-record-file.ts";
import { type BundleStore, MOST_COMMITS, RECORDS, recordFileOf } from "../store.ts";

export interface HttpsStoreOptions {
  readonly notice: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
  readonly openFetch?: OpenFetch | undefined;
}

/** How many commits are asked for at a time. */
const AT_ONCE = 10;
const LATEST_BYTES = 200;

/**
 * A web server as store, to be read only: `<url>/latest`, a text with the newest bundle's commit, and
 * `<url>/<commit>/state.json` beside the other files. No credentials, no redirects. Calls: at most 51 for a find among
 * commits (in rounds of ten), two for the newest; one for each file of a read.
 */
export function createHttpsStore(address: string, { notice, signal, openFetch }: HttpsStoreOptions): BundleStore {
  const base = readAddress(address);
  const at = (...path: readonly string[]) => `${base}/${path.join("/")}`;
  const said = new Set<number>();
  let isTold = false;
  const tellForbidden = () => {
    if (isTold || said.size !== 1 || !said.has(403)) return;
    isTold = true;
    notice(
      `${base} answered 403 to everything: it may not be read from here, or it holds no bundle and does not say so`,
    );
  };
  const get = async (url: string, mostBytes: number) => {
    const served = await download({ url, where: url, mostBytes, signal, openFetch });
    said.add(served.kind === "refused" ? served.status : 200);
    if (served.kind === "found") return served;
    if (served.kind === "moved") throw movedTo(url, served.to);
    // A bucket that does not list its keys answers 403 for one that is not there.
    if ([403, 404, 410].includes(served.status)) return null;
    throw refusedBy(url, served.status);
  };
  const has = async (commit: string) => {
    const text = isCommit(commit) ? await (await get(at(commit, "state.json"), MOST_HEADER_BYTES))?.text() : undefined;
    return text !== undefined;
  };
  const readLatest = async () => {
    const latest = await get(at("latest"), LATEST_BYTES);
    return latest === null ? [] : [(await latest.text()).trim()];
  };
  const readOnly = async (): Promise<never> => {
    throw new SignalboxError("configuration", `the store ${base} can only be read`, {
      hint: "publish where that server takes its files from: store: s3://…, gs://… or dir:PATH in the deploy job",
    });
  };
  return {
    find: async (wanted) => {
      const commits = wanted === "newest" ? await readLatest() : wanted.slice(0, MOST_COMMITS);
      for (let from = 0; from < commits.length; from += AT_ONCE) {
        const round = commits.slice(from, from + AT_ONCE);
        const found = await Promise.all(round.map(has));
        const commit = round[found.indexOf(true)];
        if (commit !== undefined) return { commit, where: at(commit) };
      }
      tellForbidden();
      return null;
    },
    read: (ref, into) =>
      retryOnce(() =>
        receiveBundle(ref, into, async (folder) => {
          const take = async (name: string, mostBytes: number) =>
            (await get(at(ref.commit, name), mostBytes))?.save(join(folder, name));
          await take("state.json", MOST_HEADER_BYTES);
          const { files } = await readHeader(folder, ref.where);
          for (const { name, bytes } of files) await take(name, Math.min(bytes, MOST_FILE_BYTES));
        }),
      ),
    write: readOnly,
    records: {
      async *read(of) {
        const url = at(RECORDS, recordFileOf(of));
        const bytes = () =>
          inTemporary(async (folder) => {
            const served = await get(url, MOST_RECORD_BYTES);
            await served?.save(join(folder, "records"));
            return readBytesIfAny(join(folder, "records"), STORED);
          });
        yield { where: url, bytes, isVouched: false };
      },
      write: readOnly,
    },
  };
}

/** The address without a slash at its end. Throws a configuration error for one that holds a password. */
function readAddress(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : null;
  const wanted =
    url === null
      ? "wanted an address such as https://state.example.com/shop"
      : url.username !== "" || url.password !== ""
        ? "holds a user or a password: a store is read without credentials"
        : url.search !== "" || url.hash !== ""
          ? "has a ? or a #: wanted a folder's address"
          : null;
  if (url !== null && wanted === null) return url.href.replace(/\/+$/, "");
  throw configurationError([{ where: "store", got: null, wanted: wanted ?? "" }]);
}

function movedTo(url: string, to: string): SignalboxError {
  const host = URL.canParse(to, url) ? new URL(to, url).host : "somewhere else";
  return new SignalboxError("configuration", `${url} redirects to ${host}: redirects of a store are not followed`, {
    hint: "name the address that it leads to",
  });
}
