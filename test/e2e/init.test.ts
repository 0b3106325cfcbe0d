import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { InitResult } from "../../src/commands/init.ts";
import type { Config } from "../../src/settings/file.ts";
import { resolve } from "../../src/settings/resolve.ts";
import { type Ended, json, signalbox } from "./cli.ts";
import { type Layout, type LayoutOptions, openLayout } from "./layout.ts";
import { DBT_BIN, describeOnDbt } from "./real-dbt.ts";
import { problemsBySchema } from "./vendor-schema.ts";

let layout: Layout;
afterEach(() => layout.remove());

const PROJECT = "name: shop\nprofile: shop\n";
const PROFILES = `shop:
  target: ci
  outputs:
    ci: { type: duckdb, path: shop.duckdb, schema: "{{ env_var('SIGNALBOX_SCHEMA', 'ci') }}", token: "{{ env_var('DBT_KEY') }}" }
    prod: { type: duckdb, path: shop.duckdb, schema: analytics, token: "{{ env_var('DBT_KEY') }}" }
`;
const PIP = {
  "dbt_project.yml": PROJECT,
  "profiles.yml": PROFILES,
  "requirements.txt": "dbt-core==1.11.16\ndbt-duckdb==1.11.1\n",
  ".gitignore": "target/",
};

function open(files: Readonly<Record<string, string>>, options: LayoutOptions = {}): Layout {
  layout = openLayout(files, options);
  return layout;
}

function init(args: readonly string[] = ["--yes"], cwd = layout.dir): Promise<Ended> {
  return signalbox(["init", ...args], { cwd, env: layout.env });
}

/** signalbox.yml as every command reads it. */
function configOf(text: string): Config {
  const file = { name: "signalbox.yml", text };
  return resolve({ command: "ci", flags: {}, words: [], rest: [], env: {}, file, now: Date.now() }).config;
}

/** OWNER stands for the account that publishes signalbox; CircleCI's are in small letters. */
function expectValid(schema: string, text: string): void {
  const problems = problemsBySchema(schema, text.replace("OWNER/", "owner/"));
  if (problems !== null) expect(problems).toBe("");
}

const kindsOf = (ended: Ended) => json<InitResult>(ended).files.map(({ kind }) => kind);

it("init warns of what would put a check where production is", async () => {
  open({
    ...PIP,
    "dbt_project.yml": `${PROJECT}seeds:\n  shop:\n    +schema: reference\nmodels:\n  +database: lake\n`,
    "macros/names/schema.sql": "{% macro generate_schema_name(name, node) %}{{ name }}{% endmacro %}",
    "snapshots/history.sql": "{% snapshot history %}{{ config(target_schema='snapshots') }}{% endsnapshot %}",
  });

  const { stdout } = await init();

  const text = stdout.replace(/\s+/g, " ");
  expect(text).toContain("macros/names/schema.sql has a generate_schema_name of its own");
  expect(text).toContain("{%- if target.name == 'ci' -%}");
  expect(text).toContain("+schema in dbt_project.yml seeds.shop: is what generate_schema_name is given");
  expect(text).toContain("+database in dbt_project.yml models, target_schema in snapshots/history.sql: the same for");
});

it("init says nothing of schemas where the project leaves them to the target", async () => {
  open({ ...PIP, "macros/cents.sql": "{% macro cents() %}{% set target_schema = 1 %}{% endmacro %}" });

  const { stdout } = await init();

  expect(stdout).not.toMatch(/generate_schema_name|target_schema|\+schema/);
});

