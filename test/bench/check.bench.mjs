// A whole check run of one edit (parse, plan, build, report) against dbt by hand and against a full build, on a generated
// project, with dbt 1 and with dbt 2. Size: MODELS (default 500), with two tests each. By hand dbt compares with the
// manifest alone, as reading the results of its build too takes it longer.
import { spawnSync } from "node:child_process";
import { appendFileSync, cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { prepareDbt2, ROOT, withDbt } from "../prepare.mjs";
import { compare, time } from "./measure.mjs";
import { writeProject } from "./project.mjs";

const models = Number(process.env.MODELS ?? 500);
const pairs = Number(process.env.PAIRS ?? 3);
const identity = { GIT_AUTHOR_NAME: "b", GIT_AUTHOR_EMAIL: "b@b", GIT_COMMITTER_NAME: "b", GIT_COMMITTER_EMAIL: "b@b" };
const { CI: _ci, ...outer } = process.env;

measure("dbt 1", outer);
const dbt2 = prepareDbt2();
if (dbt2 !== null) measure("dbt 2", { ...withDbt(outer, dbt2.bin), ...dbt2.env });

function measure(engine, environment) {
  const dir = mkdtempSync(join(tmpdir(), "signalbox-bench-"));
  const [repo, store, byHand] = [join(dir, "repo"), join(dir, "store"), join(dir, "state")];
  const env = {
    ...environment,
    ...identity,
    SIGNALBOX_TICKET_DIR: join(dir, "tickets"),
    SIGNALBOX_STORE: `dir:${store}`,
  };
  const git = (...args) => spawnSync("git", args, { cwd: repo, env });
  const signalbox = (...args) => time({ argv: [process.execPath, join(ROOT, "dist/cli.js"), ...args], cwd: repo, env });
  try {
    const project = writeProject(repo, { models, testsPerModel: 2 });
    writeFileSync(
      join(repo, "signalbox.yml"),
      "version: 1\nbase_branch: main\nmodes: { check: { target: ci }, deploy: { target: prod } }\n",
    );
    writeFileSync(join(repo, ".gitignore"), "target/\nlogs/\n.signalbox/\ntest-results/\n*.duckdb\n");
    for (const args of [
      ["init", "-q", "-b", "main"],
      ["add", "-A"],
      ["commit", "-qm", "base"],
    ])
      git(...args);
    signalbox("ci", "--mode", "deploy");
    git("switch", "-qc", "feature");
    appendFileSync(project.firstOf(project.layers - 2), "-- edited\n");
    git("commit", "-qam", "edit");

    const cold = (run) => () => {
      rmSync(join(repo, "target"), { recursive: true, force: true });
      return run();
    };
    const dbt = (...args) => time({ argv: ["dbt", ...args, "--target", "ci"], cwd: repo, env });
    const build = () => dbt("build", "--select", "state:modified+", "--defer", "--favor-state", "--state", byHand);
    const check = ["signalbox ci", cold(() => signalbox("ci"))];
    console.log(`${engine}: one edit, ${models} models, ${2 * models} tests, cold parse`);
    signalbox("ci");
    cpSync(join(repo, ".signalbox/baselines/selection/manifest.json"), join(byHand, "manifest.json"));
    compare("against the same by hand", check, ["dbt build -s state:modified+ --defer", cold(build)], pairs);
    compare(
      "against dbt's two starts alone: parse to know the plan, then build",
      check,
      ["dbt parse && dbt build -s state:modified+ --defer", cold(() => dbt("parse") + build())],
      Math.min(pairs, 3),
    );
    compare("against a full build", check, ["dbt build", cold(() => dbt("build"))], Math.min(pairs, 3));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
