import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { PlanResult } from "../../src/selection/plan.ts";
import { json, signalbox } from "./cli.ts";
import { aModel, ORDERS, openSmallProject, type SmallProject } from "./small-project.ts";

let project: SmallProject;
beforeEach(() => {
  project = openSmallProject();
});
afterEach(() => project.remove());

const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  signalbox(args, { cwd: project.dir, env: { ...project.env, SIGNALBOX_NO_QUEUE: "true", ...env } });
const idOf = (name: string) => `model.small.${name}`;
const nodesOf = (...models: ReturnType<typeof aModel>[]) => ({
  FAKE_DBT_NODES: JSON.stringify(Object.fromEntries(models.map((model) => [model.unique_id, model]))),
});

function manifestWith(models: readonly object[]) {
  const metadata = {
    dbt_schema_version: "https://schemas.getdbt.com/dbt/manifest/v12.json",
    dbt_version: "1.11.16",
    project_name: "small",
    adapter_type: "duckdb",
  };
  const nodes = Object.fromEntries(models.map((model) => [(model as { unique_id: string }).unique_id, model]));
  return { metadata, nodes, sources: {}, macros: {} };
}

/** A manifest of this project with these models, in a folder of that name beside the repository. */
function writeBaseline(name: string, models: readonly object[]): string {
  const dir = join(project.dir, "..", name);
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, "manifest.json"), JSON.stringify(manifestWith(models)));
  return dir;
}

const chain = () => [aModel("top"), aModel("middle", idOf("top")), aModel("bottom", idOf("middle"))] as const;
const unedited = (model: ReturnType<typeof aModel>) => ({ ...model, raw_code: "select 'before'" });
const plan = async (args: readonly string[], env: Readonly<Record<string, string>>) => {
  const ended = await run(["plan", "--json", "--mode", "check", ...args], env);
  return { ...ended, plan: json<PlanResult>(ended) };
};
const buildsOf = () => project.starts().filter(({ argv }) => argv.includes("build"));

describe("a plan where nothing tells what production holds", () => {
  const [top, middle, bottom] = chain();
  const ALL = nodesOf(top, middle, bottom);
  beforeEach(() => {
    project.write({ "signalbox.yml": `${project.read("signalbox.yml")}baseline: { sources: [store] }\n` });
  });
  const state = () => writeBaseline("base", [ORDERS, top, middle, unedited(bottom)]);

  it.each(["state:modified+", "0+state:modified+", "1+state:modified+"])(
    "takes in every parent, and says that it is not what production lacks: %s",
    async (select) => {
      const { plan: made } = await plan(["--store", "none", "--state", state(), "--select", select], ALL);

      expect(made.ids).toEqual([idOf("bottom"), idOf("middle"), idOf("top")]);
      expect(made.dbt?.select).toEqual(["+state:modified+"]);
      expect(made.defer).toBe(false);
      expect(made.warnings.join()).toContain("nothing tells what production holds: parents are built too");
      const reasons = new Map(made.nodes.map((node) => [node.id, node.reasons]));
      expect(reasons.get(idOf("bottom"))).toEqual([{ kind: "body" }]);
      expect(reasons.get(idOf("top"))).toEqual([{ kind: "nothing-deferred" }]);
    },
  );

  it("takes in the other parents of what follows too", async () => {
    const joined = aModel("joined", idOf("bottom"), idOf("aside"));
    const aside = aModel("aside");
    const base = writeBaseline("joined", [ORDERS, top, middle, unedited(bottom), joined, aside]);

    const { plan: made } = await plan(
      ["--store", "none", "--state", base],
      nodesOf(top, middle, bottom, joined, aside),
    );

    expect(made.dbt?.select).toEqual(["@state:modified"]);
    expect(made.ids).toEqual(["aside", "bottom", "joined", "middle", "top"].map(idOf));
  });

  it("builds everything where no selector says: and the parents of these", async () => {
    const { plan: made } = await plan(
      ["--store", "none", "--state", state(), "--select", "bottom,state:modified+"],
      ALL,
    );

    expect(made.kind).toBe("everything");
    expect(made.warnings.join()).toContain("no selector takes in every parent: everything is built");
  });

  it("leaves a parent out that is excluded, and says what that does", async () => {
    const { plan: made } = await plan(["--store", "none", "--state", state(), "--exclude", "middle"], ALL);

    expect(made.ids).toEqual([idOf("bottom")]);
    expect(made.warnings).toEqual([
      `${idOf("middle")}: excluded, and not known to be in production: what reads it will fail`,
    ]);
  });
});