describe("a project at the top, installed by pip, on GitHub", () => {
  it("gets its five files and the three things that are left, with their places", async () => {
    open(PIP);

    const { code, stdout, stderr } = await init();

    expect([code, stderr]).toEqual([0, ""]);
    expect(Object.keys(layout.tree()).sort()).toEqual([
      ".github/workflows/dbt.yml",
      ".gitignore",
      "dbt_project.yml",
      "macros/signalbox_clean.sql",
      "profiles.yml",
      "requirements.txt",
      "signalbox-slack-app.yml",
      "signalbox.yml",
    ]);
    expect(stdout).toContain("https://api.slack.com/apps?new_app=1");
    expect(stdout).toContain("https://github.com/acme/shop/settings/secrets/actions/new");
    expect(stdout).toContain("/invite @signalbox");
    expect(stdout).toContain(`concurrency: { group: "dbt-\${{ github.ref }}", queue: max }`);
    expect(stdout.match(/^warning/gm)).toHaveLength(1);
    expect(stdout).toContain("replace it before you push");
  });

  it("has a signalbox.yml that every command reads", async () => {
    open(PIP);

    await init();

    expect(configOf(layout.read("signalbox.yml"))).toMatchObject({
      baseBranch: "main",
      dbt: { command: ["dbt"], projectDir: ".", profilesDir: null },
      modes: {
        check: { target: "ci", schema: "ci_{branch}" },
        deploy: { target: "prod" },
        schedule: { target: "prod" },
      },
      slack: { error: null, warn: null },
    });
  });

  it("has a workflow that GitHub takes, in which a pull request cannot get the key of production", async () => {
    open(PIP);

    await init();

    const text = layout.read(".github/workflows/dbt.yml");
    const step = parse(text).jobs.dbt.steps.at(-1);
    expectValid("github-workflow.schema.json", text);
    expect(step.uses).toMatch(/\/signalbox@v1$/);
    expect(step.env.DBT_KEY).toBe(
      `\${{ github.ref == 'refs/heads/main' && secrets.DBT_KEY_PROD || secrets.DBT_KEY_CI }}`,
    );
    expect(text).toContain("- run: pip install -r requirements.txt");
  });

  it("has a Slack app with three scopes and nothing more", async () => {
    open(PIP);

    await init();

    expect(parse(layout.read("signalbox-slack-app.yml"))).toMatchObject({
      features: { bot_user: { display_name: "signalbox" } },
      oauth_config: { scopes: { bot: ["chat:write", "channels:history", "groups:history"] } },
    });
  });

  it("ends .gitignore's last line before it adds its own", async () => {
    open(PIP);

    await init();

    expect(layout.read(".gitignore")).toBe("target/\n.signalbox/\ntest-results/\n");
  });

  it("is left alone by a second init, which says so", async () => {
    open(PIP);
    await init();
    const before = layout.tree();

    const again = await init();

    expect(layout.tree()).toEqual(before);
    expect(again.code).toBe(0);
    expect(again.stdout).toContain("Nothing was written");
    expect(kindsOf(await init(["--json"]))).toEqual(["same", "same", "same", "same", "same"]);
  });
});

