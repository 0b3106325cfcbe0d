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
  /** What runs remember, beside the bundles. */
  readonly records: RecordStore;
}

/** Where records of runs are kept: of a project and its target the newest ones, by a name of letters, digits, `-` and `_`. */
export interface RecordStore {
  /** The files that there are, newest first, none that may not be trusted. Who reads takes as many as are enough. */
  read(of: string): AsyncIterable<RecordFile>;
  /** Leaves a run's record. Throws as `write` of the bundles does. */
  write(of: string, record: NewRecord): Promise<WrittenRecord>;
}

/** Records of one or several runs, as a file. */
export interface RecordFile {
  /** For people. */
  readonly where: string;
  /** null: it is gone. Throws a service or artifacts error. */
  readonly bytes: () => Promise<Uint8Array | null>;
  /**
   * Whether the CI's own records tell that a run of the base branch left it; if not, the commit of each of its records has
   * to be looked up.
   */
  readonly isVouched: boolean;
}

export interface NewRecord {
  readonly attempt: number;
  /** The file, with the records of the file that it replaces; null: it replaces none. */
  readonly file: (replaced: Uint8Array | null) => Uint8Array;
}

export interface WrittenRecord {
  /** For people. */
  readonly where: string;
  /** What a later step of the CI has to upload, and the name for it; absent: it is where it belongs. */
  readonly upload?: { readonly path: string; readonly artifact: string };
}

/** The folder of the records, beside the bundles. */
export const RECORDS = "runs";

/** The file that holds the records `of` a project and its target, wherever it lies. */
export function recordFileOf(of: string): string {
  return `${of}.json.gz`;
}

/** How far a search goes back: the commit itself and 50 ancestors. */
export const MOST_COMMITS = 51;

/** The file of `tryOut`, beside the bundles. */
export const PROBE = "signalbox-doctor";
