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

/**
 * What dbt 2 needs in its environment: TEST_DBT2_BIN is the folder with it and ADBC_DRIVER_PATH that of its driver, else
 * what `npm test` has made. null: there is none, as it cannot be had on every machine.
 */
export const DBT_2_ENV = findDbt2();

/** A suite on the real dbt 2. Where there is none its tests are skipped, and their number is printed. */
export function describeOnDbt2(name: string, body: () => void): void {
  if (DBT_2_ENV !== null) describe(name, body);
  else
    describe.skip(name, () => {
      body();
      const { length } = TestRunner.getCurrentSuite().tasks;
      console.warn(`skipped: ${length} tests of "${name}", which need the real dbt 2: npm test says why there is none`);
    });
}

function findDbt2(): Readonly<Record<string, string>> | null {
  const bin = process.env.TEST_DBT2_BIN ?? findEnvironment((made) => /^--only-binary=:all: dbt==2\./.test(made));
  const [made] = inCache("duckdb-driver-").filter((place) => existsSync(join(place, "duckdb.toml")));
  const driver = process.env.TEST_DBT2_BIN === undefined ? made : process.env.ADBC_DRIVER_PATH;
  if (bin === undefined || driver === undefined) return null;
  return { PATH: withPrograms(bin), ADBC_DRIVER_PATH: driver };
}

function findPrepared(): string | undefined {
  const pins = readFileSync(join(ROOT, "examples/shop/requirements.txt"), "utf8");
  return findEnvironment((made) => made === pins);
}

/** The environment that was made of such requirements. */
function findEnvironment(isOf: (requirements: string) => boolean): string | undefined {
  const found = inCache("dbt-").find((place) => {
    const ready = join(place, "ready");
    return existsSync(ready) && isOf(readFileSync(ready, "utf8"));
  });
  return found && join(found, process.platform === "win32" ? "Scripts" : "bin");
}

function inCache(prefix: string): readonly string[] {
  const cache = join(ROOT, ".cache");
  const names = existsSync(cache) ? readdirSync(cache).filter((name) => name.startsWith(prefix)) : [];
  return names.map((name) => join(cache, name));
}
