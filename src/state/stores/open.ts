import { resolve } from "node:path";
import type { BundleStore } from "../store.ts";
import { createDirStore } from "./dir.ts";

/** The store of a configuration, or why there is none. Relative folders are relative to `cwd`. */
export type OpenedStore =
  | { readonly store: BundleStore; readonly name: string }
  | { readonly store: null; readonly why: string };

export function openStore(spec: string, cwd: string): OpenedStore {
  if (spec === "none") return { store: null, why: "store: none" };
  if (spec.startsWith("dir:")) {
    const folder = resolve(cwd, spec.slice("dir:".length));
    return { store: createDirStore(folder), name: folder };
  }
  if (spec === "auto")
    return { store: null, why: "store: auto (the CI's own artifacts) is not built yet; store: dir:PATH is" };
  return { store: null, why: `a store such as ${spec.split("://")[0]}:// is not built yet; dir:PATH is` };
}
