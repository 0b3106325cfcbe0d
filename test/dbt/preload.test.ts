import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { createPreload, type Preload } from "../../src/dbt/preload.ts";
import { runProcess } from "../../src/dbt/process.ts";
import { never } from "../support/signals.ts";
import { useTempDir } from "../support/temp-dir.ts";

const asked = spawnSync("python3", ["-c", "import sys; print(sys.executable)"], { encoding: "utf8" });
const python = asked.stdout?.trim() ?? "";
if (python === "") console.warn("skipped: a dbt that was loaded ahead (there is no python3)");

const dir = useTempDir();

/** A package in dbt's place: it writes a file where it is loaded, and tells as JSON how it was started. */
const DBT = `import json, os, signal, sys, time
open(os.environ["LOADED"], "a").write("loaded\\n")
def tell():
    print(json.dumps({
        "argv": sys.argv[1:],
        "program": os.path.basename(sys.argv[0]),
        "main": os.path.basename(sys.modules["__main__"].__file__),
        "name": sys.modules["__main__"].__name__,
        "cwd": os.getcwd(),
        "input": sys.stdin.read(),
        "path": sys.path,
        "open": [name for name in "3456789" if os.path.exists("/proc/self/fd/" + name)][1:],
        "interrupt": signal.getsignal(signal.SIGINT) == signal.default_int_handler,
    }), flush=True)
    sys.stderr.write("a word on stderr\\n")
def cli():
    try:
        tell()
        if "wait" in sys.argv:
            time.sleep(60)
    except KeyboardInterrupt:
        print("stopped")
    return 3
if __name__ == "__main__":
    sys.exit(cli())
`;
const LAUNCHER = "import sys\nfrom dbt.cli.main import cli\nif __name__ == '__main__':\n    sys.exit(cli())\n";
const ODD = ["build", "--select", "a b; touch x", `{"k": 'v'}`, "", "é\u2028😀", "*\n"];

