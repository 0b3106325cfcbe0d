// Text from outside: what 1 MB costs against 512 kB, for every function that reads or shows it and every shape of text.
// A linear one takes about twice as long; goal: at most 3 ×. Prints the worst shape of each function. With words, only the
// functions whose name has one: `node test/bench/text.bench.mjs redact render`.
import { join } from "node:path";
import { rolldown } from "rolldown";
import { ROOT } from "../prepare.mjs";

const bundle = await rolldown({ input: join(ROOT, "test/linear/functions.ts"), platform: "node" });
await bundle.write({ dir: join(ROOT, ".cache/linear"), format: "esm" });
const { SHAPES, FUNCTIONS } = await import(join(ROOT, ".cache/linear/functions.js"));

const SHORT = 512 * 1024;
const GOAL = 3;
/** Below this the figure is the garbage collector's: 512 kB in pieces fit into its young space, and 1 MB does not. */
const LEAST_MS = 100;
/** Where the first pair takes more than this, it is asked again. */
const SURE = 2.5;
const MOST_PAIRS = 7;

const words = process.argv.slice(2);
const chosen = Object.entries(FUNCTIONS).filter(
  ([name]) => words.length === 0 || words.some((word) => name.includes(word)),
);
for (const [name, call] of chosen) {
  let worst = { shape: "", ratio: 0, ms: 0 };
  for (const [shape, make] of Object.entries(SHAPES)) {
    const [short, long] = [make(SHORT), make(2 * SHORT)];
    if (time(call, long) < LEAST_MS) continue;
    const least = { short: Number.POSITIVE_INFINITY, long: Number.POSITIVE_INFINITY };
    // The least of each: what the machine's other work adds is no cost of the function.
    for (let pair = 0; pair < MOST_PAIRS && !(least.long / least.short <= SURE); pair += 1) {
      least.short = Math.min(least.short, time(call, short));
      least.long = Math.min(least.long, time(call, long));
    }
    const ms = least.long;
    const ratio = ms / least.short;
    if (ms >= LEAST_MS && ratio > worst.ratio) worst = { shape, ratio, ms };
  }
  const { shape, ratio, ms } = worst;
  const figure = shape === "" ? `under ${LEAST_MS} ms` : `${ratio.toFixed(1)} × (${ms.toFixed(0)} ms, ${shape})`;
  console.log(`${name}: ${figure}${ratio > GOAL ? `  ABOVE ${GOAL} ×` : ""}`);
}

/** Of the processor, in ms: another process's turn is no time of ours. */
function time(call, text) {
  const began = process.cpuUsage();
  try {
    call(text);
  } catch {
    // Refused: that took its time too.
  }
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1000;
}
