// The engine as a process of its own (read two manifests, select state:modified+, explain) against `dbt ls`, cold and
// warm, on a generated project with one edited body. Size: MODELS (default 500), with three tests each.
import { appendFileSync, mkdtempSync, realpathSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rolldown } from "rolldown";
import { prepareDbt, ROOT, withDbt } from "../prepare.mjs";
import { compare, time, watch } from "./measure.mjs";
import { writeProject } from "./project.mjs";

const models = Number(process.env.MODELS ?? 500);
const pairs = Number(process.env.PAIRS ?? 3);
const dir = realpathSync(mkdtempSync(join(tmpdir(), "signalbox-bench-")));
const project = join(dir, "project");
const [state, target] = [join(dir, "state"), join(dir, "target")];
const env = withDbt(process.env, prepareDbt());
const dbt = (command, path, ...args) => {
  const places = ["--project-dir", project, "--profiles-dir", project, "--target-path", path, "--log-path", path];
  return ["dbt", "--quiet", command, ...places, ...args];
};
const list = (...args) =>
  dbt(
    "ls",
    target,
    "--select",
    "state:modified+",
    "--state",
    state,
    "--output",
    "json",
    "--output-keys",
    "unique_id",
    ...args,
  );

try {
  const { firstOf } = writeProject(project, { models, testsPerModel: 3 });
  time({ argv: dbt("parse", state), cwd: dir, env });
  appendFileSync(firstOf(2), "-- edited\n");
  time({ argv: dbt("parse", target), cwd: dir, env });
  const engine = [process.execPath, await bundle(), join(target, "manifest.json"), join(state, "manifest.json")];

  const [asked, answered] = [
    await watch({ argv: list(), cwd: dir, env }),
    await watch({ argv: engine, cwd: dir, env }),
  ];
  const answer = JSON.parse(answered.stdout);
  const ids = asked.stdout.split("\n").filter((line) => line.startsWith("{"));
  const expected = ids.map((line) => JSON.parse(line).unique_id).sort();
  if (expected.length === 0 || expected.join() !== answer.ids.join()) throw new Error("the engine and dbt differ");

  const mib = (statSync(join(target, "manifest.json")).size / 2 ** 20).toFixed(1);
  console.log(
    `${models} models, ${3 * models} tests, manifests of ${mib} MiB; ${expected.length} nodes selected by both`,
  );
  const run = (argv) => () => time({ argv, cwd: dir, env });
  compare("warm", ["dbt ls", run(list())], ["engine", run(engine)], pairs);
  compare("cold", ["dbt ls --no-partial-parse", run(list("--no-partial-parse"))], ["engine", run(engine)], pairs);
  console.log(`of the process, ${answer.milliseconds.toFixed(0)} ms are the engine's, without reading the manifests`);
  console.log(`peak memory: dbt ${asked.peakMib ?? "?"} MiB, engine ${answered.peakMib ?? "?"} MiB`);
} finally {
  rmSync(dir, { recursive: true, force: true });
}

async function bundle() {
  const from = (path) => JSON.stringify(join(ROOT, "src", path));
  const entry = join(dir, "entry.ts");
  writeFileSync(
    entry,
    `import { readManifest } from ${from("artifacts/manifest.ts")};
import { select } from ${from("selection/select.ts")};
import { readFileIfAny } from ${from("support/files.ts")};

const read = async (path) => readManifest((await readFileIfAny(path)) ?? "", path);
const [current, baseline] = await Promise.all(process.argv.slice(2).map(read));
const began = performance.now();
const { nodes } = select(current, baseline, { select: ["state:modified+"], exclude: [], indirectSelection: "eager", as: "ls" });
console.log(JSON.stringify({ ids: nodes.map(({ id }) => id), milliseconds: performance.now() - began }));
`,
  );
  const built = await rolldown({ input: entry, platform: "node" });
  const file = join(dir, "entry.mjs");
  await built.write({ file, format: "esm" });
  await built.close();
  return file;
}
