import { replay } from "./replay.ts";

/** `node year.js [seed] [runs]`: a year of hourly runs and what came of it; 1 where anything went wrong. */
const [seed = "1", runs = "8760"] = process.argv.slice(2);
const began = performance.now();
const { wrongs, figures, mostCallsOfQuiet } = await replay(Number(seed), Number(runs));
for (const [name, figure] of Object.entries(figures)) process.stdout.write(`  ${name}: ${figure}\n`);
process.stdout.write(`  most calls of Slack in a quiet run: ${mostCallsOfQuiet}\n`);
process.stdout.write(
  `  ${((performance.now() - began) / Number(runs)).toFixed(1)} ms a run, the Slack in the process included\n`,
);
for (const wrong of wrongs.slice(0, 20)) process.stdout.write(`  WRONG: ${wrong}\n`);
process.exitCode = wrongs.length === 0 ? 0 : 1;
