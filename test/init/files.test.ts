import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { adviceOf } from "../../src/init/advice.ts";
import { addToCircleConfig, renderCircleConfig } from "../../src/init/circleci-config.ts";
import { changeOf, wantedFiles } from "../../src/init/files.ts";
import { renderWorkflow } from "../../src/init/github-workflow.ts";
import { parseRemote } from "../../src/init/look.ts";
import { renderSignalboxYml } from "../../src/init/signalbox-yml.ts";
import { yamlList, yamlText } from "../../src/init/yaml-text.ts";
import { resolve } from "../../src/settings/resolve.ts";
import { buildAnswers, buildFacts, buildProject, buildTarget } from "./build.ts";

const read = (text: string) =>
  resolve({
    command: "ci",
    flags: {},
    words: [],
    rest: [],
    env: {},
    file: { name: "signalbox.yml", text },
    now: Date.now(),
  }).config;

/** Names that git and dbt allow, odd ones among them. */
const names = fc.oneof(
  fc.constantFrom(
    "null",
    "true",
    "1.10",
    "~",
    "no",
    "a b",
    "a: b",
    "a #b",
    "[x]",
    "{x",
    "x]",
    "'",
    '"',
    "*a",
    "&a",
    "é",
    "%x",
    "@x",
  ),
  fc
    .string({ minLength: 1, maxLength: 12, unit: "grapheme" })
    .filter((text) => !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text) && !text.startsWith("-") && text.trim() === text),
);

describe("a text in YAML", () => {
  it("is read back as it was, in a block and in a list", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect(parse(`a: ${yamlText(text)}\nb: ${yamlList([text, text])}\n`)).toEqual({ a: text, b: [text, text] });
      }),
    );
  });

  it("is bare where nobody could misread it", () => {
    expect(["main", "uv", "transform/dbt", ".", ".dbt", "on", "1.0", ".5", ".inf"].map(yamlText)).toEqual([
      "main",
      "uv",
      "transform/dbt",
      ".",
      ".dbt",
      '"on"',
      '"1.0"',
      '".5"',
      '".inf"',
    ]);
  });
});

describe("signalbox.yml", () => {
  it("is read back by every command as it was answered", () => {
    fc.assert(
      fc.property(names, names, names, (baseBranch, check, deploy) => {
        const config = read(renderSignalboxYml(buildAnswers({ baseBranch, check, deploy })));

        expect(config.baseBranch).toBe(baseBranch);
        expect(config.modes.check.target).toBe(check);
        expect([config.modes.deploy.target, config.modes.schedule.target]).toEqual([deploy, deploy]);
      }),
    );
  });
});

describe("the team's sqlfluff", () => {
  const sqlfluff = { file: ".sqlfluff", isInstalled: false };
  const packages = { manager: "uv", dir: ".", file: "uv.lock", isLocked: true } as const;

  it("is started on what a pull request changed, as dbt is started", () => {
    const project = buildProject(["ci", "prod"], { sqlfluff, packages });

    expect(read(renderSignalboxYml(buildAnswers({ project }))).findings).toEqual([
      {
        ...{ name: "sqlfluff", format: "sqlfluff", severity: "warn", timeout: 600 },
        run: ["uv", "run", "sqlfluff", "lint", "--format", "json", "--templater", "jinja", "{files}"],
      },
    ]);
  });

  it("is installed where init says what is, and asked for where a file of the team says it", () => {
    const ofTeam = buildAnswers({ project: buildProject(["ci", "prod"], { sqlfluff, packages }) });

    expect(renderWorkflow(buildAnswers({ project: buildProject(["ci"], { sqlfluff }) }))).toContain(
      "- run: pip install dbt-core dbt-duckdb sqlfluff\n",
    );
    expect(adviceOf(buildFacts(), ofTeam).map(({ text }) => text)).toContainEqual(
      expect.stringMatching(/uv\.lock does not name it: add it there/),
    );
  });
});

