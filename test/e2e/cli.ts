import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter } from "node:path";
import { fileURLToPath } from "node:url";
import "./patience.ts";

export const CLI = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
if (!existsSync(CLI)) throw new Error("dist/ is not built, and end-to-end tests run it: npm run build");

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when the pattern has been printed, on either stream; rejects when the process ends before. */
  readonly prints: (pattern: RegExp) => Promise<void>;
}

/** An environment like a laptop's: nothing of the CI or of the person that runs these tests. */
export function laptop(overrides: Readonly<Record<string, string | undefined>> = {}): Record<string, string> {
  const git = {
    GIT_AUTHOR_NAME: "Dana",
    GIT_AUTHOR_EMAIL: "dana@shop.example",
    GIT_COMMITTER_NAME: "Dana",
    GIT_COMMITTER_EMAIL: "dana@shop.example",
    GIT_CONFIG_GLOBAL: "/dev/null",
  };
  const env = { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "", NO_COLOR: "1", ...git, ...overrides };
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** PATH with a folder of programs in front. */
export function withPrograms(dir: string): string {
  return `${dir}${delimiter}${process.env.PATH ?? ""}`;
}

interface Place {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** The built CLI as a process of its own. */
export function start(args: readonly string[], place: Place): Started {
  return startProgram([process.execPath, CLI, ...args], place);
}

function startProgram([file = "", ...args]: readonly string[], { cwd, env = laptop() }: Place): Started {
  const child = spawn(file, args, { cwd, env, stdio: ["pipe", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  const waiting: { pattern: RegExp; resolve: () => void; reject: (reason: Error) => void }[] = [];
  const look = () => {
    for (const { pattern, resolve } of waiting) if (pattern.test(stdout + stderr)) resolve();
  };
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    stdout += chunk;
    look();
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    stderr += chunk;
    look();
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      for (const each of waiting)
        each.reject(new Error(`ended with ${code} before it printed ${each.pattern}:\n${stdout}${stderr}`));
      resolve({ code, stdout, stderr });
    });
  });
  const prints = (pattern: RegExp) =>
    new Promise<void>((resolve, reject) => {
      waiting.push({ pattern, resolve, reject });
      look();
    });
  return { child, ended, prints };
}

/** Another program, without anything to read. */
export function program(argv: readonly string[], place: Place): Promise<Ended> {
  const { child, ended } = startProgram(argv, place);
  child.stdin?.end();
  return ended;
}

export function signalbox(args: readonly string[], place: Place): Promise<Ended> {
  return start(args, place).ended;
}

/** The one JSON document of a command that was called with --json. */
export function json<T>({ stdout, stderr }: Ended): T {
  try {
    return JSON.parse(stdout) as T;
  } catch {
    throw new Error(`stdout is not one JSON document:\n${stdout}\nstderr:\n${stderr}`);
  }
}
