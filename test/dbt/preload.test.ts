import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { Duplex, Readable } from "node:stream";
import { afterEach, describe, expect, it } from "vitest";
import { createPreload, type Preload } from "../../src/dbt/preload.ts";
import { type RunningProcess, runProcess } from "../../src/dbt/process.ts";
import { never } from "../support/signals.ts";
import { useTempDir } from "../support/temp-dir.ts";
import { writeProgram } from "../support/write-program.ts";

const asked = spawnSync("python3", ["-c", "import sys; print(sys.executable)"], { encoding: "utf8" });
const python = asked.stdout?.trim() ?? "";
if (python === "") console.warn("skipped: a dbt that was loaded ahead (there is no python3)");

const dir = useTempDir();

/** A package in dbt's place: it writes a file where it is loaded, and tells as JSON how it was started. */
const DBT = `import json, os, signal, sys, time
if __name__ != "__main__":
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
  return writeProgram(join(dir(), name), text);
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

function open(
  { bin, cwd, env }: Installed,
  dbt: string,
  { adapters = null, python = [join(bin, "python")] }: { adapters?: string[] | null; python?: string[] } = {},
): Preload {
  const preload = createPreload({ python, dbt, isCertain: true }, { cwd, env, adapters });
  opened.push(preload);
  return preload;
}

function take(preload: Preload, args: readonly string[], { cwd, env }: Installed, isLast = true) {
  return preload.take({ args, cwd, env, isLast }, never());
}

/** `begun` null: a start as any other. */
async function run(
  argv: readonly string[],
  { cwd, env }: Installed,
  begun: Promise<RunningProcess | null> | null = null,
  signal = never(),
) {
  const lines: string[] = [];
  const seen: string[] = [];
  const end = await runProcess({
    ...{ argv, cwd, env, stdout: "log", name: "dbt", signal },
    children: { started: (name) => void seen.push(name), ended: () => void seen.push("ended") },
    begun: async () => begun,
    onLine: (line) => void lines.push(line),
  });
  const told = lines.find((line) => line.startsWith("{"));
  const others = lines.filter((line) => line !== told).sort();
  return { ...end, told: JSON.parse(told ?? "null"), others, seen };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
/** Of a negative number: whether its group has a process. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Within seconds. */
async function hasEnded(pid: number): Promise<boolean> {
  for (let waited = 0; waited < 3000 && isAlive(pid); waited += 50) await pause(50);
  return !isAlive(pid);
}

const NO_DBT = ["/bin/false"];
const timesLoaded = ({ env }: Installed) => readFileSync(env.LOADED, "utf8").trim().split("\n").length;

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
    const starts = [];
    for (let index = 0; index < 8; index += 1)
      starts.push(await run(NO_DBT, installed, take(preload, ODD, installed, index % 2 === 1)));

    expect(plain).toMatchObject({ exitCode: 3, told: { argv: ODD, input: "", interrupt: true, name: "__main__" } });
    for (const start of starts) expect(start).toEqual(plain);
    expect(timesLoaded(installed)).toBe(1);
    expect(await take(preload, ODD, installed)).toBeNull();
  });

  it("ends its output behind a wrapper too, which holds what it was given as long as it runs", async () => {
    const installed = install();
    const python = ["/bin/sh", "-c", '"$@"; exit $?', "sh", join(installed.bin, "python")];
    const preload = open(installed, installed.file, { python });

    const first = await run(NO_DBT, installed, take(preload, ODD, installed, false));
    const second = await run(NO_DBT, installed, take(preload, ODD, installed));

    expect(first).toMatchObject({ exitCode: 3, told: { argv: ODD }, others: ["a word on stderr"] });
    expect(second).toEqual(first);
  });

  it("says with the first start what loading said", async () => {
    const installed = install();
    const loud = `import sys\nprint("loaded")\nsys.stderr.write("a warning\\n")\n`;
    write("packages/dbt/task/build.py", loud);
    const preload = open(installed, installed.file);

    const first = await run(NO_DBT, installed, take(preload, [], installed, false));
    const second = await run(NO_DBT, installed, take(preload, [], installed));

    expect(first.others).toEqual(["a warning", "a word on stderr", "loaded"]);
    expect(second.others).toEqual(["a word on stderr"]);
  });

  it("loads no adapter that no start wants", async () => {
    const installed = install();
    for (const name of ["tame", "wild"]) {
      write(`packages/dbt/adapters/${name}/__version__.py`, "");
      write(`packages/dbt/adapters/${name}/__init__.py`, `open(${JSON.stringify(join(dir(), name))}, "w").close()\n`);
    }
    const preload = open(installed, installed.file, { adapters: ["tame", "other"] });

    await run(NO_DBT, installed, take(preload, [], installed));

    expect(["tame", "wild"].map((name) => existsSync(join(dir(), name)))).toEqual([true, false]);
  });

  it("goes on where the system has no process for the next one", async () => {
    const installed = install();
    // The second fork is refused.
    const limited = `import os\nfork, forks = os.fork, []\ndef limited():\n    forks.append(1)\n    if len(forks) == 2:\n        raise BlockingIOError(11, "no process")\n    return fork()\nos.fork = limited\n`;
    write("packages/dbt/task/build.py", limited);
    const preload = open(installed, installed.file);

    const first = await run(NO_DBT, installed, take(preload, ["parse"], installed, false));
    const second = await run(NO_DBT, installed, take(preload, ["build"], installed));

    expect([first, second]).toMatchObject([{ exitCode: 3 }, { exitCode: 3, told: { argv: ["build"] } }]);
  });

  it("leaves nothing but the start that works where its asker is killed", async () => {
    const { file, bin, cwd, env } = install();
    const program = join(import.meta.dirname, "../../src/dbt/load-dbt.py");
    const pipes = Array.from({ length: 5 }, () => "pipe" as const);
    const child = spawn(join(bin, "python"), [program, file, "2", ""], {
      ...{ cwd, env, detached: true, stdio: ["ignore", "ignore", "ignore", ...pipes] },
    });
    const channel = child.stdio[3] as Duplex;
    const ended = new Promise((resolve) => child.on("exit", resolve));
    channel.write("more 5\nwait\0");
    const pid = Number(/^started (\d+)/.exec(String(await new Promise((told) => channel.once("data", told))))?.[1]);
    for (const stream of child.stdio.slice(4, 6) as Readable[])
      await new Promise((resolve) => stream.once("data", resolve));

    for (const stream of child.stdio) stream?.destroy();
    await ended;

    expect(await hasEnded(-(child.pid ?? 0))).toBe(true);
    expect(isAlive(pid)).toBe(true);
    process.kill(pid, "SIGKILL");
  });

  it("kills one that has told that it begins, which nobody has read, when it is given up", async () => {
    const installed = install();
    const told = join(dir(), "pid");
    const start = `echo "started $$" >&3; exec 3>&-; echo $$ > ${told}.part; mv ${told}.part ${told}; exec sleep 60`;
    const python = ["/bin/sh", "-c", `setsid sh -c '${start}' & sleep 60`];
    const stop = new AbortController();
    const preload = open(installed, installed.file, { python });
    const waiting = preload.take({ args: [], cwd: installed.cwd, env: installed.env, isLast: true }, stop.signal);
    // Nothing is read meanwhile.
    while (!existsSync(told)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);

    stop.abort();

    expect(await waiting).toBeNull();
    expect(await hasEnded(Number(readFileSync(told, "utf8")))).toBe(true);
  });

  it("has an adapter of its own, loaded once for each start, as what that begins cannot be forked", async () => {
    const installed = install();
    write("packages/dbt/adapters/__init__.py", "");
    write("packages/dbt/adapters/base/__init__.py", "raise Exception('no adapter')\n");
    write("packages/dbt/adapters/wild/__init__.py", "raise Exception('it does not load')\n");
    write("packages/dbt/adapters/wild/__version__.py", "");
    write("packages/dbt/adapters/tame/__version__.py", "");
    write(
      "packages/dbt/adapters/tame/__init__.py",
      "import os, threading\nopen(os.environ['LOADED'], 'a').write('adapter\\n')\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n",
    );
    const preload = open(installed, installed.file);

    const first = await run(NO_DBT, installed, take(preload, ["parse"], installed, false));
    const second = await run(NO_DBT, installed, take(preload, ["build"], installed));

    expect([first, second]).toMatchObject([{ exitCode: 3 }, { exitCode: 3, told: { argv: ["build"] } }]);
    expect(readFileSync(installed.env.LOADED, "utf8")).toBe("loaded\nadapter\nadapter\n");
  });

  it("is not there where the launcher is not dbt's own, dbt cannot be loaded, or has threads", async () => {
    const other = install("import sys\nprint('another', sys.argv[1:])\nraise SystemExit(7)\n");
    const ofOther = await take(open(other, other.file), ["build"], other);
    write("venv/bin/dbt", `#!${join(other.bin, "python")}\n${LAUNCHER}`);
    write("packages/dbt/cli/main.py", "raise ImportError('dbt is broken')\n");
    const broken = await take(open(other, other.file), ["build"], other);
    write(
      "packages/dbt/cli/main.py",
      "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\ncli = 1\n",
    );
    const threaded = await take(open(other, other.file), ["build"], other);
    const gone = await take(open({ ...other, bin: join(dir(), "no") }, other.file), ["build"], other);

    expect([ofOther, broken, threaded, gone]).toEqual([null, null, null, null]);
    write("packages/dbt/cli/main.py", DBT);
    expect(await take(open(other, other.file), ["build"], other)).not.toBeNull();
  });

  it("is stopped as any other start, and the next one is there", async () => {
    const installed = install();
    const stop = new AbortController();
    const preload = open(installed, installed.file);
    const child = await take(preload, ["wait"], installed, false);
    child?.stdout?.once("data", () => stop.abort());

    const end = await run(NO_DBT, installed, Promise.resolve(child), stop.signal);

    expect(end).toMatchObject({ exitCode: 3, signal: null, stopped: true, seen: ["dbt", "ended"] });
    expect(end.others).toContain("stopped");
    expect(await run(NO_DBT, installed, take(preload, ["next"], installed))).toMatchObject({
      told: { argv: ["next"] },
    });
  });

  it("tells of the signal that ended a start", async () => {
    const installed = install();
    const preload = open(installed, installed.file);
    for (const signal of ["SIGKILL", "SIGTERM"] as const) {
      const child = await take(preload, ["wait"], installed);
      child?.stdout?.once("data", () => process.kill(child.pid ?? 0, signal));

      expect(await run(NO_DBT, installed, Promise.resolve(child))).toMatchObject({ exitCode: null, signal });
    }
  });

  it("counts as killed where what it was forked from is gone", async () => {
    const installed = install();
    const preload = open(installed, installed.file);
    const child = await take(preload, ["wait"], installed);
    child?.stdout?.once("data", () => preload.end());

    const end = await run(NO_DBT, installed, Promise.resolve(child));

    expect(end).toMatchObject({ exitCode: null, signal: "SIGKILL", stopped: false });
  });

  it("is for its own folder and environment alone, one at a time", async () => {
    const installed = install();
    const preload = open(installed, installed.file);
    const { cwd, env } = installed;
    const takes = (place: { cwd: string; env: Record<string, string | undefined> }) =>
      preload.take({ args: [], isLast: true, ...place }, never());

    expect(await takes({ cwd: "/", env })).toBeNull();
    expect(await takes({ cwd, env: { ...env, SCHEMA: "x" } })).toBeNull();
    expect(await takes({ cwd, env: { ...env, LOADED: undefined } })).toBeNull();
    const [one, two] = [takes({ cwd, env }), takes({ cwd, env })];
    expect(await two).toBeNull();
    expect(await run(NO_DBT, installed, one)).toMatchObject({ exitCode: 3 });
  });

  it("is waited for no longer than its time, nor after a stop", async () => {
    const installed = install();
    write("packages/dbt/cli/main.py", "import time\ntime.sleep(60)\n");
    const start = { args: [], cwd: installed.cwd, env: installed.env, isLast: true };
    const stop = new AbortController();
    const [ended, stopped] = [open(installed, installed.file), open(installed, installed.file)];

    const waiting = [ended.take(start, never()), stopped.take(start, stop.signal)];
    ended.end();
    stop.abort();

    expect(await Promise.all(waiting)).toEqual([null, null]);
    expect(await ended.take(start, never())).toBeNull();
  });

  it("ends without a word with the one that asks it, and where it is interrupted", async () => {
    const { file, bin, cwd, env } = install();
    const program = join(import.meta.dirname, "../../src/dbt/load-dbt.py");
    const begin = () =>
      spawn(join(bin, "python"), [program, file, "1", ""], {
        cwd,
        env,
        stdio: ["ignore", "pipe", "pipe", "pipe", "pipe", "pipe"],
      });
    const end = async (child: ChildProcess, with_: () => void) => {
      let said = "";
      const streams = [child.stdout, child.stderr, ...child.stdio.slice(4)] as readonly (Readable | null)[];
      for (const stream of streams) stream?.on("data", (text) => (said += text));
      const ended = new Promise((resolve) => child.on("close", (code, signal) => resolve([code, signal, said])));
      while (!existsSync(env.LOADED)) await new Promise((resolve) => setTimeout(resolve, 10));
      setTimeout(with_, 100);
      return ended;
    };

    const left = begin();
    expect(await end(left, () => left.stdio[3]?.destroy())).toEqual([0, null, ""]);
    rmSync(env.LOADED);
    const stopped = begin();
    expect(await end(stopped, () => stopped.kill("SIGINT"))).toEqual([null, "SIGINT", ""]);
  });
});
