import { resolve } from "node:path";
import type { Environment } from "../../support/secrets.ts";
import type { OpenFetch } from "../download.ts";
import type { BundleStore } from "../store.ts";
import { createS3Store } from "./aws.ts";
import { createDirStore } from "./dir.ts";
import { createGcsStore } from "./gcloud.ts";
import { createHttpsStore } from "./https.ts";

/** The store of a configuration, or why there is none. */
export type OpenedStore =
  | { readonly store: BundleStore; readonly name: string }
  | { readonly store: null; readonly why: string };

export interface OpenOptions {
  /** What relative folders are relative to. */
  readonly cwd: string;
  readonly env: Environment;
  readonly notice: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
  readonly openFetch?: OpenFetch | undefined;
  /** What `auto` stands for on the platform of this run. */
  readonly auto: () => OpenedStore;
}

/** Throws a configuration error for an address that no store can have. */
export function openStore(spec: string, { cwd, env, notice, signal, openFetch, auto }: OpenOptions): OpenedStore {
  if (spec === "auto") return auto();
  if (spec === "none") return { store: null, why: "store: none" };
  const options = { env, signal };
  if (spec.startsWith("https://")) return { store: createHttpsStore(spec, { notice, signal, openFetch }), name: spec };
  if (spec.startsWith("s3://")) return { store: createS3Store(spec, options), name: spec };
  if (spec.startsWith("gs://")) return { store: createGcsStore(spec, options), name: spec };
  const folder = resolve(cwd, spec.replace(/^dir:/, ""));
  return { store: createDirStore(folder, notice), name: folder };
}
