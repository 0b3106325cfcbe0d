import { createHash } from "node:crypto";
import type { BundleHeader } from "./bundle.ts";

/** Whose bundles these are: other projects of the repository, and other targets of this one, may leave theirs beside. */
export interface BundleOwner {
  /** The name of the dbt project; null: it is a template. */
  readonly project: string | null;
  /** Its folder from the repository's top; empty: it is that. */
  readonly folder: string;
  /** The targets that production is built in; null among them: the profile's own, or the one of --target. */
  readonly targets: readonly (string | null)[];
}

type OwnedFacts = Pick<BundleHeader, "project" | "folder" | "target">;

/** Why a bundle is another one's, in words; null: nothing says so. Of one from before it was written, the folder is not known. */
export function whyOfOther(header: OwnedFacts, { project, folder, targets }: BundleOwner): string | null {
  const quoted = (text: string) => JSON.stringify(text);
  if (project !== null && header.project !== project)
    return `it is of project ${quoted(header.project)}, not of ${quoted(project)}`;
  if (header.folder !== undefined && header.folder !== folder)
    return `it is of the project in ${quoted(header.folder || ".")}, not of the one in ${quoted(folder || ".")}`;
  if (targets.includes(null) || targets.includes(header.target)) return null;
  const theirs = header.target === null ? "the profile's own target" : `target ${quoted(header.target)}`;
  return `it is of ${theirs}, not of ${[...new Set(targets)].map((target) => quoted(target ?? "")).join(" or ")}`;
}

/**
 * The name of its artifact in a CI that keeps all in one list, and one of a name for each run: by project and production's
 * target, in characters that every file system has, with a hash that tells apart what they cannot.
 * https://github.com/actions/toolkit/blob/main/packages/artifact/src/internal/upload/path-and-artifact-name-validation.ts
 */
export function artifactNameOf(owner: BundleOwner): string {
  return nameOf("signalbox-state", owner);
}

/** The same for the records of its runs, wherever they are kept. */
export function recordsNameOf(owner: BundleOwner): string {
  return nameOf("signalbox-runs", owner);
}

function nameOf(prefix: string, { project, targets }: BundleOwner): string {
  const facts = [project, ...new Set(targets)];
  const words = facts
    .map((fact) => (fact ?? "").replace(/[^A-Za-z0-9_]+/g, "-").slice(0, 40))
    .filter((word) => word !== "");
  const hash = createHash("sha256").update(JSON.stringify(facts)).digest("hex").slice(0, 6);
  return [prefix, ...words, hash].join("-");
}
