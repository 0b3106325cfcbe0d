// `npm run bench`: every bench, or those that are named: `npm run bench -- start check`. Figures are ratios against a
// baseline of the same run: machines differ and are shared. Each bench is a script of its own that prints its table.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { prepareBuild, prepareDbt, preparePackages, ROOT, withDbt } from "../prepare.mjs";

preparePackages();
const dbt = prepareDbt();
prepareBuild();

const folder = join(ROOT, "test/bench");
const benches = readdirSync(folder).filter((name) => name.endsWith(".bench.mjs"));
const asked = process.argv.slice(2);
for (const name of asked.length === 0 ? benches : asked.map((word) => `${word}.bench.mjs`)) {
  process.stdout.write(`\n── ${name}\n`);
  const { status } = spawnSync(process.execPath, [join(folder, name)], {
    cwd: ROOT,
    stdio: "inherit",
    env: { ...withDbt(process.env, dbt), TEST_DBT_BIN: dbt },
  });
  if (status !== 0) process.exit(status ?? 1);
}
