import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { askEngine } from "../../src/dbt/ask-engine.ts";
import { useTempDir } from "../support/temp-dir.ts";
import { writeProgram } from "../support/write-program.ts";

const dir = useTempDir();
const LAUNCHER = "import sys\nfrom dbt.cli.main import cli\nsys.exit(cli())\n";

function program(name: string, text: string): string {
  return writeProgram(join(dir(), name), text);
}

/** A Python that says this when it is asked what is installed, and that dbt is another when it is started as dbt. */
function python(name: string, says: string, exitCode = 0): string {
  return program(
    name,
    `#!/bin/sh\ncase "$*" in "-I -c "*) echo "${says}"; exit ${exitCode};; esac\necho "dbt 1.9.9"\n`,
  );
}

const ask = (...command: string[]) => askUntil(new AbortController().signal, ...command);
const askUntil = (signal: AbortSignal, ...command: string[]) =>
  askEngine({
    command,
    cwd: dir(),
    env: { PATH: `${join(dir(), "bin")}:${process.env.PATH}` },
    children: { started: () => {}, ended: () => {} },
    signal,
  }).then(({ words }) => words);

describe("which dbt it is", () => {
  it("is told by the Python that its launcher names, without a start of dbt", async () => {
    program("bin/dbt", `#!${python("venv/bin/python3", "- installed: 1.11.16")}\n${LAUNCHER}`);

    expect(await ask("dbt")).toBe("dbt 1.11.16");
  });

  it("is told by the Python that starts it as a module", async () => {
    expect(await ask(python("venv/bin/python", "- installed: 1.10.2"), "-m", "dbt.cli.main")).toBe("dbt 1.10.2");
  });

  it.each([
    ["that Python does not know what is installed", () => `#!${python("venv/bin/python3", "", 1)}\n${LAUNCHER}`],
    ["it is another program of Python", () => `#!${python("venv/bin/python3", "- installed: 1.11.16")}\nimport sys\n`],
    [
      "it is no script of Python",
      () => '#!/bin/sh\n[ "$1" = --version ] && echo dbt 1.9.9\n# from dbt.cli.main import cli\n',
    ],
  ])("is told by dbt --version where %s", async (_, text) => {
    program("bin/dbt", text());

    expect(await ask("dbt")).toBe("dbt 1.9.9");
  });

  it("is not told by one that is stopped before it answers, which is no mistake of the settings", async () => {
    program("bin/dbt", "#!/bin/sh\nexec sleep 20\n");
    const stop = new AbortController();
    const asking = askUntil(stop.signal, "dbt");
    const reason = new Error("stopped");
    setTimeout(() => stop.abort(reason), 200);

    await expect(asking).rejects.toBe(reason);
  });

  it("is asked of a whole command line", async () => {
    const uv = program("bin/uv", `#!/bin/sh\n[ "$*" = "run dbt --version" ] && echo "dbt-fusion 2.0.0"\n`);

    expect(await ask(uv, "run", "dbt")).toBe("dbt Fusion 2.0.0");
  });

  it("is an error where it says nothing of the kind", async () => {
    program("bin/dbt", "#!/bin/sh\necho hello >&2\nexit 3\n");

    await expect(ask("dbt")).rejects.toThrow(
      /^dbt --version names no version of dbt: it ended with 3 and said "hello"$/,
    );
  });

  it("is an error where there is no such program", async () => {
    await expect(ask("no-such-dbt")).rejects.toThrow(/there is no program "no-such-dbt" on the PATH/);
  });
});