describe("a project in a subfolder, locked by uv, on CircleCI", () => {
  const files = {
    "transform/dbt/dbt_project.yml": `${PROJECT}macro-paths: [jinja]\n`,
    "transform/dbt/models/orders.sql": "select 1",
    "transform/profiles/profiles.yml": `shop:
  outputs:
    dev: { type: snowflake, account: "{{ env_var('SF_ACCOUNT') }}", password: "{{ env_var('SF_CI_PASSWORD') }}", schema: dbt_dana }
    prod: { type: snowflake, account: "{{ env_var('SF_ACCOUNT') }}", password: "{{ env_var('SF_PASSWORD') }}", schema: analytics }
`,
    "transform/pyproject.toml": '[project]\nname = "shop"\ndependencies = ["dbt-snowflake"]\n',
    "transform/uv.lock": "version = 1\n",
    "transform/dbt/dbt_packages/dbt_utils/dbt_project.yml": "name: dbt_utils\n",
    "transform/.venv/lib/x/dbt_project.yml": "name: x\n",
    "env312/pyvenv.cfg": "",
    "env312/dbt_project.yml": "name: y\n",
    "node_modules/z/dbt_project.yml": "name: z\n",
  };
  const remote = "https://dana:s3cret-token@bitbucket.org/acme/warehouse.git";

  it("is found from any folder, with its profiles, its macro folder and its runner", async () => {
    open(files, { remote });

    const { code } = await init(["--yes"], join(layout.dir, "transform/dbt/models"));

    expect(code).toBe(0);
    expect(configOf(layout.read("signalbox.yml"))).toMatchObject({
      dbt: { command: ["uv", "run", "dbt"], projectDir: "transform/dbt", profilesDir: "transform/profiles" },
      modes: { check: { target: "dev" }, deploy: { target: "prod" } },
    });
    expect(layout.read("transform/dbt/jinja/signalbox_clean.sql")).toContain("macro signalbox_clean");
  });

  it("has a config that CircleCI takes, whose check has no context of production", async () => {
    open(files, { remote });

    await init();

    const text = layout.read(".circleci/config.yml");
    const jobs = parse(text).workflows.dbt.jobs.map((job: Record<string, unknown>) => job["signalbox/ci"]);
    expectValid("circleci/config.schema.json", text);
    expect(jobs).toMatchObject([
      { name: "check", context: ["dbt-ci", "signalbox"], filters: { branches: { ignore: "main" } } },
      { name: "deploy", context: ["dbt-prod", "slack", "signalbox"], filters: { branches: { only: "main" } } },
    ]);
    expect(jobs[1].install).toEqual([
      { run: "pip install uv" },
      { run: { command: "uv sync --locked", working_directory: "transform" } },
    ]);
  });

  it("is told what its profiles.yml lacks, with the line to paste, and no secret of the remote", async () => {
    open(files, { remote });

    const { stdout } = await init();

    expect(stdout).toContain("all pull requests would build into dbt_dana");
    expect(stdout).toContain(`schema: "{{ env_var('SIGNALBOX_SCHEMA', 'dbt_dana') }}"`);
    expect(stdout).toMatch(/dbt-ci: SF_CI_PASSWORD, SF_ACCOUNT +/);
    expect(stdout).toMatch(/dbt-prod: SF_PASSWORD, SF_ACCOUNT +/);
    expect(stdout).toContain("Auto-cancel redundant workflows; it spares the project's default branch alone");
    expect(stdout).toContain("https://app.circleci.com/settings/organization/bitbucket/acme/contexts");
    expect(stdout).toContain("serial-group: acme/warehouse/dbt-prod");
    expect(stdout).not.toContain("s3cret");
  });

  it("can be given GitHub's file instead, with a key for each of its two variables", async () => {
    open(files, { remote });

    await init(["--yes", "--ci", "github"]);

    const text = layout.read(".github/workflows/dbt.yml");
    expectValid("github-workflow.schema.json", text);
    expect(parse(text).jobs.dbt.steps.at(-1).env).toEqual({
      SF_CI_PASSWORD: `\${{ secrets.SF_CI_PASSWORD }}`,
      SF_PASSWORD: `\${{ github.ref == 'refs/heads/main' && secrets.SF_PASSWORD || '' }}`,
      SF_ACCOUNT: `\${{ vars.SF_ACCOUNT }}`,
    });
    expect(text).toContain("- run: uv sync --locked\n        working-directory: transform\n");
  });
});

describe("a project of poetry", () => {
  it("is run and installed by poetry", async () => {
    open({
      "dbt_project.yml": PROJECT,
      "profiles.yml": PROFILES,
      "pyproject.toml": '[tool.poetry.dependencies]\ndbt-duckdb = "1.11.1"\n',
    });

    await init();

    const workflow = layout.read(".github/workflows/dbt.yml");
    expect(configOf(layout.read("signalbox.yml")).dbt.command).toEqual(["poetry", "run", "dbt"]);
    expectValid("github-workflow.schema.json", workflow);
    expect(workflow).toContain("- run: pip install poetry\n      - run: poetry install --no-root\n");
    expect(layout.read(".gitignore")).toBe(".signalbox/\ntest-results/\n");
  });
});

