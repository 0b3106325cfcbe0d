import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CLI, json, signalbox, start } from "./cli.ts";
import { openSmallProject, type SmallProject } from "./small-project.ts";

/** Whatever goes wrong, in whichever command: with --json stdout is one document that says it, with the exit code. */
const COMMANDS = [
  ...["ci", "ci --dry-run", "queue", "queue -- true", "plan", "build", "report", "notify", "state publish"],
  ...["state fetch", "status", "clean", "init --yes"],
];

let project: SmallProject;
beforeEach(() => {
  project = openSmallProject();
});
afterEach(() => project.remove());

async function documentOf(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const ended = await signalbox(args, { cwd: project.dir, env: { ...project.env, ...env } });
  const { schema, error } = json<{ schema: number; error?: Record<string, unknown> }>(ended);
  return { code: ended.code, schema, error, stderr: ended.stderr };
}

/** The command with --json, and more before its `--`. */
function withJson(command: string, more: readonly string[]): readonly string[] {
  const [own = "", behind] = command.split(" -- ");
  return [...own.split(" "), "--json", ...more, ...(behind === undefined ? [] : ["--", behind])];
}

interface Fault {
  readonly what: string;
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly prepare?: (dir: string) => void;
  readonly says: RegExp;
}

const config = (dir: string) => join(dir, "signalbox.yml");
const replaced = (make: (file: string) => void) => (dir: string) => {
  rmSync(config(dir));
  make(config(dir));
};

const FAULTS: readonly Fault[] = [
  { what: "a flag that nobody knows", flags: ["--nosuch"], says: /^--nosuch is no flag of \w+$/ },
  { what: "a value that is none", env: { SIGNALBOX_QUIET: "perhaps" }, says: /^SIGNALBOX_QUIET is "perhaps"/ },
  { what: "a configuration that is not there", flags: ["--config", "no.yml"], says: /there is no such file$/ },
  {
    what: "a configuration that is not YAML",
    prepare: (dir) => writeFileSync(config(dir), "modes: {check: [\n"),
    says: /is not YAML/,
  },
  {
    what: "a configuration that is a folder",
    prepare: replaced(mkdirSync),
    says: /^signalbox\.yml is a folder: wanted a text file/,
  },
  {
    what: "a configuration in UTF-16",
    prepare: (dir) => writeFileSync(config(dir), Buffer.from("\ufeffversion: 1\n", "utf16le")),
    says: /^signalbox\.yml is UTF-16/,
  },
  {
    what: "a configuration that is a pipe which nobody writes",
    prepare: replaced((file) => spawnSync("sh", ["-c", 'mkfifo "$1"', "sh", file])),
    says: /^signalbox\.yml is no ordinary file/,
  },
  {
    what: "a configuration that is a link to nothing",
    prepare: replaced((file) => symlinkSync("gone.yml", file)),
    says: /^signalbox\.yml is a link to a file that is not there$/,
  },
  {
    what: "a configuration that is too large",
    prepare: replaced((file) => writeFileSync(file, Buffer.alloc(2 ** 21))),
    says: /^signalbox\.yml has 2097152 bytes/,
  },
];

describe.each(FAULTS)("$what", ({ flags = [], env = {}, prepare, says }) => {
  it("is one document of every command", async () => {
    prepare?.(project.dir);

    for (const command of COMMANDS) {
      const { code, schema, error } = await documentOf(withJson(command, flags), env);

      expect([command, code, schema, error]).toEqual([
        command,
        2,
        1,
        { kind: "configuration", message: expect.stringMatching(says), hint: error?.hint, exitCode: 2 },
      ]);
    }
  }, 60_000);
});

