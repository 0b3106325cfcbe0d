// Whole processes, timed from outside, in pairs: A B A B …, so that a drift of the machine's speed hits both.
import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Seconds of one run. Throws where the exit code is not among those that are expected. */
export function time({ argv, cwd, env, codes = [0] }) {
  const [program, ...args] = argv;
  const began = process.hrtime.bigint();
  const { status, error, stderr } = spawnSync(program, args, {
    cwd,
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 256 * 1024 * 1024,
  });
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  if (!codes.includes(status)) throw new Error(`${argv.join(" ")} ended with ${status}: ${error?.message ?? stderr}`);
  return seconds;
}

/** Runs both in turn after one warm-up each, and prints medians and the ratio pair by pair. */
export function compare(title, [nameA, runA], [nameB, runB], pairs) {
  runA();
  runB();
  const rows = Array.from({ length: pairs }, () => ({ a: runA(), b: runB() }));
  const ratios = rows.map(({ a, b }) => a / b);
  const show = (values, unit) =>
    `${median(values).toFixed(2)}${unit} (${Math.min(...values).toFixed(2)}–${Math.max(...values).toFixed(2)})`;
  console.log(
    `${title}\n  ${nameA}: ${show(
      rows.map(({ a }) => a),
      " s",
    )}\n  ${nameB}: ${show(
      rows.map(({ b }) => b),
      " s",
    )}\n  ratio, median of ${pairs} pairs: ${show(ratios, " ×")}`,
  );
  return median(ratios);
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** One run, with its output and its peak memory (Linux only). */
export function watch({ argv: [program, ...args], cwd, env }) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "inherit"] });
    let stdout = "";
    let peakMib = null;
    child.stdout.on("data", (chunk) => {
      stdout += chunk;
    });
    const timer = setInterval(() => {
      peakMib = peakOf(child.pid) ?? peakMib;
    }, 10);
    child.once("error", reject);
    child.once("close", (code) => {
      clearInterval(timer);
      if (code === 0) resolve({ stdout, peakMib });
      else reject(new Error(`${program} ended with ${code}`));
    });
  });
}

function peakOf(pid) {
  try {
    const [, kib] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return kib === undefined ? null : Math.round(Number(kib) / 1024);
  } catch {
    return null;
  }
}
