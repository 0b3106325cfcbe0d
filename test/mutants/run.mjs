// `node test/mutants/run.mjs [--quick] [WORD…]`: makes each mistake of mutants.mjs in a copy of the tree and looks whether the
// simulated worlds, else the tests, find it. Prints a table; exits 1 if a mutant survives. The working tree is never touched.
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { mutants } from "./mutants.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const WORLDS = { plain: "3000", github: "600", circleci: "600" };
const AT_A_TIME = 2;

const isQuick = process.argv.includes("--quick");
const words = process.argv.slice(2).filter((word) => word !== "--quick");
const chosen = mutants.filter(({ name, quick }) => (!isQuick || quick) && words.every((word) => name.includes(word)));

const folder = mkdtempSync(join(tmpdir(), "signalbox-mutants-"));
const children = new Set();
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => {
    for (const child of children) child.kill();
    process.exit(1);
  });
}

const rows = [];
const queue = [...chosen.entries()];
const started = performance.now();
await Promise.all(
  Array.from({ length: AT_A_TIME }, async (_, number) => {
    const tree = copyTree(join(folder, String(number)));
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [index, mutant] = next;
      rows[index] = await tryMutant(tree, mutant);
    }
  }),
);
const survivors = rows.filter(({ caughtBy }) => caughtBy === null).length;
process.stdout.write(formatTable(rows));
const seconds = Math.round((performance.now() - started) / 1000);
process.stdout.write(`\n${rows.length} mutants, ${survivors} survived, ${seconds} s\n`);
process.exit(survivors === 0 ? 0 : 1);

function copyTree(to) {
  mkdirSync(to);
  for (const name of ["src", "test", ".config", "package.json", "tsconfig.json"]) {
    cpSync(join(ROOT, name), join(to, name), { recursive: true });
  }
  symlinkSync(join(ROOT, "node_modules"), join(to, "node_modules"));
  return to;
}

async function tryMutant(tree, { name, file, from, to, worlds, tests }) {
  const begun = performance.now();
  const path = join(tree, file);
  const text = readFileSync(path, "utf8");
  writeFileSync(
    path,
    text.replace(from, () => to),
  );
  const caughtBy = (await hunt(tree, worlds)) ?? (await runTests(tree, tests));
  writeFileSync(path, text);
  return { name, file, caughtBy, seconds: (performance.now() - begun) / 1000 };
}

async function hunt(tree, worlds) {
  const out = join(tree, "hunt");
  const built = await start(tree, ["rolldown/bin/cli.mjs", "test/mutants/hunt.ts", "--platform", "node", "-d", out]);
  if (built.code !== 0) throw new Error(built.text);
  for (const vendor of worlds) {
    const { code, text } = await start(tree, [join(out, "hunt.js"), vendor, WORLDS[vendor]]);
    if (code === 0) return `${vendor} world, ${text.trim().replace(/: [\d.]+ /, ": ")}`;
  }
  return null;
}

async function runTests(tree, tests) {
  const config = ["-c", ".config/vitest.config.ts", "--project", "unit", "--reporter=json"];
  const { code, text } = await start(tree, ["vitest/vitest.mjs", "run", ...config, ...tests]);
  if (code === 0) return null;
  const { testResults } = JSON.parse(text.slice(text.indexOf("{")));
  const failed = testResults.flatMap((result) => result.assertionResults).find(({ status }) => status === "failed");
  if (failed === undefined) throw new Error(text);
  return `test: ${failed.fullName}`;
}

function start(cwd, [script, ...rest]) {
  const path = script.startsWith("/") ? script : join(cwd, "node_modules", script);
  const env = { ...process.env, WORLD_SCHEDULES: "4" };
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [path, ...rest], { cwd, env, stdio: ["ignore", "pipe", "ignore"] });
    children.add(child);
    let text = "";
    child.stdout.on("data", (part) => (text += part));
    child.on("error", reject);
    child.on("close", (code) => {
      children.delete(child);
      resolve({ code, text });
    });
  });
}

function formatTable(all) {
  const cut = (line) => (line.length > 110 ? `${line.slice(0, 109)}…` : line);
  const lines = all.map(({ name, file, caughtBy, seconds }) =>
    [name.padEnd(72), file.padEnd(34), cut(caughtBy ?? "SURVIVED").padEnd(110), `${seconds.toFixed(1)} s`].join(" | "),
  );
  return `${lines.join("\n")}\n`;
}
