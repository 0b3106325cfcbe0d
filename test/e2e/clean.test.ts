import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { CleanResult } from "../../src/commands/clean.ts";
import { renderCleanMacro } from "../../src/init/clean-macro.ts";
import { schemaOf } from "../../src/run/schema.ts";
import { type Ended, json, laptop, signalbox } from "./cli.ts";
import { DBT_BIN, DBT_PATH, describeOnDbt } from "./real-dbt.ts";

const schema = (branch: string) => schemaOf("ci_{branch}", branch, createHash("sha256").update(branch).digest("hex"));
const GONE = schema("feature/old");
const LIVING = schema("feature/fx");
const LOCAL = schema("not-pushed");
const TAG = schema("v1.0");
const LOCAL_TAG = schema("v1.1-not-pushed");
const KEPT = [LIVING, `${LIVING}_facade`, LOCAL, TAG, LOCAL_TAG];
const DROPPED = [GONE, `${GONE}_dbt_test__audit`, `${GONE}_staging`].sort();
const NOT_PROVEN = ["ci_costs_202401", schema("feature/who")].sort();
const OTHERS = ["analytics", "ci_reports", `x${GONE}`, `${GONE}marts`, "ci_000000"];
const ALL = [...DROPPED, ...KEPT, ...NOT_PROVEN, ...OTHERS];

const MACRO = renderCleanMacro({
  ci: "github",
  project: { dir: ".", macroDir: "macros", profile: null, packages: null },
  baseBranch: "main",
  check: "ci",
  deploy: "prod",
  schema: "ci_{branch}",
} as unknown as Parameters<typeof renderCleanMacro>[0]);

const FILES = {
  "dbt_project.yml": "name: small\nprofile: small\nflags: { send_anonymous_usage_stats: false }\n",
  "profiles.yml": `small:
  target: ci
  outputs:
    ci: { type: duckdb, path: small.duckdb, schema: "{{ env_var('SIGNALBOX_SCHEMA', 'ci') }}" }
    prod: { type: duckdb, path: small.duckdb, schema: analytics }
`,
  "signalbox.yml":
    "version: 1\nbase_branch: main\nmodes:\n  check: { target: ci }\n  deploy: { target: prod }\n  schedule: { target: prod }\n",
  "models/orders.sql": "select 1 as id\n",
  "macros/signalbox_clean.sql": MACRO,
  ".gitignore": "target/\nlogs/\n*.duckdb\n.signalbox/\n.user.yml\n",
};

let root = "";
const dir = () => join(root, "repo");
const env = () => laptop({ PATH: DBT_PATH, HOME: root });

