import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, realpathSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type DbtAhead, type DbtAheadParts, openDbtAhead } from "../../src/setup/dbt-ahead.ts";
import type { DbtProject } from "../../src/setup/dbt-project.ts";
import { never } from "../support/signals.ts";
import { useTempDir } from "../support/temp-dir.ts";
import { writeProgram } from "../support/write-program.ts";

const asked = spawnSync("python3", ["-c", "import sys; print(sys.executable)"], { encoding: "utf8" });
const python = asked.stdout?.trim() ?? "";
if (python === "") console.warn("skipped: what is done of dbt before it is started (there is no python3)");

const dir = useTempDir();
const opened: DbtAhead[] = [];
afterEach(() => {
  for (const ahead of opened.splice(0)) ahead.end();
});

function write(name: string, text: string): string {
  return writeProgram(join(dir(), name), text);
}

describe.skipIf(python === "")("what is done of dbt before it is started", () => {
  let command: string[];
  beforeEach(() => {
    mkdirSync(join(dir(), "bin"));
    symlinkSync(python, join(dir(), "bin/python"));
    const version = `if "--version" in sys.argv:\n    print("Core:\\n  - installed: 1.11.16")\n    sys.exit()`;
    const launcher = `#!${join(dir(), "bin/python")}\nimport sys\n${version}\nfrom dbt.cli.main import cli\nsys.exit(cli())\n`;
    command = [write("bin/dbt", launcher)];
    for (const name of ["dbt", "dbt/task", "dbt/cli"]) write(`packages/${name}/__init__.py`, "");
    write("packages/dbt/cli/main.py", "def cli(): pass\n");
    write("packages/dbt/task/build.py", "");
  });

  function open(outputs: Readonly<Record<string, unknown>> | null) {
    const lines: string[] = [];
    const env = { PATH: "/usr/bin:/bin", PYTHONPATH: join(dir(), "packages") };
    const cwd = realpathSync(dir());
    const ahead = openDbtAhead(
      {
        settings: { config: { dbt: { command, preload: true } } } as unknown as DbtAheadParts["settings"],
        children: { started: () => {}, ended: () => {} },
        signal: never(),
        log: { step: (_, text) => void lines.push(text) },
      },
      { project: { dir: cwd, outputs }, env } as unknown as DbtProject,
    );
    opened.push(ahead);
    const take = async () => {
      const start = await ahead.take({ args: [], cwd, env, isLast: false }, never());
      if (start !== null) await new Promise((resolve) => start.on("exit", resolve));
      return start !== null;
    };
    return { ahead, lines, take };
  }

  /** Until `prepare` has begun: only then is there something to take. */
  const begun = () => new Promise((resolve) => setTimeout(resolve, 300));

  it("says once that each start loads dbt anew where it could not be loaded", async () => {
    write("packages/dbt/task/build.py", "raise ImportError('broken')\n");
    const { ahead, lines, take } = open(null);
    ahead.prepare();
    await begun();

    expect([await take(), await take()]).toEqual([false, false]);
    expect(lines).toEqual(["each start loads dbt anew: it could not be loaded ahead"]);
  });

  it.each([
    ["those of the profile", { ci: { type: "tame" }, prod: { type: "tame" } }, [true, false]],
    ["all, where one is a template", { ci: { type: "tame" }, prod: { type: "{{ env_var('KIND') }}" } }, [true, true]],
    ["all, where profiles.yml tells of none", null, [true, true]],
  ])("loads adapters with it: %s", async (_, outputs, loaded) => {
    write("packages/dbt/adapters/__init__.py", "");
    for (const name of ["tame", "wild"]) {
      write(`packages/dbt/adapters/${name}/__version__.py`, "");
      write(`packages/dbt/adapters/${name}/__init__.py`, `open(${JSON.stringify(join(dir(), name))}, "w").close()\n`);
    }
    const { ahead, lines, take } = open(outputs);
    ahead.prepare();
    await begun();

    expect(await take()).toBe(true);
    expect(["tame", "wild"].map((name) => existsSync(join(dir(), name)))).toEqual(loaded);
    expect(lines).toEqual([]);
  });
});
