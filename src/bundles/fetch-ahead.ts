import { readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder } from "../support/files.ts";
import type { BundleRef, BundleStore, WantedBundle } from "./store.ts";

/** Bundles that are on their way, or there, before anybody asks for them. */
export interface FetchedAhead {
  /** Answers with what was fetched, or why it could not be; what was not to be fetched, it asks for. */
  readonly store: BundleStore;
  /** A bundle that was to be fetched, and its folder, once it is there; null: there is none, or it was handed on. */
  fetched(wanted: WantedBundle): Promise<FetchedBundle | null>;
  /** For when nobody will ask any more: what was not asked for is deleted. */
  drop(): Promise<void>;
}

export interface FetchedBundle {
  readonly ref: BundleRef;
  readonly dir: string;
}

export interface FetchAheadParts {
  readonly store: BundleStore;
  /** What they are fetched into. */
  readonly folder: string;
  /** Called before the first answer: what the store has had to say until then, and from then on, is to be shown. */
  readonly onAsked: () => void;
}

/** Begins to fetch these bundles, one after another, each of them once. */
export function fetchAhead({ store, folder, onAsked }: FetchAheadParts, wanted: readonly WantedBundle[]): FetchedAhead {
  const found = new Map<string, Promise<BundleRef | null>>();
  const fetched = new Map<string, Promise<string>>();
  const taken = new Set<string>();
  const refOf = (want: WantedBundle) => found.get(JSON.stringify(want));
  const fetch = async (ref: BundleRef) => {
    const into = join(folder, String(fetched.size + 1));
    await makeFolder(into);
    await store.read(ref, into);
    return into;
  };
  let before: Promise<unknown> = Promise.resolve();
  for (const want of wanted) {
    if (refOf(want) !== undefined) continue;
    const find = before.then(async () => {
      const ref = await store.find(want);
      if (ref !== null && !fetched.has(ref.where)) fetched.set(ref.where, fetch(ref));
      return ref;
    });
    found.set(JSON.stringify(want), find);
    // Whoever asks is told of an error.
    before = find.then((ref) => fetched.get(ref?.where ?? "")).catch(() => undefined);
  }
  return {
    store: {
      ...store,
      find: (want) => {
        onAsked();
        return refOf(want) ?? store.find(want);
      },
      read: async (ref, into) => {
        const coming = taken.has(ref.where) ? undefined : fetched.get(ref.where);
        taken.add(ref.where);
        const from = await coming;
        if (from === undefined) return store.read(ref, into);
        for (const name of await readdir(from)) await rename(join(from, name), join(into, name));
      },
    },
    fetched: async (want) => {
      try {
        const ref = (await refOf(want)) ?? null;
        const dir = await fetched.get(ref?.where ?? "");
        return ref === null || dir === undefined || taken.has(ref.where) ? null : { ref, dir };
      } catch {
        return null;
      }
    },
    drop: async () => {
      await before;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
