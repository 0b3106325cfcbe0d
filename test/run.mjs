// `npm test`: installs what is missing, then types, lint, unused code and all tests. Arguments go to vitest:
// `npm test -- --project unit`, `npm test -- test/queue`.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { prepareBuild, prepareDbt, prepareDbt2, preparePackages, ROOT, withDbt } from "./prepare.mjs";

preparePackages();
const dbt = prepareDbt();
prepareDbt2();
prepareBuild();

const bin = (name) => join(ROOT, "node_modules", name);
const results = join(ROOT, ".cache/test-results.json");
mkdirSync(join(ROOT, ".cache"), { recursive: true });

check("types", "typescript/bin/tsc", ["-p", "."]);
check("lint", "@biomejs/biome/bin/biome", ["check", "--error-on-warnings"]);
check("unused code", "knip/bin/knip.js", ["--config", ".config/knip.json"]);
const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${results}`];
const ok = start("tests", "vitest/vitest.mjs", [
  "run",
  "-c",
  ".config/vitest.config.ts",
  ...reporters,
  ...process.argv.slice(2),
]);

const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(readFileSync(results, "utf8"));
for (const { name, assertionResults } of testResults) {
  const skipped = assertionResults.filter(({ status }) => status === "skipped" || status === "pending").length;
  if (skipped > 0) process.stdout.write(`\n${skipped} skipped in ${relative(ROOT, name)}`);
}
process.stdout.write(`\n${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped\n`);
process.exit(ok && numPassedTests > 0 ? 0 : 1);

function check(title, script, args) {
  if (!start(title, script, args)) process.exit(1);
}

function start(title, script, args) {
  process.stdout.write(`· ${title}\n`);
  const { status } = spawnSync(process.execPath, [bin(script), ...args], {
    cwd: ROOT,
    stdio: "inherit",
    env: { ...withDbt(process.env, dbt), TEST_DBT_BIN: dbt },
  });
  return status === 0;
}