describe("a repository of two projects", () => {
  const files = {
    "finance/dbt_project.yml": PROJECT,
    "finance/profiles.yml": PROFILES,
    "growth/dbt_project.yml": PROJECT,
    "growth/profiles.yml": PROFILES,
  };

  it.each([
    ["with --yes", ["--yes"]],
    ["without a terminal", []],
  ])("is refused %s: only a person can choose", async (_, args) => {
    open(files);
    const before = layout.tree();

    const { code, stderr } = await init(args);

    expect(code).toBe(2);
    expect(stderr).toContain("holds 2 dbt projects: finance, growth");
    expect(stderr).toContain("in the folder of one of them");
    expect(layout.tree()).toEqual(before);
  });

  it("is clear from the folder of one of them", async () => {
    open(files);

    const { code } = await init(["--yes"], join(layout.dir, "growth"));

    expect(code).toBe(0);
    expect(configOf(layout.read("signalbox.yml")).dbt.projectDir).toBe("growth");
  });

  it.each(["github", "circleci"])(
    "gives the second files of its own, and leaves the first's as they are: %s",
    async (ci) => {
      open(files);
      await init(["--yes", "--ci", ci], join(layout.dir, "finance"));
      const first = layout.tree();

      const { code, stdout } = await init(["--yes", "--ci", ci], join(layout.dir, "growth"));

      const second = layout.tree();
      expect(code).toBe(0);
      expect(second).toMatchObject(first);
      expect(configOf(layout.read("growth/signalbox.yml"))).toMatchObject({
        dbt: { projectDir: ".", profilesDir: null },
        modes: { check: { target: "ci", schema: "ci_growth_{branch}" } },
      });
      if (ci === "github") {
        const text = layout.read(".github/workflows/dbt_growth.yml");
        expectValid("github-workflow.schema.json", text);
        expect(parse(text).jobs.dbt.steps.at(-1).with.config).toBe("growth/signalbox.yml");
        expect(parse(text).concurrency.group).toMatch(/^dbt_growth-/);
      } else {
        expect(stdout).toContain("kept      .circleci/config.yml");
        expect(stdout).toMatch(/\+ +dbt_growth:/);
        expect(stdout).toMatch(/\+ +config: growth\/signalbox\.yml/);
        expect(stdout).not.toMatch(/\+ +signalbox: OWNER/);
      }
      const again = await init(["--json", "--ci", ci], join(layout.dir, "growth"));
      const kinds =
        ci === "github" ? ["same", "same", "same", "same", "same"] : ["same", "kept", "same", "same", "same"];
      expect(kindsOf(again)).toEqual(kinds);
    },
  );
});

describe("projects that are no choice", () => {
  it("are vendored packages, those that dbt installed, and tests of a package", async () => {
    open({
      ...PIP,
      "dbt_project.yml": `${PROJECT}packages-install-path: deps\n`,
      "deps/dbt_utils/dbt_project.yml": "name: dbt_utils\n",
      "vendor/x/dbt_project.yml": "name: x\n",
      "integration_tests/dbt_project.yml": "name: tests\n",
    });

    const { code, stdout } = await init();

    expect(code).toBe(0);
    expect(stdout).toContain("project   shop in the top folder");
    expect(configOf(layout.read("signalbox.yml")).dbt.projectDir).toBe(".");
  });

  it("but for the one that somebody stands in, however deep it lies", async () => {
    open({ ...PIP, "vendor/b/c/d/e/dbt_project.yml": PROJECT });

    const { code } = await init(["--yes"], join(layout.dir, "vendor/b/c/d/e"));

    expect(code).toBe(0);
    expect(configOf(layout.read("signalbox.yml")).dbt.projectDir).toBe("vendor/b/c/d/e");
  });
});

describe("targets of which none is production by its name", () => {
  const files = {
    ...PIP,
    "profiles.yml": PROFILES.replace(" ci:", " dev-sqlfluff:").replace(" prod:", " analyst_sandbox:"),
  };

  it.each(["ci", "plan", "build", "clean", "ci --dry-run", "plan --target dev-sqlfluff"])(
    "are left open, and the first run says so: %s",
    async (words) => {
      open(files);
      const { code, stdout } = await init();
      const text = layout.read("signalbox.yml");
      const line = text.split("\n").findIndex((each) => each.startsWith("  deploy:")) + 1;

      const ran = await signalbox(words.split(" "), { cwd: layout.dir, env: layout.env });

      expect(code).toBe(0);
      expect(stdout).toContain("no name tells which target is production");
      expect(text).not.toMatch(/sqlfluff|sandbox/);
      expect(ran.code).toBe(2);
      expect(ran.stderr).toContain(
        `signalbox.yml:${line} modes.deploy.target is "CHOOSE_PRODUCTION_TARGET": stands for a target that a person has to choose`,
      );
    },
  );

  it("are written by a second init, once a person chose", async () => {
    open(files);
    await init();
    expect(layout.tree()).not.toHaveProperty(["macros/signalbox_clean.sql"]);
    layout.write({
      "signalbox.yml": layout.read("signalbox.yml").replaceAll("CHOOSE_PRODUCTION_TARGET", "analyst_sandbox"),
    });

    const again = await init(["--json"]);

    expect(json<InitResult>(again)).toMatchObject({ targets: { deploy: "analyst_sandbox" } });
    expect(layout.read("macros/signalbox_clean.sql")).toContain('target.name == "analyst_sandbox"');
  });
});

