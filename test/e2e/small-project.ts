import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { laptop, withPrograms } from "./cli.ts";

const MANIFEST = {
  metadata: {
    dbt_schema_version: "https://schemas.getdbt.com/dbt/manifest/v12.json",
    dbt_version: "1.11.16",
    project_name: "small",
    adapter_type: "duckdb",
    invocation_id: "i-1",
    generated_at: "2026-11-25T07:00:00Z",
  },
  nodes: {
    "model.small.orders": {
      unique_id: "model.small.orders",
      resource_type: "model",
      name: "orders",
      package_name: "small",
      original_file_path: "models/orders.sql",
      database: "db",
      schema: "s",
      alias: "orders",
      depends_on: { nodes: [], macros: [] },
      config: { materialized: "table" },
      unrendered_config: {},
      fqn: ["small", "orders"],
      raw_code: "select 1",
    },
  },
  sources: {},
  macros: {},
};

/** The model that is always there. */
export const ORDERS = MANIFEST.nodes["model.small.orders"];

/** An entry of manifest.json as FAKE_DBT_NODES takes it; parents by unique_id. */
export function aModel(name: string, ...parents: string[]) {
  return {
    ...ORDERS,
    unique_id: `model.small.${name}`,
    name,
    alias: name,
    original_file_path: `models/${name}.sql`,
    fqn: ["small", name],
    raw_code: `select '${name}'`,
    depends_on: { nodes: parents, macros: [] },
  };
}

/** A generic test on one of the models. */
export function aTestOf(model: string, name: string) {
  return {
    ...aModel(name, `model.small.${model}`),
    unique_id: `test.small.${name}.1`,
    resource_type: "test",
    config: { severity: "error" },
    attached_node: `model.small.${model}`,
    test_metadata: { name, kwargs: {} },
  };
}

/**
 * A dbt that only pretends: it notes how it was started, prints and logs what FAKE_DBT_SAYS holds, and writes the artifacts of
 * one model, and of the nodes and rows that FAKE_DBT_NODES and FAKE_DBT_ROWS hold, those of schema s in the branch's
 * schema where the target is ci. With _1, _2 behind their name, ROWS, DIES, HANGS and EXIT are of
 * the first or second build. FAKE_DBT_DIES: a build is killed; FAKE_DBT_HANGS: names of models that a build begins and does not end;
 * FAKE_DBT_VERSION: its answer to --version; FAKE_DBT_THREADS: what it says of threads; FAKE_DBT_HOLD: a build goes on as long as this file is
 * there, or the command that FAKE_DBT_HOLDS names; FAKE_DBT_REFUSES: the command that ends with 2; FAKE_DBT_LEAVES:
 * `nothing`, no file; FAKE_DBT_BROKEN: a dbt_project.yml with this in it does not parse. What real dbt does is tested on
 * real dbt.
 */
const FAKE_DBT = `#!${process.execPath}
const { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const argv = process.argv.slice(2);
if (argv[0] === "--version") { console.log(process.env.FAKE_DBT_VERSION ?? "Core:\\n  - installed: 1.11.16"); process.exit(0); }
appendFileSync(process.env.FAKE_DBT_LOG, JSON.stringify({ argv, pid: process.pid, env: process.env }) + "\\n");
const target = argv[argv.indexOf("--target-path") + 1];
const builds = readFileSync(process.env.FAKE_DBT_LOG, "utf8").split("\\n").filter((line) => line.includes('"build"')).length;
const ofBuild = (name) => process.env[name + "_" + builds] ?? process.env[name];
mkdirSync(target, { recursive: true });
const manifest = ${JSON.stringify(MANIFEST)};
Object.assign(manifest.nodes, JSON.parse(process.env.FAKE_DBT_NODES ?? "{}"));
const own = argv[argv.indexOf("--target") + 1] === "ci" ? process.env.SIGNALBOX_SCHEMA : undefined;
for (const node of Object.values(manifest.nodes)) if (own && node.schema === "s") node.schema = own;
if (process.env.FAKE_DBT_LEAVES === "nothing") process.exit(0);
writeFileSync(join(target, "manifest.json"), JSON.stringify(manifest));
if (argv.includes(process.env.FAKE_DBT_REFUSES)) { console.log("'stat' is not a valid method name"); process.exit(2); }
const broken = process.env.FAKE_DBT_BROKEN;
if (broken && readFileSync("dbt_project.yml", "utf8").includes(broken)) process.exit(2);
const says = process.env.FAKE_DBT_SAYS;
if (says) console.log(says);
if (says) appendFileSync(join(argv[argv.indexOf("--log-path") + 1], "dbt.log"), JSON.stringify({ data: {}, info: { name: "Note", msg: says } }) + "\\n");
if (argv.includes("ls")) console.log(JSON.stringify({ unique_id: "model.small.orders", resource_type: "model" }));
if (argv.includes(process.env.FAKE_DBT_HOLDS ?? "build"))
  while (existsSync(process.env.FAKE_DBT_HOLD ?? "")) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
if (argv.includes("build")) {
  const log = (name, data) => appendFileSync(join(argv[argv.indexOf("--log-path") + 1], "dbt.log"), JSON.stringify({ data, info: { name, msg: "" } }) + "\\n");
  const rows = JSON.parse(ofBuild("FAKE_DBT_ROWS") ?? "[{}]");
  const threads = argv.includes("--threads") ? argv[argv.lastIndexOf("--threads") + 1] : process.env.FAKE_DBT_THREADS;
  if (threads) log("ConcurrencyLine", { num_threads: Number(threads) });
  const hanging = JSON.parse(ofBuild("FAKE_DBT_HANGS") ?? "[]");
  for (const name of hanging) log("NodeStart", { node_info: { unique_id: "model.small." + name, node_name: name } });
  if (hanging.length > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
  if (ofBuild("FAKE_DBT_DIES")) process.kill(process.pid, "SIGKILL");
  const results = rows.map((row) => ({ unique_id: "model.small.orders", status: process.env.FAKE_DBT_STATUS ?? "success", execution_time: 1, failures: null, message: "OK", timing: [], thread_id: "", adapter_response: {}, ...row }));
  writeFileSync(join(target, "run_results.json"), JSON.stringify({ metadata: { dbt_schema_version: "https://schemas.getdbt.com/dbt/run-results/v6.json", dbt_version: "1.11.16", generated_at: new Date().toISOString(), invocation_id: "i-1" }, args: { which: "build" }, elapsed_time: 1, results }));
}
process.exit(Number((argv.includes("build") ? ofBuild("FAKE_DBT_EXIT") : process.env.FAKE_DBT_EXIT) ?? 0));
`;

