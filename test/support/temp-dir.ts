import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";

/** An empty folder for each test of the file or the describe block, gone after it; the answer tells its path. */
export function useTempDir(): () => string {
  let dir = "";
  beforeEach(async () => {
    dir = await realpath(await mkdtemp(join(tmpdir(), "signalbox-test-")));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));
  return () => dir;
}
