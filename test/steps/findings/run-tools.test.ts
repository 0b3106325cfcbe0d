import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ToolRun } from "../../../src/severity/tool-findings.ts";
import { runTools } from "../../../src/steps/findings/run-tools.ts";
import { systemClock } from "../../../src/support/clock.ts";
import { createWorkFolder } from "../../../src/work/folder.ts";
import { readToolsFile } from "../../../src/work/tools-file.ts";
import { quietLog } from "../../support/quiet-log.ts";
import { initRepository, type Repository } from "../../support/repository.ts";
import { never } from "../../support/signals.ts";
import { aConfig, someOutputs, someRunSettings } from "../build-parts.ts";

let repository: Repository;
beforeAll(() => {
  repository = initRepository(mkdtempSync(join(tmpdir(), "signalbox-tools-")));
  const project = join(repository.dir, "dbt");
  put(project, { "models/a.sql": "select\n1\nfrom x\n", "models/b.sql": "select 1\n" });
  repository.run("add", "--all");
  repository.commit("base");
});
afterAll(() => rmSync(repository.dir, { recursive: true, force: true }));
const same = (text: string) => text;
const CI = { mode: "check", run: { pullRequest: { number: 1, base: "main" } } } as const;
const LAPTOP = { mode: "check", run: { platform: "local" } } as const;

const violation = (line: number) => ({
  start_line_no: line,
  start_line_pos: 4,
  code: "LT01",
  description: "no",
  warning: false,
});
const reportOn = (...lines: readonly number[]) =>
  JSON.stringify([{ filepath: "models/a.sql", violations: lines.map(violation) }]);

/** What sqruff 0.44.0 says to a dialect that it does not know, a little shortened. */
const PANIC = [
  "thread panicked at crates/lib/src/core/config.rs:75:68:",
  "an `Err` value: VariantNotFound",
  "stack backtrace:",
  "note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.",
  "Traceback (most recent call last):",
  '  File "/venv/bin/sqruff", line 8, in <module>',
  "    sys.exit(main())",
  '  File "/venv/lib/python3.11/site-packages/sqruff/main.py", line 8, in main',
  "    status = run_cli(sys.argv[1:])",
  "pyo3_runtime.PanicException: an `Err` value: VariantNotFound",
];

/** As sqlfluff 4.4.0 to the same: more lines than anybody reads. */
const DEEP = `{
  echo 'Traceback (most recent call last):'
  for i in $(seq 60); do echo '  File "/venv/click.py", line 1, in f'; echo '    f()'; done
  echo "KeyError: 'Unknown dialect'"
} >&2; exit 1`;

interface World {
  /** What the tool does, for sh; its words are the files. */
  readonly script?: string;
  readonly run?: readonly string[];
  readonly settings?: typeof CI | typeof LAPTOP | { readonly mode: "deploy" };
  readonly changed?: Readonly<Record<string, string>>;
  readonly hasBase?: boolean;
  /** A file has the place of the folder for reports. */
  readonly isBlocked?: boolean;
  readonly more?: Readonly<Record<string, unknown>>;
}

function put(project: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(project, name)), { recursive: true });
    writeFileSync(join(project, name), text);
  }
}

/** A repository whose dbt project lies in dbt/, where line 2 of models/a.sql was changed. */
async function look({ script = "exit 0", run, settings = CI, changed, hasBase = true, isBlocked, more = {} }: World) {
  const branch = hasBase ? "main" : "gone";
  const project = join(repository.dir, "dbt");
  repository.run("clean", "--force", "--quiet", "-d");
  repository.run("checkout", "--quiet", "--", ".");
  put(project, changed ?? { "models/a.sql": "select\n2\nfrom x\n" });
  const work = createWorkFolder(join(repository.dir, ".signalbox"), same);
  await work.open();
  rmSync(work.path("findings"), { recursive: true, force: true });
  if (isBlocked) writeFileSync(work.path("findings"), "");
  const lines: string[] = [];
  const tool = {
    name: "sqlfluff",
    run: run ?? ["/bin/sh", "-c", script, "sh", "{files}"],
    format: "sqlfluff",
    ...more,
  };
  const [targetPath, logPath, packagesPath] = ["out", "out/logs", "dbt_packages"].map((name) => join(project, name));
  const place = { top: repository.dir, fromTop: "dbt", projectDir: project, targetPath, logPath, packagesPath };
  const runs = await runTools(
    {
      ...{ settings: { given: {}, config: aConfig({ findings: [tool] }) }, remote: { git: repository.git } },
      ...{
        log: quietLog(lines),
        outputs: someOutputs().outputs,
        work,
        clock: systemClock,
        signal: never(),
        redact: same,
      },
      children: { started: () => {}, ended: () => {} },
    },
    someRunSettings({ baseBranch: branch, ...settings }),
    {
      ...{ env: { PATH: process.env.PATH ?? "", ONLY: "this" }, project: { dir: project } as never },
      folders: place as never,
    },
  );
  return { runs, lines: lines.map((line) => line.trimEnd().replace(/\d+\.\d s$/, "1.0 s")), work };
}

const places = (runs: readonly ToolRun[]) =>
  runs.flatMap(({ remarks }) => remarks.map(({ path, line }) => `${path}:${line}`));

