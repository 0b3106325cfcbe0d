import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parse } from "yaml";
import type { VerdictResult } from "../../src/severity/verdict.ts";
import { signalbox } from "./cli.ts";
import { DBT_PATH, describeOnDbt } from "./real-dbt.ts";
import { openBareShop, type Shop } from "./shop.ts";

/** The tools of docs/findings.md, started as its table says, where they are installed (npm test installs none). */

interface RealTool {
  readonly program: string;
  /** What a team has for it, and what it is with a mistake in it. */
  readonly file: string;
  readonly settings: string;
  readonly broken: string;
  /** What it says of `said.sql`. */
  readonly rule: RegExp;
  readonly glob: string;
  readonly place: string;
  /** In what it says of its broken settings. */
  readonly crash: RegExp;
}

const TOOLS: readonly RealTool[] = [
  {
    ...{ program: "sqlfluff", file: ".sqlfluff", glob: "CP*", rule: /^CP01$/, place: "models/said.sql:2" },
    ...{
      settings: "[sqlfluff]\ndialect = duckdb\n",
      broken: "[sqlfluff]\ndialect = nobodys\n",
      crash: /: KeyError: .Unknown dialect/,
    },
  },
  {
    ...{ program: "sqruff", file: ".sqruff", glob: "CP*", rule: /^CP01$/, place: "models/said.sql:2" },
    ...{ settings: "[sqruff]\ndialect = duckdb\n", broken: "[sqruff]\ndialect = nobodys\n", crash: /VariantNotFound/ },
  },
  {
    ...{ program: "dbt-bouncer", file: "dbt-bouncer.yml", glob: "check_model_description_populated:*" },
    ...{ rule: /^check_model_description_populated:\d+:said$/, place: "models/said.sql:null" },
    settings: "dbt_artifacts_dir: target\nmanifest_checks: [{ name: check_model_description_populated }]\n",
    ...{ broken: "manifest_checks: [{ name: check_nothing_at_all }]\n", crash: /check_nothing_at_all/ },
  },
];

/** `run` and `format` as the table of docs/findings.md has them. */
function entryOf(program: string): string {
  const row = readFileSync("docs/findings.md", "utf8")
    .split("\n")
    .find((line) => line.startsWith(`| ${program} `));
  const [run, format] = [...(row ?? "").matchAll(/`([^`]+)`/g)].map(([, cell]) => cell);
  return `{ name: ${program}, run: ${run}, format: ${format} }`;
}

/** Two columns, the first one as given. */
function sqlOf(first: string): string {
  return `select\n    ${first} id,\n    2 as n\n`;
}

function isThere(program: string): boolean {
  const found = spawnSync(program, ["--version"], { env: { ...process.env, PATH: DBT_PATH } }).error === undefined;
  if (!found) console.warn(`skipped: ${program} is not on the PATH, and its findings are not looked at`);
  return found;
}

it.each(TOOLS)(
  "$program stands in the table of docs/findings.md with words that signalbox.yml can hold",
  ({ program }) => {
    const { run, format } = parse(entryOf(program)) as { readonly run: readonly string[]; readonly format: string };

    expect([run[0], format]).toEqual([program, expect.stringMatching(/^(?:sqlfluff|sarif)$/)]);
  },
);

describeOnDbt("the findings of real tools", () => {
  let shop: Shop;
  beforeAll(async () => {
    shop = openBareShop({
      "models/said.sql": sqlOf("1 as"),
      "models/good.sql": sqlOf("1 as"),
      "models/models.yml": "models: [{ name: good, description: Has one. }, { name: said }]\n",
      ...Object.fromEntries(TOOLS.map(({ file, settings: text }) => [file, text])),
    });
    expect(await signalbox(["ci", "--mode", "deploy"], { cwd: shop.repo, env: shop.env })).toMatchObject({ code: 0 });
  });
  afterAll(() => shop?.remove());

  /** A check of a branch of its own, with this tool alone, whose findings are errors by a rule. */
  async function check(tool: RealTool, branch: string, files: Readonly<Record<string, string>>) {
    shop.git("switch", "--quiet", "--force-create", branch, "origin/main");
    const rule = `rules: [{ match: { tool: ${tool.program}, rule: "${tool.glob}" }, severity: error }]\n`;
    shop.write("signalbox.yml", `${shop.read("signalbox.yml")}findings: [${entryOf(tool.program)}]\n${rule}`);
    for (const [name, text] of Object.entries(files)) shop.write(name, text);
    shop.commit(branch);
    const ended = await signalbox(["ci"], { cwd: shop.repo, env: shop.env });
    const { findings, tools } = JSON.parse(shop.read(".signalbox/verdict.json")) as VerdictResult;
    const places = findings.flatMap(({ subject, severity: level }) =>
      subject.kind === "tool" ? [[level, subject.rule, `${subject.path}:${subject.line}`]] : [],
    );
    return { code: ended.code, log: ended.stdout + ended.stderr, places, tools };
  }

  for (const tool of TOOLS)
    it.skipIf(!isThere(tool.program))(
      `${tool.program} is heard where it finds something, finds nothing, or fails`,
      async () => {
        const said = { "models/said.sql": sqlOf("1 AS") };

        const found = await check(tool, "found", said);
        expect(found).toMatchObject({
          ...{ code: 1, tools: [{ tool: tool.program, state: "ran" }] },
          places: [["error", expect.stringMatching(tool.rule), tool.place]],
        });
        expect(found.log).toContain(`${tool.program}: 1 finding on the lines that this branch changed`);

        const nothing = await check(tool, "nothing", { "models/good.sql": sqlOf("2 as") });
        expect(nothing).toMatchObject({ code: 0, places: [], tools: [{ state: "ran", found: 0 }] });
        expect(nothing.log).toContain(`${tool.program}: no findings on the lines that this branch changed`);

        const broken = await check(tool, "broken", { ...said, [tool.file]: tool.broken });
        expect(broken).toMatchObject({ code: 3, places: [["error", null, "null:null"]], tools: [{ state: "failed" }] });
        expect(broken.log).toMatch(tool.crash);
      },
    );
});