describe("the CI's files", () => {
  it("keep a branch and a folder of any name in their places", () => {
    fc.assert(
      fc.property(names, names, (baseBranch, dir) => {
        const project = buildProject([], { packages: { manager: "uv", dir, file: "uv.lock", isLocked: true } });
        const answers = buildAnswers({ baseBranch, project });

        expect(parse(renderWorkflow(answers))).toMatchObject({
          on: { push: { branches: [baseBranch] } },
          jobs: { dbt: { steps: expect.arrayContaining([{ run: "uv sync --locked", "working-directory": dir }]) } },
        });
        const [check] = parse(renderCircleConfig(answers)).workflows.dbt.jobs;
        expect(check["signalbox/ci"].filters.branches.ignore).toBe(baseBranch);
      }),
    );
  });

  it.each<[what: string, adapters: readonly string[], words: string]>([
    ["those that all others have", ["snowflake", "snowflake"], "dbt-core dbt-snowflake"],
    ["none where the others differ", ["snowflake", "duckdb"], "dbt-core"],
  ])("install the adapter of targets that are still to be added: %s", (_, adapters, words) => {
    const targets = adapters.map((adapter, index) => buildTarget({ name: `t${index}`, adapter }));
    const project = buildProject([], { profiles: { file: "profiles.yml", dir: ".", targets } });

    expect(renderWorkflow(buildAnswers({ project }))).toContain(`- run: pip install ${words}\n`);
  });

  it("never make a shell word of an adapter's name that is none", () => {
    const project = buildProject([], {
      profiles: {
        file: "profiles.yml",
        dir: ".",
        targets: [{ name: "ci", adapter: "x; curl evil", schemaKey: "schema", schema: null, variables: [] }],
      },
    });

    const text = renderWorkflow(buildAnswers({ project }));

    expect(text).toContain("- run: pip install dbt-core\n");
  });

  it.each([
    ["requirements.txt", ".", 'with: { python-version: "3.12", cache: pip }'],
    ["requirements-dbt.txt", ".", "cache-dependency-path: requirements-dbt.txt }"],
    ["requirements.txt", "transform", "cache-dependency-path: transform/requirements.txt }"],
  ])("tell pip's cache of %s in %s", (file, dir, expected) => {
    const project = buildProject([], { packages: { manager: "pip", dir, file, isLocked: false } });

    const text = renderWorkflow(buildAnswers({ project }));

    expect(text).toContain(expected);
  });
});

describe("what GitHub's workflow hands to dbt", () => {
  const variables = (names: readonly string[]) =>
    buildProject([], {
      profiles: {
        file: "profiles.yml",
        dir: ".",
        targets: [
          buildTarget({ name: "ci", variables: names }),
          buildTarget({ name: "prod", variables: ["PROD_KEY", ...names] }),
        ],
      },
    });
  const stepOf = (text: string) => parse(text).jobs.dbt.steps.at(-1);

  it("is production's key on the base branch alone, and every other variable for both", () => {
    const answers = buildAnswers({ project: variables(["PG_PASSWORD", "PG_HOST"]), baseBranch: "it's" });

    const { env } = stepOf(renderWorkflow(answers));

    const isBase = "github.ref == 'refs/heads/it''s'";
    expect(env).toEqual({
      PROD_KEY: `\${{ ${isBase} && secrets.PROD_KEY || '' }}`,
      PG_PASSWORD: `\${{ ${isBase} && secrets.PG_PASSWORD_PROD || secrets.PG_PASSWORD_CI }}`,
      PG_HOST: `\${{ vars.PG_HOST }}`,
    });
  });

  it("is nothing where profiles.yml reads nothing", () => {
    const text = renderWorkflow(buildAnswers());

    expect(stepOf(text)).not.toHaveProperty("env");
    expect(text).not.toMatch(/DBT_\w*KEY/);
  });

  it("runs for the merge queue, and a newer push stops the older check and nothing else", () => {
    const { on, concurrency } = parse(renderWorkflow(buildAnswers()));

    const isCheck = "github.event_name == 'pull_request'";
    expect(Object.keys(on)).toEqual(["pull_request", "merge_group", "push", "schedule"]);
    expect(concurrency).toEqual({
      group: `dbt-\${{ ${isCheck} && github.ref || github.run_id }}`,
      "cancel-in-progress": `\${{ ${isCheck} }}`,
    });
  });
});

