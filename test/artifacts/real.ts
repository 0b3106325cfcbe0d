import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

const FOLDER = fileURLToPath(new URL("../../../shared/artifacts/", import.meta.url));

export interface RealFile {
  readonly file: string;
  readonly kind: "manifest" | "run_results" | "sources";
  readonly results: number | null;
  readonly which: string | null;
}

/** Artifacts of public projects. They are not part of this repository: without them these tests do not run, aloud. */
export function realFiles(): readonly RealFile[] {
  if (!existsSync(`${FOLDER}index.json`)) {
    console.warn(`skipped: no real artifacts in ${FOLDER}`);
    return [];
  }
  return JSON.parse(readFileSync(`${FOLDER}index.json`, "utf8")) as readonly RealFile[];
}

export function readReal(file: string): string {
  return gunzipSync(readFileSync(FOLDER + file)).toString("utf8");
}

/** Whether the file stands in the folder. */
export function hasReal(file: string): boolean {
  return existsSync(FOLDER + file);
}