describe("a repository that has the files already", () => {
  const circle = `version: 2.1
orbs:
  node: circleci/node@7
jobs:
  nightly:
    docker: [{ image: cimg/base:current }]
    steps:
      - run: dbt build --target prod
workflows:
  nightly:
    jobs: [nightly]
`;
  const files = {
    ...PIP,
    ".circleci/config.yml": circle,
    ".gitignore": "target/\n/.signalbox\ntest-results\n",
    "signalbox.yml": "version: 1\nmodes: { check: { target: ci } }\nwarn_sla: 14d\n",
    "signalbox-slack-app.yml": "display_information: { name: ours }\n",
  };

  it("keeps them byte for byte, and is shown the difference", async () => {
    open(files);

    const { code, stdout } = await init();

    expect(code).toBe(0);
    expect(layout.tree()).toMatchObject(files);
    expect(stdout).toContain("kept      signalbox.yml");
    expect(stdout).toContain("+  deploy:   { target: prod }");
    expect(stdout).toContain("-display_information: { name: ours }");
    expect(stdout).toContain("wrote     macros/signalbox_clean.sql");
  });

  it("is shown what its CircleCI config lacks, line by line, and that another job runs dbt", async () => {
    open(files);

    const ended = await init(["--json"]);

    const { files: changes, warnings, ci } = json<InitResult>(ended);
    const change = changes.find(({ path }) => path === ".circleci/config.yml");
    expect(ci).toBe("circleci");
    expect(change?.kind).toBe("kept");
    expect(change?.difference.filter((line) => line.startsWith("-"))).toEqual([]);
    expect(change?.difference).toContain("+  signalbox: OWNER/signalbox@1");
    expect(change?.difference).toContain("+      - signalbox/ci:");
    expect(warnings.map(({ text }) => text)).toContainEqual(
      expect.stringContaining(".circleci/config.yml runs dbt beside signalbox"),
    );
  });

  it("is content with a signalbox.yml that says the same in other words, and more", async () => {
    const own = `# ours
version: 1
base_branch: main
modes:
  check: { target: prod_check, schema: "pr_{branch}" }
  deploy: { target: prod }
  schedule: { target: prod, freshness: true }
slack: { error: C0ERRORS00, warn: C0WARNINGS }
rules:
  - { match: { tag: experimental }, severity: warn }
`;
    open({ ...PIP, "signalbox.yml": own });

    const ended = await init(["--json"]);

    expect(json<InitResult>(ended).files[0]).toMatchObject({ path: "signalbox.yml", kind: "same" });
    expect(layout.read("macros/signalbox_clean.sql")).toContain('prefix="pr_"');
    expect(json<InitResult>(ended).warnings.map(({ text }) => text)).toContainEqual(
      expect.stringContaining("profiles.yml has no target prod_check (it has: ci, prod)"),
    );
  });

  it("is warned that pull requests and production share a target", async () => {
    open({ ...PIP, "signalbox.yml": "modes: { check: { target: prod }, deploy: { target: prod } }\n" });

    const { stdout } = await init();

    expect(stdout).toContain("pull requests and production share the target prod");
  });

  it("gets no second workflow where one calls signalbox", async () => {
    open({
      ...PIP,
      ".github/workflows/warehouse.yaml": "jobs: { a: { steps: [{ run: npx -y signalbox@1 ci }] } }\n",
    });

    const ended = await init(["--json"]);

    expect(json<InitResult>(ended).files[1]).toMatchObject({ path: ".github/workflows/warehouse.yaml", kind: "same" });
    expect(layout.tree()).not.toHaveProperty([".github/workflows/dbt.yml"]);
  });
});