describe("an existing CircleCI config", () => {
  const job = "jobs:\n  lint: { docker: [{ image: cimg/base:current }], steps: [checkout] }\n";
  const own = "  main:\n    jobs: [lint]\n";

  it.each([
    ["without orbs", `version: 2.1\n${job}workflows:\n${own}`],
    ["with orbs above", `version: 2.1\norbs:\n  node: circleci/node@7\n${job}workflows:\n${own}`],
    ["with orbs indented by four", `version: 2.1\norbs:\n    node: circleci/node@7\nworkflows:\n${own}${job}`],
    ["with an anchor of its own", `version: 2.1\nx: &install [checkout]\nworkflows:\n${own}y: *install\n`],
    ["with orbs below", `version: 2.1\n${job}workflows:\n${own}orbs: # ours\n  node: circleci/node@7\n`],
    ["indented by four", `version: 2.1\n${job}workflows:\n\n    # nightly\n    main:\n        jobs: [lint]\n`],
    ["with a workflow of our name", `version: 2.1\n${job}workflows:\n  dbt:\n    jobs: [lint]\n`],
  ])("%s: gets the orb and a workflow, and keeps every line", (_, existing) => {
    const added = addToCircleConfig(existing, buildAnswers()) ?? "";

    const [before, after] = [parse(existing), parse(added)];
    const lines = added.split("\n");
    let at = -1;
    for (const line of existing.split("\n")) {
      at = lines.indexOf(line, at + 1);
      expect(at, line).toBeGreaterThanOrEqual(0);
    }
    expect(after.orbs).toEqual({ ...before.orbs, signalbox: expect.stringContaining("signalbox@1") });
    expect(after.workflows).toMatchObject(before.workflows);
    expect(Object.keys(after.workflows)).toHaveLength(Object.keys(before.workflows).length + 1);
    expect(after.jobs).toEqual(before.jobs);
    expect(after.y).toEqual(before.y);
  });

  it.each([
    ["whose orbs are on one line", `orbs: { node: circleci/node@7 }\nworkflows:\n${own}`],
    ["without workflows", job],
  ])("%s: is not added to line by line", (_, existing) => {
    const added = addToCircleConfig(existing, buildAnswers());

    expect(added).toBeNull();
  });
});

describe("what is done about a file", () => {
  const gitignore = (text: string | null) => {
    const wanted = wantedFiles(buildFacts({ gitignore: text }), buildAnswers()).at(-1);
    if (wanted === undefined) throw new Error("no .gitignore");
    return changeOf(wanted, text);
  };

  it.each([
    ["written where there is none", null, "write", ".signalbox/\ntest-results/\n"],
    ["appended to a text that ends its last line", "target/\n", "append", ".signalbox/\ntest-results/\n"],
    ["appended to a text that does not", "target/", "append", "\n.signalbox/\ntest-results/\n"],
    ["appended in the text's line ends", "target/\r\nlogs/", "append", "\r\n.signalbox/\r\ntest-results/\r\n"],
    ["there already", "target/\n/.signalbox\n/test-results/", "same", ""],
    ["there already, with Windows' line ends", ".signalbox/\r\ntest-results\r\n", "same", ""],
    [
      "not there, where it only looks alike",
      ".signalboxes/\ntest-results/x\n",
      "append",
      ".signalbox/\ntest-results/\n",
    ],
    ["half there", ".signalbox/\n", "append", "test-results/\n"],
  ])(".gitignore's lines are %s", (_, text, kind, written) => {
    const change = gitignore(text);

    expect([change.kind, change.text]).toEqual([kind, written]);
  });

  it("a file that differs is kept, with a difference that is cut aloud", () => {
    const wanted = { path: "a", content: "x\n".repeat(200), isCovered: false, isAddition: false };

    const change = changeOf(wanted, "y\n");

    expect([change.kind, change.text]).toEqual(["kept", ""]);
    expect(change.difference.slice(0, 2)).toEqual(["@@ -1,1 +1,200 @@", "-y"]);
    expect(change.difference.at(-1)).toMatch(/^… \d+ lines more$/);
  });
});

describe("a remote", () => {
  it.each([
    ["git@github.com:acme/shop.git", "github.com", "acme/shop"],
    ["https://github.com/acme/shop", "github.com", "acme/shop"],
    ["https://dana:token@GitHub.com/acme/shop.git/", "github.com", "acme/shop"],
    ["ssh://git@git.acme.com:7999/data/shop.git", "git.acme.com", "data/shop"],
    ["https://gitlab.com/acme/data/shop.git", "gitlab.com", "acme/data/shop"],
  ])("%s is on %s: %s", (url, host, path) => {
    const remote = parseRemote(url);

    expect(remote).toEqual({ host, path });
  });

  it.each(["/srv/git/shop.git", "../shop", "", "file:///srv/shop.git", "https://evil\u001b[31m.com/a/b"])(
    "%j is none that has a page",
    (url) => {
      const remote = parseRemote(url);

      expect(remote).toBeNull();
    },
  );
});