describe("a tool of findings", () => {
  it("is started in the project's folder with dbt's environment on what changed, and its report is kept for others", async () => {
    const script = `[ "$ONLY" = this ] && [ -z "$HOME" ] && [ "$1 $#" = "models/a.sql 1" ] && echo '${reportOn(1, 2, 3)}'; exit 1`;

    const { runs, lines, work } = await look({ script });

    expect(places(runs)).toEqual(["models/a.sql:2"]);
    expect(runs).toMatchObject([{ state: "ran", files: 1, filesLeftOut: 0, elsewhere: 2 }]);
    expect(await readToolsFile(work)).toEqual(runs);
    expect(lines.at(-1)).toBe(
      "findings  sqlfluff: 1 finding on the lines that this branch changed, 2 elsewhere (not counted), 1 file, 1.0 s",
    );
  });

  it("may write its report into a file, beside what it prints", async () => {
    const run = ["/bin/sh", "-c", `echo noise; echo '${reportOn(2)}' > "$1"`, "sh", "{output}", "{files}"];

    expect(places((await look({ run })).runs)).toEqual(["models/a.sql:2"]);
  });

  it("looks at new files too on a laptop, and at what is committed alone on a CI", async () => {
    const changed = { "models/new.sql": "select 1\n" };
    const script = `echo '[{"filepath": "models/new.sql", "violations": [${JSON.stringify(violation(1))}]}]'; exit 1`;

    expect(places((await look({ script, changed, settings: LAPTOP })).runs)).toEqual(["models/new.sql:1"]);
  });

  it("looks at no file that dbt has made, whatever .gitignore says of its folders", async () => {
    const changed = { "out/compiled/a.sql": "select 1\n", "dbt_packages/x/b.sql": "select 1\n", "outer/c.sql": "a\n" };

    const { lines } = await look({ script: "echo '[]'", changed, settings: LAPTOP });

    expect(lines[0]).toMatch(/ sh outer\/c\.sql$/);
  });

  it("says how many files its own settings leave out", async () => {
    const { lines } = await look({ script: "echo '[]'" });

    expect(lines.at(-1)).toMatch(/no findings .*, 0 files, 1 more file that its own settings leave out/);
  });

  it.each<[string, World]>([
    ["nothing changed", { changed: { "models/a.sql": "select\n1\nfrom x\n" } }],
    ["no SQL file changed", { changed: { "models/a.yml": "a\n" }, settings: LAPTOP }],
  ])("is not started where %s, and a line says so", async (_, world) => {
    const { runs, lines } = await look({ ...world, script: "exit 9" });

    expect(runs).toMatchObject([{ state: "not-started", remarks: [] }]);
    expect(lines).toEqual(["findings  sqlfluff is not started: no SQL file of the project was changed"]);
  });

  it("is heard on the whole of a file that has only lost lines, and on none of its lines", async () => {
    const changed = { "models/a.sql": "select\nfrom x\n" };
    const violations = [violation(2), { ...violation(1), start_line_no: null }];
    const script = `echo '${JSON.stringify([{ filepath: "models/a.sql", violations }])}'; exit 1`;

    const { runs } = await look({ script, changed });

    expect(places(runs)).toEqual(["models/a.sql:null"]);
    expect(runs).toMatchObject([{ files: 1, elsewhere: 1 }]);
  });

  it("is for checks", async () => {
    expect(await look({ settings: { mode: "deploy" } })).toMatchObject({ runs: [], lines: [] });
  });

  it.each<[string, World, RegExp]>([
    [
      "is not installed",
      { run: ["no-such-linter", "{files}"] },
      /^sqlfluff gave no report: there is no program "no-such-linter" on the PATH; install it/,
    ],
    [
      "crashes",
      { script: "echo 'Traceback' >&2; echo 'ValueError: no' >&2; exit 1" },
      /exit code 1 and gave no report: .*ValueError: no$/,
    ],
    ["crashes below many frames", { script: DEEP }, /exit code 1 and gave no report: KeyError: 'Unknown dialect'/],
    [
      "panics below Python, as sqruff",
      { script: `printf '%s\\n' '${PANIC.join("' '")}' >&2; exit 1` },
      /exit code 1 and gave no report: pyo3_runtime\.PanicException: an `Err` value: VariantNotFound /,
    ],
    ["fails", { script: `echo '${reportOn(2)}'; exit 2` }, /^sqlfluff failed with exit code 2$/],
    ["kills itself", { script: "kill -9 $$" }, /was ended by a signal/],
    ["prints without end", { script: "yes" }, /printed more than 32 MiB and was stopped/],
    [
      "leaves a file without end",
      { run: ["/bin/sh", "-c", "truncate -s 100M $0", "{output}"] },
      /has 100 MB: signalbox reads 32 MB at most/,
    ],
    ["leaves what is no file", { run: ["/bin/sh", "-c", "mkfifo $0", "{output}"] }, /a pipe or a device/],
    [
      "has no folder for its report",
      { run: ["true", "{output}"], isBlocked: true },
      /^sqlfluff gave no report: this machine refuses it: EEXIST: .*findings.*; take away what is there/,
    ],
    ["does not end", { script: "sleep 60", more: { timeout: "1s" } }, /did not end within 1 s and was stopped/],
    [
      "has nothing to compare with",
      { hasBase: false },
      /which lines this branch changed is not known: the base branch "gone"/,
    ],
  ])("has failed, and is never green, where it %s", async (_, world, why) => {
    const { runs, lines } = await look(world);

    expect(runs).toMatchObject([{ state: "failed", remarks: [] }]);
    expect(`${runs[0]?.tool} ${runs[0]?.why}`).toMatch(why);
    expect(lines.at(-1)).toMatch(/^findings {2}warning: sqlfluff /);
  });

  it("is given no file whose name would be an option", async () => {
    const script = `echo "[{\\"filepath\\": \\"$1\\", \\"violations\\": [${JSON.stringify(violation(1)).replaceAll('"', '\\"')}]}]"; exit 1`;

    expect(places((await look({ script, changed: { "-x.sql": "a\n" }, settings: LAPTOP })).runs)).toEqual(["-x.sql:1"]);
  });
});