describe("a repository without a remote, with its profiles at home and nothing that installs dbt", () => {
  it("is told all that a CI would lack", async () => {
    const home = { ".dbt/profiles.yml": "shop:\n  outputs:\n    dev: { type: bigquery, dataset: dbt_dana }\n" };
    open({ "dbt_project.yml": PROJECT }, { remote: null, home });

    const { code, stdout } = await init();

    const workflow = layout.read(".github/workflows/dbt.yml");
    expect(code).toBe(0);
    expect(stdout).toContain("ci        github: nothing tells; --ci circleci for the other");
    expect(stdout).toContain("Settings → Secrets and variables → Actions");
    expect(stdout).toContain("lies outside the repository, where no CI finds it: commit profiles.yml");
    expect(stdout).toContain("no name tells which target is production (profiles.yml has dev;");
    expect(stdout).toContain(`dataset: "{{ env_var('SIGNALBOX_SCHEMA', 'dbt_dana') }}"`);
    expect(stdout).toContain("main is taken for the base branch, and there is no remote");
    expectValid("github-workflow.schema.json", workflow);
    expect(workflow).toContain("- run: pip install dbt-core dbt-bigquery\n");
    expect(workflow).not.toContain("cache: pip");
    expect(layout.read("signalbox.yml")).not.toContain("profiles_dir");
  });
});

describe("bad input", () => {
  it.each<[string, Readonly<Record<string, string>>, LayoutOptions, readonly string[], RegExp]>([
    ["no git repository", PIP, { isRepository: false }, ["--yes"], /is not inside a git repository\n {2}→ start/],
    ["no dbt project", { "README.md": "" }, {}, ["--yes"], /holds no dbt project: no dbt_project\.yml/],
    [
      "a dbt project that lies too deep",
      { "a/b/c/d/e/dbt_project.yml": PROJECT },
      {},
      ["--yes"],
      /holds no dbt project/,
    ],
    [
      "a signalbox.yml that cannot be read",
      { ...PIP, "signalbox.yml": "versoin: 1\n" },
      {},
      ["--yes"],
      /signalbox\.yml:1 versoin is no key/,
    ],
    ["a file where a folder has to be", { ...PIP, macros: "" }, {}, ["--yes"], /macros is no folder/],
    ["a folder where a file has to be", { ...PIP, "signalbox-slack-app.yml/x": "" }, {}, ["--yes"], /is no file/],
    ["a CI that it does not know", PIP, {}, ["--ci", "jenkins"], /--ci is "jenkins": wanted github or circleci/],
    ["words", PIP, {}, ["--yes", "here"], /init is "here": takes no words/],
    ["another configuration file", { ...PIP, "o.yml": "version: 1" }, {}, ["--config", "o.yml"], /--config is o\.yml/],
  ])("%s: one error, exit code 2, and nothing is changed", async (_, files, options, args, message) => {
    open(files, options);
    const before = layout.tree();

    const { code, stdout, stderr } = await init(args);

    expect(stderr).toMatch(message);
    expect(stderr.match(/^signalbox: /gm)).toHaveLength(1);
    expect(stdout).not.toContain("wrote");
    expect(code).toBe(2);
    expect(layout.tree()).toEqual(before);
  });

  it.each<[what: string, spoil: (path: string) => void]>([
    ["UTF-16", (path) => writeFileSync(path, Buffer.from("\ufeffon: push", "utf16le"))],
    ["a pipe", (path) => void execFileSync("mkfifo", [path])],
    ["a folder", (path) => mkdirSync(path)],
  ])("a CI file that cannot be read is said, and init goes on: %s", async (_, spoil) => {
    open({ ...PIP, ".github/workflows/a.yml": "on: push" });
    spoil(join(layout.dir, ".github/workflows/b.yml"));

    const { code, stdout, stderr } = await init();

    expect([code, stderr]).toEqual([0, ""]);
    const said = /^not read +\.github\/workflows\/b\.yml is /m.exec(stdout);
    expect(said?.index).toBeLessThan(stdout.indexOf("wrote"));
    expect(stdout).toMatch(/^warning +\.github\/workflows\/b\.yml is .*: init went on without it$/m);
    expect(layout.tree()).toHaveProperty([".github/workflows/dbt.yml"]);
  });

  it("what it would write stays as it is where it cannot be compared", async () => {
    open({ ...PIP, ".github/workflows/a.yml": "on: push" });
    const utf16 = Buffer.from("\ufeffon: push", "utf16le");
    for (const path of [".github/workflows/dbt.yml", ".gitignore", "requirements.txt"])
      writeFileSync(join(layout.dir, path), utf16);

    const ended = await init(["--json"]);

    expect(ended.code).toBe(0);
    const { files, warnings } = json<InitResult>(ended);
    expect(files.filter(({ kind }) => kind === "kept").map(({ path }) => path)).toEqual([
      ".github/workflows/dbt.yml",
      ".gitignore",
    ]);
    expect(warnings.map(({ text }) => text)).toEqual(
      expect.arrayContaining([expect.stringMatching(/^requirements\.txt is UTF-16/)]),
    );
    expect(readFileSync(join(layout.dir, ".gitignore"))).toEqual(utf16);
  });

  it("another project that cannot be read is left out, and the only one is an error", async () => {
    open({ ...PIP, "tests/fixture/dbt_project.yml": "" });
    writeFileSync(join(layout.dir, "tests/fixture/dbt_project.yml"), Buffer.from("\ufeffname: x", "utf16le"));
    const ended = await init();
    const inside = await init(["--yes"], join(layout.dir, "tests/fixture"));

    expect([ended.code, inside.code]).toEqual([0, 2]);
    expect(ended.stdout).toMatch(/^not read +tests\/fixture/m);
    expect(inside.stderr).toMatch(/dbt_project\.yml is UTF-16/);
  });

  it("a link that leads nowhere is not written through", async () => {
    open(PIP);
    symlinkSync("/nowhere/signalbox.yml", join(layout.dir, "signalbox.yml"));

    const { code, stderr } = await init();

    expect(code).toBe(2);
    expect(stderr).toContain("signalbox.yml is a link to a file that is not there");
  });
});

