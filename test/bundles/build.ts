import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BUNDLE_FILES, BundleHeader, BundleRequest } from "../../src/bundles/bundle.ts";
import { manifestJson, runResultsJson } from "../artifacts/build.ts";

export const facts: BundleRequest["facts"] = {
  commit: "a".repeat(40),
  branch: "main",
  createdAt: "2026-11-25T07:00:10.000Z",
  project: "shop",
  adapter: "duckdb",
  dbtVersion: "1.11.16",
  target: "prod",
};

export function aHeader(overrides: Partial<BundleHeader> = {}): BundleHeader {
  return { schema: 1, ...facts, files: [], ...overrides };
}

/** Writes what a build leaves behind into a folder; the answer is its files, as makeBundle takes them. */
export async function writeArtifacts(
  dir: string,
  texts: Partial<Record<(typeof BUNDLE_FILES)[number], string>> = {},
): Promise<BundleRequest["files"]> {
  await mkdir(dir, { recursive: true });
  const all = { "manifest.json": manifestJson(), "run_results.json": runResultsJson([]), ...texts };
  const files = new Map<(typeof BUNDLE_FILES)[number], string>();
  for (const [name, text] of Object.entries(all) as [(typeof BUNDLE_FILES)[number], string][]) {
    await writeFile(join(dir, name), text);
    files.set(name, join(dir, name));
  }
  return files;
}
