import type { BundleHeader } from "./bundle.ts";

/** A bundle that a store holds. */
export interface BundleRef {
  /** As the store's own records tell it; a bundle whose state.json names another commit is not read. */
  readonly commit: string;
  /** For people: a folder, an address, an artifact's name. */
  readonly where: string;
  /** The name that a later step of the CI has to upload it under; absent: it is where it belongs. */
  readonly artifact?: string;
}

/** Which bundle is looked for: the newest one, or that of the first of these commits that has one. */
export type WantedBundle = "newest" | readonly string[];

/** Where state bundles are kept, one a commit, and a pointer to the newest. */
export interface BundleStore {
  /** The first of the commits that has a bundle, or the newest bundle; null: there is none. */
  find(wanted: WantedBundle): Promise<BundleRef | null>;
  /** Puts the bundle's files into a folder that exists. */
  read(ref: BundleRef, into: string): Promise<void>;
  /** Publishes a folder as the bundle of its commit, whole or not at all, and makes it the newest. */
  write(folder: string, header: BundleHeader): Promise<BundleRef>;
  /**
   * Writes a small file that is no bundle, reads it back and removes it. Says in words what it found; throws as `write`
   * does. Absent where bundles are not written by us: a web server, the artifacts of a CI.
   */
  tryOut?(): Promise<string>;
}

/** How far a search goes back: the commit itself and 50 ancestors. */
export const MOST_COMMITS = 51;

/** The file of `tryOut`, beside the bundles. */
export const PROBE = "signalbox-doctor";
