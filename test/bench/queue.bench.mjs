// How fast the queue hands over and what it costs, on simulated APIs; then all its mutants; then as many worlds as
// WORLD_SCHEDULES says: `WORLD_SCHEDULES=1000000 npm run bench -- queue` (some three hours for a million).
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ROOT } from "../prepare.mjs";

const folder = join(ROOT, ".cache/bench-queue");
run("rolldown/bin/cli.mjs", ["test/world/measure.ts", "--platform", "node", "-d", folder], "ignore");
const { measure } = await import(pathToFileURL(join(folder, "measure.js")).href);

console.log("Goals: a hand-over in 5 s by the median and 10 s at worst, where a run ends near its usual time;");
console.log("       70 calls an hour of waiting.\n");
console.log("vendor   | run length     | hand-overs | median | worst   | calls a wait | calls an hour in a backlog");
for (const [spreadSeconds, lengths] of [
  [20, [5, 10, 20, 40]],
  [240, [20, 40]],
]) {
  for (const vendor of ["github", "circleci"]) {
    for (const minutes of lengths) show(await measure(vendor, minutes, spreadSeconds));
  }
}

run("../test/mutants/run.mjs", []);
if (process.env.WORLD_SCHEDULES !== undefined) {
  run("vitest/vitest.mjs", ["run", "-c", ".config/vitest.config.ts", "--project", "unit", "test/world"]);
}

function show({ vendor, minutes, spreadSeconds, handOvers, medianSeconds, worstSeconds, callsPerWait, callsPerHour }) {
  const cells = [
    vendor.padEnd(8),
    `${minutes} min ± ${spreadSeconds} s`.padEnd(14),
    String(handOvers).padStart(10),
    `${medianSeconds.toFixed(1)} s`.padStart(6),
    `${worstSeconds.toFixed(1)} s`.padStart(7),
    callsPerWait.toFixed(0).padStart(12),
    callsPerHour.toFixed(0).padStart(26),
  ];
  console.log(cells.join(" | "));
}

function run(script, args, stdio = "inherit") {
  const { status } = spawnSync(process.execPath, [join(ROOT, "node_modules", script), ...args], {
    cwd: ROOT,
    stdio,
  });
  if (status !== 0) process.exit(status ?? 1);
}
