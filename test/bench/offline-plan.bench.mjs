// `signalbox plan` between two manifests, as a whole process, against what nobody can do without: Node's start, and reading
// and parsing both. Copies of a generated project's nodes make the manifests large.
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { prepareDbt, ROOT, withDbt } from "../prepare.mjs";
import { compare, time, watch } from "./measure.mjs";
import { writeProject } from "./project.mjs";

const [MODELS, TESTS] = [125, 3];
const sizes = (process.env.NODES ?? "500,5000,20000").split(",").map(Number);
const pairs = Number(process.env.PAIRS ?? 10);
const dir = realpathSync(mkdtempSync(join(tmpdir(), "signalbox-bench-")));
const project = join(dir, "project");
const env = withDbt(process.env, prepareDbt());
const parse = (path) => {
  const places = ["--project-dir", project, "--profiles-dir", project, "--target-path", path, "--log-path", path];
  time({ argv: ["dbt", "--quiet", "parse", ...places], cwd: dir, env });
  return JSON.parse(readFileSync(join(path, "manifest.json"), "utf8"));
};
const FLOOR = "for (const file of process.argv.slice(1)) JSON.parse(require('node:fs').readFileSync(file, 'utf8'))";

try {
  const { firstOf } = writeProject(project, { models: MODELS, testsPerModel: TESTS });
  const before = parse(join(dir, "before"));
  appendFileSync(firstOf(2), "-- edited\n");
  const after = parse(join(dir, "after"));
  for (const nodes of sizes) {
    const copies = Math.round(nodes / MODELS / (TESTS + 1));
    const [state, manifest] = [writeCopies(before, "state", copies), writeCopies(after, "now", copies)];
    const work = join(dir, "work");
    const plan = {
      argv: [
        process.execPath,
        join(ROOT, "dist/cli.js"),
        "plan",
        "--work",
        work,
        "--manifest",
        manifest,
        "--state",
        state,
      ],
      cwd: dir,
      env,
    };
    const floor = { argv: [process.execPath, "-e", FLOOR, manifest, state], cwd: dir, env };
    const mib = (statSync(manifest).size / 2 ** 20).toFixed(1);
    const title = `${copies * MODELS * (TESTS + 1)} nodes, manifests of ${mib} MiB`;
    compare(title, ["signalbox plan", () => time(plan)], ["node, reading and parsing both", () => time(floor)], pairs);
    const [ours, least] = [await watch(plan), await watch(floor)];
    console.log(`  peak memory: ${ours.peakMib ?? "?"} MiB against ${least.peakMib ?? "?"} MiB`);
  }
} finally {
  rmSync(dir, { recursive: true, force: true });
}

/** A manifest with each node so many times; the answer is its file. */
function writeCopies(manifest, name, copies) {
  const all = ["nodes", "parent_map", "child_map"].map((field) => {
    const text = JSON.stringify(manifest[field]);
    const each = Array.from({ length: copies }, (_, index) =>
      Object.entries(JSON.parse(index === 0 ? text : text.replaceAll("m_0", `c${index}_0`))),
    );
    return [field, Object.fromEntries(each.flat())];
  });
  mkdirSync(join(dir, name), { recursive: true });
  const file = join(dir, name, "manifest.json");
  writeFileSync(file, JSON.stringify({ ...manifest, ...Object.fromEntries(all) }));
  return file;
}
