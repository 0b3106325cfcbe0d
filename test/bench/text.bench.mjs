// Text from outside: what 1 MB costs against 512 kB, for every function that reads or shows it and every shape of text.
// A linear one takes about twice as long; goal: at most 3 ×. Prints the worst shape of each function.
import { join } from "node:path";
import { rolldown } from "rolldown";
import { ROOT } from "../prepare.mjs";

const bundle = await rolldown({ input: join(ROOT, "test/linear/functions.ts"), platform: "node" });
await bundle.write({ dir: join(ROOT, ".cache/linear"), format: "esm" });
const { SHAPES, FUNCTIONS } = await import(join(ROOT, ".cache/linear/functions.js"));

const SHORT = 512 * 1024;
const GOAL = 3;
/** Below this the figure is noise of the machine. */
const LEAST_MS = 20;

for (const [name, call] of Object.entries(FUNCTIONS)) {
  let worst = { shape: "", ratio: 0, ms: 0 };
  for (const [shape, make] of Object.entries(SHAPES)) {
    const [short, long] = [make(SHORT), make(2 * SHORT)];
    time(call, short);
    const pairs = Array.from({ length: 5 }, () => [time(call, short), time(call, long)]);
    // The least of each: what the machine's other work adds is no cost of the function.
    const ms = Math.min(...pairs.map(([, b]) => b));
    const ratio = ms / Math.min(...pairs.map(([a]) => a));
    if (ms >= LEAST_MS && ratio > worst.ratio) worst = { shape, ratio, ms };
  }
  const { shape, ratio, ms } = worst;
  const figure = shape === "" ? `under ${LEAST_MS} ms` : `${ratio.toFixed(1)} × (${ms.toFixed(0)} ms, ${shape})`;
  console.log(`${name}: ${figure}${ratio > GOAL ? `  ABOVE ${GOAL} ×` : ""}`);
}

function time(call, text) {
  const began = performance.now();
  try {
    call(text);
  } catch {
    // Refused: that took its time too.
  }
  return performance.now() - began;
}