function write(name: string, text: string): string {
  const file = join(dir(), name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  chmodSync(file, 0o755);
  return file;
}

/** An environment with python and dbt, whose packages PYTHONPATH names. */
function install(launcher = LAUNCHER) {
  const bin = join(dir(), "venv/bin");
  mkdirSync(bin, { recursive: true });
  symlinkSync(python, join(bin, "python"));
  for (const folder of ["", "task/"]) write(`packages/dbt/${folder}__init__.py`, "");
  write("packages/dbt/cli/__init__.py", "from dbt.cli.main import cli\n");
  write("packages/dbt/task/build.py", "");
  write("packages/dbt/cli/main.py", DBT);
  const file = write("venv/bin/dbt", `#!${join(bin, "python")}\n${launcher}`);
  const env = {
    PYTHONPATH: join(dir(), "packages"),
    PYTHONDONTWRITEBYTECODE: "1",
    PATH: `${bin}:/usr/bin:/bin`,
    LOADED: join(dir(), "loaded"),
  };
  return { file, bin, cwd: realpathSync(dir()), env };
}
type Installed = ReturnType<typeof install>;

const opened: Preload[] = [];
afterEach(() => {
  for (const preload of opened.splice(0)) preload.end();
});

function open({ bin, cwd, env }: Installed, dbt: string): Preload {
  const launcher = { python: [join(bin, "python")], dbt, isCertain: true };
  const preload = createPreload(launcher, { cwd, env });
  opened.push(preload);
  return preload;
}

/** Takes one as soon as it can hear. */
async function take(preload: Preload, args: readonly string[], { cwd, env }: Installed): Promise<ChildProcess> {
  for (let waitMs = 50; ; waitMs *= 2) {
    preload.begin();
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    const child = preload.take({ args, cwd, env });
    if (child !== null) return child;
  }
}

/** `begun` undefined: a start as any other. */
async function run(argv: readonly string[], { cwd, env }: Installed, begun?: ChildProcess, signal = never()) {
  const lines: string[] = [];
  const seen: string[] = [];
  const end = await runProcess({
    ...{ argv, cwd, env, stdout: "log", name: "dbt", signal },
    children: { started: (name) => void seen.push(name), ended: () => void seen.push("ended") },
    ...(begun === undefined ? {} : { begun: () => begun }),
    onLine: (line) => void lines.push(line),
  });
  const told = lines.find((line) => line.startsWith("{"));
  const others = lines.filter((line) => line !== told).sort();
  return { ...end, told: JSON.parse(told ?? "null"), others, seen };
}

describe.skipIf(python === "")("a dbt that was loaded ahead", () => {
  it.each([
    ["its launcher", ({ file }: Installed) => [file], ({ file }: Installed) => file],
    ["the launcher on the PATH", () => ["dbt"], () => "dbt"],
    ["Python's -m", ({ bin }: Installed) => [join(bin, "python"), "-m", "dbt.cli.main"], () => "-m"],
  ] as const)("cannot be told from any other start: %s", async (_, command, dbt) => {
    const installed = install();

    const plain = await run([...command(installed), ...ODD], installed);
    rmSync(installed.env.LOADED);
    const preload = open(installed, dbt(installed));
    preload.begin();
    while (!existsSync(installed.env.LOADED)) await new Promise((resolve) => setTimeout(resolve, 10));
    const ahead = await run(["dbt"], installed, await take(preload, ODD, installed));

    expect(plain).toMatchObject({ exitCode: 3, told: { argv: ODD, input: "", interrupt: true, name: "__main__" } });
    expect(ahead).toEqual(plain);
  });

  it("is what the launcher starts where that is not dbt's own, or dbt cannot be loaded", async () => {
    const other = install("import sys\nprint('another', sys.argv[1:])\nraise SystemExit(7)\n");
    const started = await run(["dbt"], other, await take(open(other, other.file), ["build"], other));
    write("venv/bin/dbt", `#!${join(other.bin, "python")}\n${LAUNCHER}`);
    write("packages/dbt/cli/main.py", "raise ImportError('dbt is broken')\n");
    const broken = await run(["dbt"], other, await take(open(other, other.file), ["build"], other));

    expect(started).toMatchObject({ exitCode: 7, others: ["another ['build']"] });
    expect(broken).toMatchObject({ exitCode: 1, told: null });
    expect(broken.others).toContain("ImportError: dbt is broken");
  });

  it("is stopped as any other start", async () => {
    const installed = install();
    const stop = new AbortController();
    const child = await take(open(installed, installed.file), ["wait"], installed);
    child.stdout?.once("data", () => stop.abort());

    const end = await run(["dbt"], installed, child, stop.signal);

    expect(end).toMatchObject({ exitCode: 3, stopped: true, seen: ["dbt", "ended"] });
    expect(end.others).toContain("stopped");
  });

  it("is for its own folder and environment alone", async () => {
    const installed = install();
    const preload = open(installed, installed.file);
    preload.begin();

    const { cwd, env } = installed;
    expect(preload.take({ args: [], cwd: "/", env })).toBeNull();
    expect(preload.take({ args: [], cwd, env: { ...env, SCHEMA: "x" } })).toBeNull();
    expect(preload.take({ args: [], cwd, env: { ...env, LOADED: undefined } })).toBeNull();
    expect(await run(["dbt"], installed, await take(preload, [], installed))).toMatchObject({ exitCode: 3 });
  });

  it("is not there before it can hear, nor when its time is over", async () => {
    const installed = install();
    const preload = open(installed, installed.file);
    const start = { args: [], cwd: installed.cwd, env: installed.env };
    const gone = open({ ...installed, bin: join(dir(), "no") }, installed.file);

    preload.begin();
    const early = preload.take(start);
    preload.end();
    preload.begin();
    gone.begin();
    await new Promise((resolve) => setTimeout(resolve, 50));

    expect([early, preload.take(start), gone.take(start)]).toEqual([null, null, null]);
  });

  it("ends without a word with the one that would have started it, and where it is interrupted", async () => {
    const { file, bin, cwd, env } = install();
    const program = join(import.meta.dirname, "../../src/dbt/load-dbt.py");
    const begin = () =>
      spawn(join(bin, "python"), [program, file], { cwd, env, stdio: ["ignore", "pipe", "pipe", "pipe"] });
    const end = async (child: ChildProcess, with_: (child: ChildProcess) => void) => {
      let said = "";
      for (const stream of [child.stdout, child.stderr]) stream?.on("data", (text) => (said += text));
      child.stdio[3]?.once("data", () => with_(child));
      return new Promise((resolve) => child.on("close", (code, signal) => resolve([code, signal, said])));
    };

    expect(await end(begin(), (child) => child.stdio[3]?.destroy())).toEqual([0, null, ""]);
    expect(await end(begin(), (child) => setTimeout(() => child.kill("SIGINT"), 100))).toEqual([null, "SIGINT", ""]);
  });
});
