import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, it, TestRunner } from "vitest";
import { withPrograms } from "./cli.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const WANTED = "npm run setup installs it";

/** The folder with the pinned `dbt` and its `python`: TEST_DBT_BIN, else what `npm run setup` has made of these pins. */
export const DBT_BIN = process.env.TEST_DBT_BIN ?? findPrepared();

/** PATH with the prepared dbt in front. */
export const DBT_PATH = withPrograms(DBT_BIN ?? "/there is no dbt");

/**
 * A suite on real dbt. Where there is none its tests are skipped, and their number is printed; where CI is set they fail:
 * a machine that is to run them must not pass without.
 */
export function describeOnDbt(name: string, body: () => void): void {
  if (DBT_BIN !== undefined) describe(name, body);
  else if (process.env.CI)
    describe(name, () =>
      it("has the real dbt that it needs", () => {
        throw new Error(`there is no real dbt here, and CI is set, so nothing is skipped: ${WANTED}`);
      }),
    );
  else
    describe.skip(name, () => {
      body();
      const { length } = TestRunner.getCurrentSuite().tasks;
      console.warn(`skipped: ${length} tests of "${name}", which need real dbt: ${WANTED}`);
    });
}

function findPrepared(): string | undefined {
  const [cache, pins] = [join(ROOT, ".cache"), readFileSync(join(ROOT, "examples/shop/requirements.txt"), "utf8")];
  const folders = existsSync(cache) ? readdirSync(cache).filter((name) => name.startsWith("dbt-")) : [];
  const found = folders.find((name) => {
    const ready = join(cache, name, "ready");
    return existsSync(ready) && readFileSync(ready, "utf8") === pins;
  });
  return found && join(cache, found, process.platform === "win32" ? "Scripts" : "bin");
}