describe("on a terminal", () => {
  const TERMINAL = fileURLToPath(new URL("terminal.py", import.meta.url));
  const CLI = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
  const type = (...lines: readonly string[]) => {
    const { status, stdout, error } = spawnSync("python3", [TERMINAL, process.execPath, CLI, "init"], {
      cwd: layout.dir,
      env: layout.env,
      encoding: "utf8",
      input: lines.join("\n"),
      timeout: 60_000,
    });
    if (error !== undefined) throw error;
    return { status, stdout };
  };
  const files = {
    "finance/dbt_project.yml": PROJECT,
    "growth/dbt_project.yml": PROJECT,
    "growth/profiles.yml": PROFILES,
  };

  it("asks one thing at a time, after what was found, and again where an answer cannot be", () => {
    open(files);

    const { status, stdout } = type(
      "jenkins",
      "circleci",
      "",
      "growth/",
      "ci prod",
      "",
      "prod",
      "",
      "#dbt-errors",
      "C0ERRORS00",
      "C0WARNINGS",
    );

    expect(status).toBe(0);
    expect(stdout).toContain("wanted github or circleci");
    expect(stdout).toContain("wanted one of finance, growth");
    expect(stdout).toContain("wanted one name");
    expect(stdout).toContain("wanted another one");
    expect(stdout).toContain("wanted an id such as C0AAAAAAA");
    const found = ["project   shop in finance", "project   shop in growth", "git       ", "ci        "].map((words) =>
      stdout.indexOf(words),
    );
    expect(Math.min(...found)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...found)).toBeLessThan(stdout.indexOf("?"));
    expect(layout.tree()).toHaveProperty([".circleci/config.yml"]);
    expect(configOf(layout.read("signalbox.yml"))).toMatchObject({
      dbt: { projectDir: "growth" },
      modes: { check: { target: "ci" }, deploy: { target: "prod" } },
      slack: { error: "C0ERRORS00", warn: "C0WARNINGS" },
    });
  });

  it.each([
    ["Ctrl-C", "\u0003"],
    ["Ctrl-D", "\u0004"],
  ])("writes nothing when it is left with %s", (_, key) => {
    open(files);
    const before = layout.tree();

    const { status, stdout } = type("", key);

    expect(status).toBe(130);
    expect(stdout).toContain("nothing was written");
    expect(layout.tree()).toEqual(before);
  });
});