function run(program: string, args: readonly string[], cwd = dir()): string {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd,
    env: env(),
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${stderr}`);
  return stdout;
}

function python(program: string): string {
  return run(join(DBT_BIN ?? "", "python"), ["-c", `import duckdb\nc = duckdb.connect("small.duckdb")\n${program}`]);
}

function schemas(): readonly string[] {
  const rows =
    "c.execute(\"select distinct schema_name from information_schema.schemata where catalog_name = 'small'\")";
  return python(`for row in ${rows}.fetchall(): print(row[0])`)
    .split("\n")
    .filter((name) => ALL.includes(name))
    .sort();
}

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir(), name)), { recursive: true });
    writeFileSync(join(dir(), name), text);
  }
}

const clean = (...args: string[]): Promise<Ended> => signalbox(["clean", ...args], { cwd: dir(), env: env() });

/** A warehouse in which checks have built: of a branch and a tag on origin, of two in this clone, of a branch nowhere. */
describeOnDbt("clean, on real dbt", () => {
  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), "signalbox-clean-")));
    write(FILES);
    run("git", ["init", "--quiet", "--bare", join(root, "origin")], root);
    run("git", ["init", "--quiet", "--initial-branch=main"]);
    run("git", ["add", "--all"]);
    run("git", ["commit", "--quiet", "--message", "One model"]);
    run("git", ["remote", "add", "origin", join(root, "origin")]);
    run("git", ["push", "--quiet", "origin", "main", "main:feature/fx", "main:feature/old"]);
    run("git", ["branch", "--quiet", "--delete", "--force", "feature/old"], join(root, "origin"));
    run("git", ["branch", "not-pushed"]);
    run("git", ["tag", "--annotate", "--message", "Released", "v1.0"]);
    run("git", ["push", "--quiet", "origin", "v1.0"]);
    run("git", ["tag", "--delete", "v1.0"]);
    run("git", ["tag", "v1.1-not-pushed"]);
    python(
      ALL.map((name) => `c.execute('create schema "${name}"; create table "${name}".t as select 1 as a')`).join("\n"),
    );
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it("drops the schemas of branches that are gone, with what is in them, and tells them first", async () => {
    const { code, stdout, stderr } = await clean();

    expect(code, stderr).toBe(0);
    expect(schemas()).toEqual([...KEPT, ...NOT_PROVEN, ...OTHERS].sort());
    expect(stdout.indexOf(`drops 3, of branches and tags`)).toBeLessThan(
      stdout.indexOf("signalbox_clean: drops 3 schemas"),
    );
    expect(stdout).toContain(`keeps 2, not proven`);
    expect(stdout.trimEnd().split("\n").at(-1)).toBe("3 dropped, 5 kept, 2 not proven and kept");
  });

  it("drops what a person names: a branch that nobody else remembers, a schema that nothing proves", async () => {
    const refused = await clean("--also", LIVING);
    const ended = await clean("--branch", "feature/who", "--also", "ci_costs_202401", "--json");

    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining(`--also is "${LIVING}"`)]);
    expect(json<CleanResult>(ended)).toMatchObject({ dropped: [...DROPPED, ...NOT_PROVEN].sort(), notProven: [] });
    expect(schemas()).toEqual([...KEPT, ...OTHERS].sort());
  });

  it("lists and leaves everything with --dry-run", async () => {
    const ended = await clean("--dry-run", "--json");

    expect(json<CleanResult>(ended)).toEqual({
      schema: 1,
      dropped: DROPPED,
      kept: [...KEPT].sort(),
      notProven: NOT_PROVEN,
      dryRun: true,
    });
    expect(schemas()).toContain(GONE);
  });

  it("keeps what --keep names", async () => {
    const ended = await clean("--keep", GONE.toUpperCase(), "--json");

    expect(json<CleanResult>(ended)).toMatchObject({
      dropped: [],
      dryRun: false,
    });
    expect(schemas()).toContain(GONE);
  });

  it.each<[what: string, args: readonly string[], message: RegExp]>([
    ["the deploy target", ["--target", "prod"], /also the target of deploy mode/],
    ["a prefix that would match everything", ["--prefix", "x"], /--prefix is "x"/],
    ["a target that is not there", ["--target", "nope"], /nope/],
  ])("refuses %s before dbt is started", async (_, args, message) => {
    const { code, stdout, stderr } = await clean(...args);

    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(stdout).not.toContain("dbt run-operation");
    expect(schemas()).toContain(GONE);
  });

  it("drops nothing where origin cannot be asked, or says that it has no branches", async () => {
    run("git", ["remote", "set-url", "origin", join(root, "nowhere")]);
    const unreachable = await clean();
    run("git", ["init", "--quiet", "--bare", join(root, "nowhere")], root);
    const empty = await clean();
    run("git", ["push", "--quiet", "origin", "v1.1-not-pushed"]);
    const tagged = await clean();

    expect([unreachable.code, empty.code, tagged.code]).toEqual([2, 2, 2]);
    expect(empty.stderr).toContain("origin has no branches");
    expect(tagged.stderr).toContain("origin has no branches");
    expect(schemas()).toContain(GONE);
  });

  it("names init where the project has no such macro, and where it is another one", async () => {
    rmSync(join(dir(), "macros/signalbox_clean.sql"));
    const missing = await clean();
    write({
      "macros/signalbox_clean.sql": "{% macro signalbox_clean(prefix, dry_run) %}{% endmacro %}\n",
    });
    const silent = await clean();

    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining("signalbox init writes it")]);
    expect([silent.code, silent.stderr]).toEqual([1, expect.stringContaining("did not say what it found")]);
  });

  it("refuses a template by which no branch is known", async () => {
    write({
      "signalbox.yml": FILES["signalbox.yml"].replace("target: ci }", 'target: ci, schema: "ci" }'),
    });

    const { code, stderr } = await clean();

    expect([code, stderr]).toEqual([2, expect.stringContaining('modes.check.schema is "ci"')]);
  });
});
