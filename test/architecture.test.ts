import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { findBreaks, findContextTakers, findSharedTypeNames, readImports, type Source } from "./architecture/check.ts";

const SRC = fileURLToPath(new URL("../src", import.meta.url));

function readSources(): readonly Source[] {
  return readdirSync(SRC, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => ({ path: path.split(sep).join("/"), text: readFileSync(join(SRC, path), "utf8") }));
}

/** Not one more. Each command's own function is one of them. */
const MOST_CONTEXT_TAKERS = 15;

describe("the sources", () => {
  it("import one way, are pure where they have to be, and have no default exports", () => {
    const sources = readSources();

    expect(sources.length).toBeGreaterThan(70);
    expect(findBreaks(sources)).toEqual([]);
  });

  it("hand out parts: few functions take the whole Context", () => {
    const takers = findContextTakers(readSources());
    const inAll = [...takers.values()].reduce((sum, count) => sum + count, 0);

    expect(inAll, JSON.stringify([...takers])).toBeLessThanOrEqual(MOST_CONTEXT_TAKERS);
  });

  it("give a name to one type alone", () => {
    expect(findSharedTypeNames(readSources())).toEqual([]);
  });

  it("are read whole: the check sees every import statement that there is", () => {
    for (const { path, text } of readSources()) {
      const statements = text.match(/^import\b(?!\()|^export (?:type )?[*{][^;]*?\bfrom "/gm) ?? [];
      const calls = text.match(/\bimport\(["'`]/g) ?? [];
      expect(readImports(text).length, path).toBe(statements.length + calls.length);
    }
  });
});

it.each([
  [
    "dbt's target folder",
    /"TARGET_PATH"|env\W{1,3}DBT_(?:ENGINE_)?TARGET_PATH|project\W{1,2}"?target-path|[|?]{2} "target"/,
    ["dbt/folders.ts"],
  ],
  ["the folder of packages", /"dbt_packages"|packages-install-path/, ["dbt/project.ts", "init/look.ts"]],
])("%s is read in one place", (_, pattern, places) => {
  const code = (text: string) => text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
  const readers = readSources().filter(({ text }) => pattern.test(code(text)));

  expect(readers.map(({ path }) => path).sort()).toEqual(places);
});

/** Made-up text of one file, among made-up others. */
function breaksOf(path: string, text: string): readonly string[] {
  const others: Source[] = [
    { path: "support/files.ts", text: 'import { rm } from "node:fs/promises";' },
    { path: "support/errors.ts", text: "" },
  ];
  return findBreaks([...others, { path, text }]);
}

describe("the check itself", () => {
  it.each<[path: string, text: string, breach: string]>([
    ["artifacts/a.ts", 'import { x } from "../severity/x.ts";', "artifacts may not know severity"],
    ["selection/a.ts", 'import type { X } from "../severity/x.ts";', "selection may not know severity"],
    ["severity/a.ts", 'import { x } from "../alerts/x.ts";', "severity may not know alerts"],
    ["alerts/a.ts", 'import { x } from "../render/x.ts";', "alerts may not know render"],
    ["render/a.ts", 'export { x } from "../slack/x.ts";', "render may not know slack"],
    ["render/a.ts", 'export * from "../queue/x.ts";', "render may not know queue"],
    ["run/a.ts", 'import { x } from "../queue/x.ts";', "run may not know queue"],
    ["queue/a.ts", 'import { x } from "../artifacts/x.ts";', "queue may not know artifacts"],
    ["dbt/a.ts", 'import { x } from "../bundles/x.ts";', "dbt may not know bundles"],
    ["platforms/github/a.ts", 'import { x } from "../../slack/x.ts";', "platforms may not know slack"],
    ["slack/a.ts", 'const x = await import("../commands/x.ts");', "slack may not know commands"],
    ["bundles/a.ts", 'import "../platforms/x.ts";', "bundles may not know platforms"],
    ["settings/a.ts", 'import { x } from "../commands/x.ts";', "settings may not know commands"],
    ["settings/a.ts", 'import { type X } from "../severity/x.ts";', "settings may have types of severity alone"],
    ["support/a.ts", 'import { x } from "../run/x.ts";', "support may not know run"],
    ["commands/a.ts", 'import { x } from "../cli.ts";', "commands may not know cli.ts"],
    ["steps/a.ts", 'import { x } from "../commands/x.ts";', "steps may not know commands"],
    ["setup/a.ts", 'import { x } from "../steps/x.ts";', "setup may not know steps"],
    ["work/a.ts", 'import { x } from "../setup/x.ts";', "work may not know setup"],
    ["dbt/a.ts", 'import { x } from "../work/x.ts";', "dbt may not know work"],
    [
      "steps/a.ts",
      'import type { Context } from "../setup/context.ts";',
      "imports setup/context.ts: it names the parts",
    ],
    ["setup/a.ts", 'import { type Context } from "./context.ts";', "imports setup/context.ts: it names the parts"],
    ["commands/a.ts", "interface Own extends Context {}", "another name for the whole Context"],
    ["commands/a.ts", "type Own = Context;", "another name for the whole Context"],
    ["commands/a.ts", "let x: Context & Own;", "another name for the whole Context"],
    ["commands/a.ts", 'type P = Omit<Context, "log">;', "another name for the whole Context"],
    [
      "commands/a.ts",
      'type P = Pick<Context, "log" | "git" | "env" | "cwd" | "clock" | "work">;',
      "another name for the whole Context",
    ],
    ["helpers/a.ts", "", "a folder that has no rule: helpers"],
    ["alerts/a.ts", 'import {\n  a,\n  b,\n} from "../dbt/x.ts";', "alerts may not know dbt"],
    ["alerts/a.ts", "import { a } from '../dbt/x.ts'", "alerts may not know dbt"],
    ["dbt/a.ts", 'let x: import("../bundles/x.ts").X;', "dbt may not know bundles"],
    ["alerts/a.ts", 'const x = import("./x.ts");', "uses import(): alerts is pure"],
    ["alerts/a.ts", 'import { b } from "./b.ts"; import { x } from "../dbt/x.ts";', "alerts may not know dbt"],
    ["alerts/a.ts", 'import { stat } from "node:fs/promises";', "imports node:fs/promises: alerts is pure"],
    ["run/a.ts", 'import { z } from "zod";', "imports zod: run is pure"],
    ["selection/a.ts", 'import { files } from "../support/files.ts";', "imports support/files.ts: selection is pure"],
    ["severity/a.ts", 'import junit from "junit-report-builder";', "imports junit-report-builder: severity is pure"],
    ["render/slack.ts", 'import { X } from "@slack/types";', "imports @slack/types: render is pure"],
    ["alerts/a.ts", "const now = Date.now();", "uses Date.now: alerts is pure"],
    ["alerts/a.ts", "const now = new Date();", "uses new Date(): alerts is pure"],
    ["alerts/a.ts", "const now = new Date;", "uses new Date(): alerts is pure"],
    ["alerts/a.ts", "const now = Date();", "uses Date(): alerts is pure"],
    ["render/a.ts", "const at = `${Date.now()}`;", "uses Date.now: render is pure"],
    ["queue/a.ts", "const id = Math.random();", "uses Math.random: queue is pure"],
    ["queue/a.ts", "const { env } = process.env;", "uses process: queue is pure"],
    ["queue/a.ts", "const now = performance.now();", "uses performance: queue is pure"],
    ["queue/a.ts", 'await fetch("https://x");', "uses fetch: queue is pure"],
    ["queue/a.ts", "setTimeout(() => {}, 5);", "uses a timer: queue is pure"],
    ["queue/a.ts", 'const x = /["]/; process.exit(1); // "', "uses process: queue is pure"],
    ["doctor/a.ts", 'import { x } from "./look.ts";', "imports doctor/look.ts: it looks, and this file is pure"],
    ["doctor/a.ts", 'import { stat } from "node:fs/promises";', "imports node:fs/promises: doctor is pure"],
    ["dbt/a.ts", 'import { readFile } from "node:fs/promises";', "reads or appends by itself"],
    ["dbt/a.ts", 'import { constants, openSync } from "node:fs";', "reads or appends by itself"],
    ["dbt/a.ts", "await mkdir(dir, { recursive: true });", "makes folders by Node"],
    ["dbt/a.ts", "export default {};", "has a default export"],
    ["dbt/a.ts", "export { x as default };", "has a default export"],
  ])("finds what is forbidden: %s with %j", (path, text, breach) => {
    const breaks = breaksOf(path, text);

    expect(breaks).toHaveLength(1);
    expect(breaks[0]).toContain(path);
    expect(breaks[0]).toContain(breach);
  });

  it.each<[path: string, text: string]>([
    ["render/junit.ts", 'import builder from "junit-report-builder";'],
    ["render/slack.ts", 'import type { KnownBlock } from "@slack/types";'],
    ["alerts/a.ts", 'import { x } from "../run/run.ts"; import { y } from "./b.ts";'],
    ["alerts/a.ts", 'import type { Files } from "../support/files.ts";'],
    ["alerts/a.ts", "const at = new Date(now).toISOString();"],
    ["alerts/a.ts", "// Date.now() is handed in\n/* import { x } from '../dbt/x.ts' */"],
    ["alerts/a.ts", 'const hint = "the process. Do not fetch(it)";'],
    ["queue/a.ts", "const results = await source.fetch(signal);"],
    ["settings/a.ts", 'import type { Rule } from "../severity/rules.ts";'],
    ["platforms/a.ts", 'import { decide } from "../queue/decide.ts";'],
    ["platforms/github/a.ts", 'import { x } from "../ports.ts";'],
    ["dbt/a.ts", 'import { rm, stat } from "node:fs/promises";'],
    ["commands/a.ts", 'import { x } from "../bundles/x.ts"; import { y } from "../settings/y.ts";'],
    ["dbt/a.ts", 'export async function f(from: string, to = "default") {}'],
    ["commands/a.ts", 'import type { Context } from "../setup/context.ts"; let x: Context["result"];'],
    ["steps/a.ts", 'import type { X } from "../setup/x.ts"; type P = Pick<X, "log">;'],
    ["doctor/look.ts", 'import { stat } from "node:fs/promises"; import { x } from "../slack/x.ts";'],
    ["cli.ts", 'const x = () => import("./commands/ci.ts");'],
  ])("lets pass what is allowed: %s with %j", (path, text) => {
    expect(breaksOf(path, text)).toEqual([]);
  });

  it("counts a function that takes the whole Context, however it takes it", () => {
    const text = [
      "export async function run(context: Context): Promise<number> {}",
      "function draw({ log, settings: { given } }: Context, text: string) {}",
      "const own = (context: Context) => 1;",
      "function many(\n  context: Context,\n  x: string,\n) {}",
      'function part(result: Context["result"], log: Pick<Context, "log">): Context {}',
      "// run(context: Context)",
    ].join("\n");

    expect([
      ...findContextTakers([
        { path: "commands/a.ts", text },
        { path: "commands/b.ts", text: "" },
      ]),
    ]).toEqual([["commands/a.ts", 4]]);
  });

  it("finds a name that two types have", () => {
    const text = "export interface Part { readonly a: string }\ntype Own = Part;\n// type Case = 1;";
    const sources = ["a", "b"].map((name) => ({ path: `dbt/${name}.ts`, text: text.replace("Own", `Own${name}`) }));

    expect(findSharedTypeNames(sources)).toEqual(["Part: dbt/a.ts, dbt/b.ts"]);
  });

  it("finds a circle, and names it once", () => {
    const circle = ["a", "b", "c"].map((name, index) => ({
      path: `dbt/${name}.ts`,
      text: `import type { X } from "./${"bca"[index]}.ts";`,
    }));

    expect(findBreaks([...circle, { path: "dbt/d.ts", text: 'import { x } from "./a.ts";' }])).toEqual([
      "a circle of imports: dbt/a.ts → dbt/b.ts → dbt/c.ts → dbt/a.ts",
    ]);
  });

  it("takes two ways to one file for no circle", () => {
    const sources = [
      { path: "dbt/a.ts", text: 'import { x } from "./b.ts";\nimport { y } from "./c.ts";' },
      { path: "dbt/b.ts", text: 'import { x } from "./c.ts";' },
      { path: "dbt/c.ts", text: "" },
    ];

    expect(findBreaks(sources)).toEqual([]);
  });
});