describe("a plan", () => {
  const [top, middle, bottom] = chain();
  const ALL = nodesOf(top, middle, bottom);
  const state = () => writeBaseline("base", [ORDERS, top, middle, unedited(bottom)]);
  const production = () => writeBaseline("production", [ORDERS, top, bottom]);

  it("leaves out what is excluded and missing in production, and defers all the same", async () => {
    const { plan: made } = await plan(["--state", state(), "--defer-state", production(), "--exclude", "middle"], ALL);

    expect(made).toMatchObject({ ids: [idOf("bottom")], defer: true, promoted: [] });
    expect(made.warnings.join()).toContain(`${idOf("middle")}: excluded, and not known to be in production`);
  });

  it("hands its indirect selection on to the build", async () => {
    await plan(["--state", state(), "--defer-state", production(), "--indirect-selection", "cautious"], ALL);
    await run(["build", "--mode", "check"], ALL);

    expect(buildsOf()[0]?.argv.join(" ")).toContain("--indirect-selection cautious");
  });

  it("is built in its own mode, target and commit, and in no other", async () => {
    const { plan: made } = await plan(["--state", state(), "--defer-state", production()], ALL);
    const other = { SIGNALBOX_PLAN: join(project.dir, ".signalbox/plan.json") };
    project.write({
      "profiles.yml": project.read("profiles.yml").replace("    prod:", "    ci2: { type: duckdb }\n    prod:"),
    });

    const deploy = await run(["build", "--mode", "deploy"], { ...ALL, ...other });
    const elsewhere = await run(["build", "--mode", "check", "--target", "ci2"], { ...ALL, ...other });
    project.git("commit", "--quiet", "--allow-empty", "--message", "Later");
    const later = await run(["build", "--mode", "check"], { ...ALL, ...other });
    const before = buildsOf().length;
    project.git("reset", "--quiet", "--soft", "HEAD~1");
    const right = await run(["build", "--mode", "check"], { ...ALL, ...other });

    expect(made).toMatchObject({ mode: "check", target: "ci", commit: project.git("rev-parse", "HEAD") });
    expect([deploy.code, elsewhere.code, later.code, before]).toEqual([2, 2, 2, 0]);
    expect(deploy.stderr).toContain("made for check mode, and this is deploy mode");
    expect(deploy.stderr).toContain("signalbox plan --mode deploy --target prod");
    expect(elsewhere.stderr).toContain("made for target ci, and this is target ci2");
    expect(later.stderr).toMatch(/made of commit [0-9a-f]{12}, and HEAD is [0-9a-f]{12}/);
    expect([right.code, buildsOf().length]).toEqual([0, 1]);
  });

  it("is not contradicted by words for dbt, which may say how", async () => {
    const args = ["ci", "--mode", "check", "--state", state(), "--defer-state", production()];

    const select = await run([...args, "--", "--select", "top"], ALL);
    const types = await run([...args, "--", "--exclude-resource-type", "test"], ALL);
    const target = await run(["ci", "--mode", "deploy", "--", "-tci"], ALL);
    const part = await run(["ci", "--mode", "deploy", "--select", "top", "--", "--exclude", "bottom"], ALL);
    const refused = project.starts().length;
    const how = await run([...args, "--", "--full-refresh"], ALL);

    expect([select.code, types.code, target.code, part.code, refused]).toEqual([2, 2, 2, 2, 0]);
    expect(select.stderr).toContain("-- --select contradicts the plan: use modes.check.select");
    expect(target.stderr).toContain("-- -t contradicts the plan: use modes.check.target");
    expect(how.code).toBe(0);
    expect(buildsOf()[0]?.argv).toContain("--full-refresh");
  });

  it("is not contradicted by variables of dbt: the profile of signalbox.yml, types and places are arguments", async () => {
    const text = project.read("signalbox.yml");
    project.write({
      "signalbox.yml": `${text}dbt: { profile: other, args: [--resource-type, model, seed, --full-refresh] }\n`,
      "profiles.yml": project.read("profiles.yml").replace("small:", "other:"),
    });
    const env = { DBT_PROJECT_DIR: "/elsewhere", DBT_DEFER_TO_STATE: "1", DBT_EXCLUDE_RESOURCE_TYPES: "seed" };

    const ended = await plan(["--state", state(), "--defer-state", production()], { ...ALL, ...env });
    const built = await run(["build", "--mode", "check"], ALL);
    const starts = project.starts();

    expect(ended.plan.choosing.resourceTypes).toEqual({ only: ["model", "seed"], without: ["seed"] });
    expect(ended.stderr).toContain("DBT_PROJECT_DIR, DBT_DEFER_TO_STATE: not handed to dbt");
    expect(built.code).toBe(0);
    expect(
      starts.map(({ env: { DBT_PROJECT_DIR, DBT_DEFER_TO_STATE } }) => DBT_PROJECT_DIR ?? DBT_DEFER_TO_STATE),
    ).toEqual(starts.map(() => undefined));
    for (const { argv } of starts) expect(argv.join(" ")).toContain("--profile other --target ci");
    expect(buildsOf()[0]?.argv.join(" ")).toContain("--resource-type model seed --exclude-resource-type seed --state");
    expect(starts[0]?.argv).not.toContain("--resource-type");
  });

  it("of everything leaves out in the build what it left out, whatever variables another step has", async () => {
    const types = { DBT_EXCLUDE_RESOURCE_TYPES: "snapshot", DBT_INDIRECT_SELECTION: "cautious" };
    await run(["plan", "--mode", "deploy", "--full", "--exclude", "tag:slow"], { ...ALL, ...types });

    const built = await run(["build", "--mode", "deploy"], { ...ALL, DBT_EXCLUDE_RESOURCE_TYPES: "seed" });

    expect(built.code).toBe(0);
    expect(buildsOf()[0]?.argv.join(" ")).toContain(
      "--exclude tag:slow --indirect-selection cautious --exclude-resource-type snapshot",
    );
    expect(buildsOf()[0]?.env.DBT_EXCLUDE_RESOURCE_TYPES).toBeUndefined();
  });

  it("of what dbt ls lists is none to build", async () => {
    const listed = await plan(["--state", state(), "--defer-state", production(), "--as", "ls"], ALL);
    const ended = await run(["build", "--mode", "check"], ALL);

    expect(listed.plan.ids).toContain(idOf("bottom"));
    expect(ended.code).toBe(3);
    expect(ended.stderr).toContain("lists what dbt ls would, which is no plan to build");
    expect(buildsOf()).toEqual([]);
  });

  it("whoever made it, gives dbt no deferral manifest whose names are more than names", async () => {
    const evil = writeBaseline("evil", [{ ...top, alias: 'x" union select 1 --' }, middle]);
    await plan(["--state", state(), "--defer-state", evil], ALL);

    const ended = await run(["build", "--mode", "check"], ALL);

    expect(ended.code).toBe(3);
    expect(ended.stderr).toContain(evil);
    expect(buildsOf()).toEqual([]);
  });

  it("does without the times of a run_results.json that is broken, aloud", async () => {
    const dir = state();
    writeFileSync(join(dir, "run_results.json"), '{"metadata": {');

    const ended = await plan(["--state", dir, "--defer-state", production()], ALL);

    expect(ended.code).toBe(0);
    expect(ended.plan.estimate).toBeNull();
    expect(ended.stderr).toMatch(/warning.*no usual times.*cut off/s);
  });

  it("takes results and times from the folder of --state, and from no earlier baseline", async () => {
    const dir = state();
    const results = [
      { unique_id: idOf("bottom"), status: "success", execution_time: 7, thread_id: "Thread-1", timing: [] },
      { unique_id: idOf("middle"), status: "success", execution_time: 2, thread_id: "Thread-2", timing: [] },
    ];
    writeFileSync(join(dir, "run_results.json"), JSON.stringify({ metadata: {}, args: { which: "build" }, results }));

    const before = performance.now();
    const timed = await plan(["--state", dir, "--defer-state", dir], ALL);
    const elapsed = (performance.now() - before) / 1000;
    const untimed = await plan(["--state", production(), "--defer-state", production()], ALL);

    const { estimate } = timed.plan;
    expect(estimate).toMatchObject({ threads: 2, untimed: 0 });
    expect(estimate?.seconds, "7 s of the results, and dbt's start").toBeGreaterThan(7);
    expect(estimate?.seconds).toBeLessThanOrEqual(7 + elapsed);
    expect(untimed.plan.estimate).toBeNull();
  });

  it("warns of vars that changed since the baseline's commit", async () => {
    project.write({
      "dbt_project.yml": `${project.read("dbt_project.yml")}vars: { currency: EUR, small: { since: 2020 } }\n`,
    });
    project.git("commit", "--quiet", "--all", "--message", "Vars");
    project.git("switch", "--quiet", "--create", "feature");
    project.write({ "dbt_project.yml": project.read("dbt_project.yml").replace("EUR", "USD").replace("2020", "2021") });
    project.git("commit", "--quiet", "--all", "--message", "Dollars");

    const { plan: made } = await plan(["--store", "none"], ALL);

    expect(made.warnings).toContain("currency, small.since: changed vars; dbt does not see which nodes read them");
  });

  it("says which nodes look changed although none of their files is: the bundle was made with another target", async () => {
    const store = `dir:${join(project.dir, "../store")}`;
    await run(["ci", "--mode", "deploy", "--store", store], {
      ...nodesOf({ ...top, config: { materialized: "table" }, unrendered_config: { materialized: "table" } }),
      FAKE_DBT_ROWS: JSON.stringify([{}, { unique_id: idOf("top") }]),
    });
    project.git("switch", "--quiet", "--create", "feature");

    const view = { ...top, config: { materialized: "view" }, unrendered_config: { materialized: "view" } };
    const { plan: made } = await plan(["--store", store], nodesOf(view));

    expect(made.ids).toEqual([idOf("top")]);
    expect(made.warnings.join()).toContain("top: changed config or relation, and no changed file");
  });

  it("reads no production from a bundle that is not of the base branch", async () => {
    const store = join(project.dir, "../store");
    project.git("switch", "--quiet", "--create", "feature");
    project.write({ "models/more.sql": "select 2\n" });
    project.git("add", "--all");
    project.git("commit", "--quiet", "--message", "Not merged");
    await run(["ci", "--mode", "deploy", "--no-publish"]);
    const commit = project.git("rev-parse", "HEAD");
    project.write({
      "signalbox.yml": project.read("signalbox.yml").replace("base_branch: main", "base_branch: feature"),
    });
    const published = await run(["state", "publish", "--store", `dir:${store}`]);
    project.git("checkout", "--quiet", "--", "signalbox.yml");
    const header = join(store, commit, "state.json");
    const asMain = JSON.parse(readFileSync(header, "utf8")) as object;

    const read = ["plan", "--mode", "check", "--store", `dir:${store}`, "--select", "orders"];
    const ofBranch = await run(read);
    writeFileSync(header, JSON.stringify({ ...asMain, branch: "main" }));
    const ofCommit = await run(read);

    expect(published.code).toBe(0);
    expect([ofBranch.code, ofCommit.code]).toEqual([3, 3]);
    expect(ofBranch.stderr).toContain('is of branch "feature", not of "main"');
    expect(ofCommit.stderr).toContain("is of a commit that is not on main");
  });

  it("does not parse the base for production where nothing is selected", async () => {
    project.git("switch", "--quiet", "--create", "feature");
    const nothing = await plan(["--store", "none"], ALL);
    const parsed = project.starts().length;
    project.write({ "models/orders.sql": "select 7\n" });
    const something = await plan(["--store", "none", "--select", "orders"], ALL);

    expect([nothing.plan.kind, something.plan.kind]).toEqual(["nothing", "selected"]);
    expect([parsed, project.starts().length - parsed]).toEqual([2, 3]);
  });

  it("asks dbt for a method that only dbt may know, and passes its refusal on as one", async () => {
    const ended = await run(["plan", "--mode", "check", "--select", "stat:modified+", "--state", state()], {
      ...ALL,
      FAKE_DBT_REFUSES: "ls",
    });

    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain("dbt refuses the selection");
    expect(ended.stderr).toContain("stat: in stat:modified+");
  });

  it.each([
    ["a flag", ["--mode", "check", "--select", "ordres"], "", '--select is "ordres"', "did you mean orders?"],
    [
      "its key",
      ["--mode", "check"],
      "state:modified+,tag:x",
      'modes.check.select is "state:modified+,tag:x"',
      "matches tag:x",
    ],
    ["its key, in a deploy", ["--mode", "deploy"], "ordres", 'modes.deploy.select is "ordres"', "orders?"],
  ])(
    "refuses a name that the project does not have where nothing else is selected: %s",
    async (_, args, key, ...told) => {
      if (key !== "")
        project.write({
          "signalbox.yml": project
            .read("signalbox.yml")
            .replaceAll("target:", `select: ${JSON.stringify(key)}, target:`),
        });

      const ended = await run(["ci", "--no-notify", "--state", state(), ...args], ALL);

      expect(ended.code).toBe(2);
      for (const text of told) expect(ended.stdout + ended.stderr).toContain(text);
      expect(buildsOf()).toEqual([]);
    },
  );

  it("builds what a wrong name stands beside, and warns of it, left out or not", async () => {
    const args = ["--state", state(), "--defer-state", production(), "--select", "ordres bottom", "--exclude", "tag:x"];

    const { plan: made } = await plan(args, ALL);

    expect(made.ids).toContain(idOf("bottom"));
    expect(made.warnings).toEqual(
      expect.arrayContaining([
        "--select: no node of the project matches ordres (did you mean orders?)",
        "--exclude: no node of the project matches tag:x: it leaves nothing out",
      ]),
    );
  });

  it("stays empty where each part matches something and together they do not", async () => {
    const { plan: made } = await plan(["--state", state(), "--select", "state:modified,orders"], ALL);

    expect(made.kind).toBe("nothing");
  });

  it("is refused offline as dbt refuses it where a version of a contracted model is gone", async () => {
    const contracted = { ...top, contract: { enforced: true, checksum: "a" }, columns: {}, version: 1 };
    const [now, then] = [writeBaseline("now", [ORDERS]), writeBaseline("then", [ORDERS, contracted])];
    const unversioned = writeBaseline("unversioned", [ORDERS, { ...contracted, version: null }]);
    const offline = (base: string) => run(["plan", "--manifest", join(now, "manifest.json"), "--state", base]);

    const [refused, warned] = [await offline(then), await offline(unversioned)];

    expect([refused.code, warned.code]).toEqual([1, 0]);
    expect(refused.stderr).toContain(`Contracted model '${idOf("top")}' was deleted or renamed.`);
    expect(warned.stdout).toContain(`the contract of ${idOf("top")}`);
    expect(warned.stdout).toContain("top: deleted, renamed or disabled since the baseline");
  });

  it("shows a changed source that its followers follow", async () => {
    const base = { ...manifestWith([top, { ...middle, depends_on: { nodes: ["source.small.raw.a"], macros: [] } }]) };
    const source = (identifier: string) => ({
      "source.small.raw.a": {
        ...{ unique_id: "source.small.raw.a", resource_type: "source", name: "a", source_name: "raw" },
        ...{ package_name: "small", original_file_path: "models/s.yml", fqn: ["small", "raw", "a"] },
        ...{ database: "db", schema: "raw", identifier, config: {}, quoting: {}, columns: {} },
      },
    });
    const [now, then] = [join(project.dir, "../now.json"), join(project.dir, "../then.json")];
    writeFileSync(now, JSON.stringify({ ...base, sources: source("a2") }));
    writeFileSync(then, JSON.stringify({ ...base, sources: source("a") }));

    const ended = await run(["plan", "--manifest", now, "--state", then]);

    expect(ended.stdout).toContain("1 of 2 nodes: 1 follows");
    expect(ended.stdout).toMatch(/● raw\.a +source changed\n +→ 1 follows: middle/);
  });
});
