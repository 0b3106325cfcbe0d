// A whole check run of one edit (parse, plan, build, report) against a full `dbt build`, on a generated project.
// Size: MODELS (default 200), with two tests each.
import { spawnSync } from "node:child_process";
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../prepare.mjs";
import { compare, time } from "./measure.mjs";
import { writeProject } from "./project.mjs";

const models = Number(process.env.MODELS ?? 200);
const pairs = Number(process.env.PAIRS ?? 3);
const dir = mkdtempSync(join(tmpdir(), "signalbox-bench-"));
const [repo, store] = [join(dir, "repo"), join(dir, "store")];
const identity = { GIT_AUTHOR_NAME: "b", GIT_AUTHOR_EMAIL: "b@b", GIT_COMMITTER_NAME: "b", GIT_COMMITTER_EMAIL: "b@b" };
const { CI: _ci, ...outer } = process.env;
const env = { ...outer, ...identity, SIGNALBOX_TICKET_DIR: join(dir, "tickets"), SIGNALBOX_STORE: `dir:${store}` };
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

  const full = () => {
    rmSync(join(repo, "target"), { recursive: true, force: true });
    return time({ argv: ["dbt", "build", "--target", "ci"], cwd: repo, env });
  };
  const byHand = () => {
    rmSync(join(repo, "target"), { recursive: true, force: true });
    const state = join(repo, ".signalbox/baselines/selection");
    return time({
      argv: [
        "dbt",
        "build",
        "--target",
        "ci",
        "--select",
        "state:modified+",
        "--defer",
        "--favor-state",
        "--state",
        state,
      ],
      cwd: repo,
      env,
    });
  };
  const check = () => {
    rmSync(join(repo, "target"), { recursive: true, force: true });
    return signalbox("ci");
  };
  compare(
    `check run of one edit against a full build: ${models} models, ${2 * models} tests, cold parse`,
    ["signalbox ci", check],
    ["dbt build", full],
    pairs,
  );
  compare(
    "check run of one edit against the same by hand",
    ["signalbox ci", check],
    ["dbt build -s state:modified+ --defer", byHand],
    pairs,
  );
} finally {
  rmSync(dir, { recursive: true, force: true });
}