export interface SmallProject {
  readonly dir: string;
  readonly env: Record<string, string>;
  write(files: Readonly<Record<string, string | null>>): void;
  read(name: string): string;
  git(...args: string[]): string;
  /** Makes acme/shop, which holds main as it is now, and makes it the origin: what a CI has checked out came from there. */
  addOrigin(): void;
  /** How dbt was started, in order. */
  starts(): { argv: string[]; pid: number; env: Record<string, string> }[];
  /** Files in the repository that git does not know. */
  untracked(): string[];
  remove(): void;
}

/** A repository on main without a remote, a project of one model and a dbt that pretends. */
export function openSmallProject(): SmallProject {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "signalbox-small-")));
  const [dir, bin, log] = [join(root, "repo"), join(root, "bin"), join(root, "dbt.log")];
  for (const folder of [dir, bin]) mkdirSync(folder);
  writeFileSync(join(bin, "dbt"), FAKE_DBT);
  chmodSync(join(bin, "dbt"), 0o755);
  const env = laptop({ PATH: withPrograms(bin), FAKE_DBT_LOG: log, HOME: root });
  const git = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync("git", args, { cwd: dir, env, encoding: "utf8" });
    if (status !== 0) throw new Error(`git ${args.join(" ")}: ${stderr}`);
    return stdout.trim();
  };
  const write = (files: Readonly<Record<string, string | null>>) => {
    for (const [name, text] of Object.entries(files)) {
      const file = join(dir, name);
      mkdirSync(dirname(file), { recursive: true });
      if (text === null) rmSync(file, { recursive: true, force: true });
      else writeFileSync(file, text);
    }
  };
  write({
    "signalbox.yml":
      "version: 1\nbase_branch: main\nmodes:\n  check: { target: ci }\n  deploy: { target: prod }\n  schedule: { target: prod }\n",
    "dbt_project.yml": "name: small\nprofile: small\n",
    "profiles.yml": "small:\n  target: ci\n  outputs:\n    ci: { type: duckdb }\n    prod: { type: duckdb }\n",
    "models/orders.sql": "select 1\n",
    ".gitignore": "target/\n",
  });
  git("init", "--quiet", "--initial-branch=main");
  git("add", "--all");
  git("commit", "--quiet", "--message", "One model");
  return {
    dir,
    env,
    write,
    read: (name) => readFileSync(join(dir, name), "utf8"),
    git,
    addOrigin: () => {
      const origin = join(root, "acme/shop.git");
      git("init", "--quiet", "--bare", "--initial-branch=main", origin);
      git("remote", "add", "origin", `file://${origin}`);
      git("push", "--quiet", "origin", "main");
    },
    starts: () =>
      existsSync(log)
        ? readFileSync(log, "utf8")
            .trim()
            .split("\n")
            .map((line) => JSON.parse(line))
        : [],
    untracked: () =>
      git("status", "--porcelain")
        .split("\n")
        .filter((line) => line.startsWith("??")),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** Everything below a folder, as one text: to look for what must not be there. */
export function textOf(dir: string): string {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"))
    .join("\n");
}