describe("one document", () => {
  it.each([
    [["--json"], "no command is named"],
    [["--json", "--mode", "check"], "no command is named"],
    [["--mode", "check", "--json=1"], "no command is named"],
    [["constructor", "--json"], "constructor is no command of signalbox"],
    [["--jsn", "--json", "status"], "--jsn is no flag of status (did you mean --json?)"],
    [["status", "--json=maybe"], '--json is "maybe"'],
  ])("%j", async (args, message) => {
    const { code, error } = await documentOf(args);

    expect([code, error?.kind, error?.message]).toEqual([2, "configuration", expect.stringContaining(message)]);
  });

  it("is no more than the text where JSON is declined", async () => {
    for (const flag of ["--json=false", "--json=0"]) {
      const ended = await signalbox(["status", "--nosuch", flag], { cwd: project.dir, env: project.env });

      expect([ended.code, ended.stdout]).toEqual([2, ""]);
    }
  });

  it("tells of git that is missing, and of a working directory that is", async () => {
    const gone = join(project.dir, "gone");
    mkdirSync(gone);
    const script = 'cd "$1" && rmdir "$1" && exec "$2" "$3" status --json';
    const run = spawnSync("sh", ["-c", script, "sh", gone, process.execPath, CLI], { env: project.env });

    expect((await documentOf(["status", "--json"], { PATH: "/nowhere" })).error?.message).toBe(
      "git was not found on the PATH",
    );
    expect([run.status, JSON.parse(run.stdout.toString()).error.message]).toEqual([
      2,
      "the folder in which this was started is not there any more",
    ]);
  });

  it("tells of a signal", async () => {
    const hold = start(["queue", "--json", "--", "sleep", "30"], { cwd: project.dir, env: project.env });
    await hold.prints(/entered at once/);
    hold.child.kill("SIGINT");
    const ended = await hold.ended;

    expect([ended.code, json<{ error: unknown }>(ended).error]).toEqual([
      130,
      { kind: "interrupted", message: "stopped by SIGINT", hint: null, exitCode: 130 },
    ]);
  });

  it.each([
    ["an error", "status --nosuch", 2],
    ["a result", "status", 0],
  ])("that nobody reads changes no exit code: %s", (_, args, code) => {
    const script = `{ "$1" "$2" ${args} --json; echo "$?" >&3; } 3>&1 >&4 | { exec 4>&-; cat; }`;
    // The reader of fd 4 has ended before anything is written.
    const run = spawnSync("bash", ["-c", `exec 4> >(exec true); sleep 0.2; ${script}`, "sh", process.execPath, CLI], {
      cwd: project.dir,
      env: project.env,
    });

    expect(run.stdout.toString().trim()).toBe(String(code));
    expect(run.stderr.toString()).not.toMatch(/EPIPE|internal error/);
  });

  it.skipIf(!existsSync("/dev/full"))("that cannot be written is said, and is no success", () => {
    const script = 'exec "$1" "$2" status --json > /dev/full';
    const run = spawnSync("sh", ["-c", script, "sh", process.execPath, CLI], { cwd: project.dir, env: project.env });

    expect([run.status, run.stderr.toString()]).toEqual([
      2,
      expect.stringMatching(/^signalbox: standard output cannot be written: ENOSPC/m),
    ]);
  });
});

describe("a configuration under another name", () => {
  it.each([
    ["signalbox.yaml", "rename it, or name it: --config signalbox.yaml"],
    ["signal-box.yml", "rename it, or name it: --config signal-box.yml"],
    ["signalbox.json", "write it as YAML: signalbox init makes one"],
  ])("is not passed over: %s", async (name, hint) => {
    project.write({ [name]: project.read("signalbox.yml"), "signalbox.yml": null });

    const { code, error } = await documentOf(["status", "--json"]);
    const asked = await documentOf(["status", "--json", "--config", "signalbox.yml"]);

    expect([code, error?.message, error?.hint]).toEqual([
      2,
      `${name} is not read: the file is called signalbox.yml`,
      hint,
    ]);
    expect(asked.error?.message).toBe(`--config is "signalbox.yml": there is no such file (did you mean ${name}?)`);
  });
});