describeOnDbt("the macro that cleans up, on real dbt and DuckDB", () => {
  const bin = DBT_BIN ?? "";
  const SCHEMAS = [
    "ci_feature_fx_1a2b3c",
    "CI_UPPER_ABCDEF",
    "ci_kept_bbbbbb",
    "ci_mine_aaaaaa",
    "ci_reports",
    "ci_abcdef",
    "ci_x_abcdefg",
    "xci_a_abcdef",
    "ci_a_abcdef_marts",
    "analytics",
  ];
  const python = (program: string) => {
    const { stdout, stderr, status } = spawnSync(join(bin, "python"), ["-c", program], {
      cwd: layout.dir,
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(stderr);
    return stdout;
  };
  const schemas = () =>
    python(`import duckdb
for row in duckdb.connect("shop.duckdb").execute("select schema_name from information_schema.schemata where catalog_name = 'shop'").fetchall(): print(row[0])`)
      .split("\n")
      .filter((name) => SCHEMAS.includes(name))
      .sort();
  const clean = (args: string, ...flags: readonly string[]) =>
    spawnSync(join(bin, "dbt"), ["run-operation", "signalbox_clean", "--args", args, ...flags], {
      cwd: layout.dir,
      env: {
        ...layout.env,
        DBT_KEY: "none",
        SIGNALBOX_SCHEMA: "ci_mine_aaaaaa",
        DBT_SEND_ANONYMOUS_USAGE_STATS: "false",
      },
      encoding: "utf8",
    });
  const prepare = async () => {
    open({ ...PIP, "profiles.yml": PROFILES.replace(/, token: "[^"]*"/g, "") });
    await init();
    const create = SCHEMAS.map(
      (name) => `c.execute('create schema "${name}"'); c.execute('create table "${name}".t as select 1 as a')`,
    );
    python(["import duckdb", 'c = duckdb.connect("shop.duckdb")', ...create].join("\n"));
  };

  it("lists the schemas that begin as those of checks do, and drops nothing until it is told what", async () => {
    await prepare();

    const { status, stdout } = clean("{}");
    const nameless = clean("{dry_run: false}");

    expect(status, stdout).toBe(0);
    const listed =
      "ci_a_abcdef_marts, ci_abcdef, ci_feature_fx_1a2b3c, ci_kept_bbbbbb, ci_reports, CI_UPPER_ABCDEF, ci_x_abcdefg";
    expect(stdout).toContain(`would drop 7 schemas: ${listed}`);
    expect(nameless.status).not.toBe(0);
    expect(nameless.stdout).toContain("name what to drop with only");
    expect(schemas()).toEqual([...SCHEMAS].sort());
  });

  it("drops those with all that is in them, but never its own, one to keep, or one of another prefix", async () => {
    await prepare();

    const only = "[ci_feature_fx_1a2b3c, ci_upper_abcdef, ci_kept_bbbbbb, ci_mine_aaaaaa, analytics, xci_a_abcdef]";
    const { status, stdout } = clean(`{only: ${only}, keep: [CI_KEPT_bbbbbb], dry_run: false}`);

    expect(status, stdout).toBe(0);
    const gone = ["ci_feature_fx_1a2b3c", "CI_UPPER_ABCDEF"];
    expect(schemas()).toEqual(SCHEMAS.filter((name) => !gone.includes(name)).sort());
  });

  it.each([
    ["the deploy target", "{dry_run: false}", ["--target", "prod"], "prod is the deploy target"],
    ["a prefix that would match everything", "{prefix: '', dry_run: false}", [], 'prefix is ""'],
    ["a prefix that is a pattern", "{prefix: '.*', dry_run: false}", [], 'prefix is ".*"'],
  ])("refuses %s", async (_, args, flags, message) => {
    await prepare();

    const { status, stdout } = clean(args, ...flags);

    expect(status).not.toBe(0);
    expect(stdout).toContain(message);
    expect(schemas()).toEqual([...SCHEMAS].sort());
  });
});
