import { describe, expect, it } from "vitest";
import { runProcess } from "../../src/dbt/process.ts";
import { never } from "../support/signals.ts";

const node = (script: string) => [process.execPath, "-e", script];
const env = { PATH: process.env.PATH ?? "" };

async function run(
  script: string,
  overrides: {
    signal?: AbortSignal;
    stdout?: "log" | "answer";
    env?: Record<string, string>;
    onLine?: (line: string) => void;
  } = {},
) {
  const lines: string[] = [];
  const end = await runProcess({
    children: { started: () => {}, ended: () => {} },
    name: "dbt",
    argv: node(script),
    cwd: process.cwd(),
    env: overrides.env ?? env,
    stdout: overrides.stdout ?? "log",
    signal: overrides.signal ?? never(),
    onLine: (line) => {
      lines.push(line);
      overrides.onLine?.(line);
    },
  });
  return { ...end, lines };
}

describe("a process", () => {
  it("passes its lines on whole, also those without a line break at the end, and characters cut in two", async () => {
    const script = `
      const bytes = Buffer.from("é");
      process.stdout.write("one\\r\\ntw");
      setTimeout(() => { process.stdout.write("o\\n"); process.stdout.write(bytes.subarray(0, 1)); }, 50);
      setTimeout(() => process.stdout.write(bytes.subarray(1)), 100);`;

    const { lines, exitCode } = await run(script);

    expect({ lines, exitCode }).toEqual({ lines: ["one", "two", "é"], exitCode: 0 });
  });

  it("hands on the beginning of a line that has no end, and says so, in a moment", async () => {
    const script = `
      for (let i = 0; i < 32; i += 1) require("node:fs").writeSync(1, "x".repeat(1 << 20));
      console.log("\\nnext");`;

    const { lines } = await run(script);

    const [long = "", ...others] = lines;
    expect(long).toMatch(/^x{1000000}… \(a line of 33,554,432 characters\)$/);
    expect(others).toEqual(["next"]);
  });

  it("keeps its answer apart from its log where it is captured", async () => {
    const { stdout, lines } = await run(`console.log("answer"); console.error("log")`, { stdout: "answer" });

    expect({ stdout, lines }).toEqual({ stdout: "answer\n", lines: ["log"] });
  });

  it("sees the environment that is handed to it and nothing else", async () => {
    const { lines } = await run(`console.log(process.env.A, process.env.HOME)`, { env: { ...env, A: "1" } });

    expect(lines).toEqual(["1 undefined"]);
  });

  it("is stopped by SIGINT when the signal aborts, together with the children of a wrapper that does not pass it on", async () => {
    const controller = new AbortController();
    const script = `
      const { spawn } = require("node:child_process");
      process.on("SIGINT", () => {});
      const child = spawn(process.execPath, ["-e", "process.on('SIGINT', () => { console.log('child stopped'); process.exit(0) }); console.log('ready'); setInterval(() => {}, 1000)"], { stdio: "inherit" });
      child.on("exit", () => process.exit(2));`;

    const { lines, stopped, exitCode } = await run(script, {
      signal: controller.signal,
      onLine: (line) => line === "ready" && controller.abort(),
    });

    expect({ lines, stopped, exitCode }).toEqual({ lines: ["ready", "child stopped"], stopped: true, exitCode: 2 });
  });

  it("does not hang on a grandchild that keeps the pipes open", async () => {
    const script = `require("node:child_process").spawn("sleep", ["600"], { stdio: "inherit" }).unref(); process.exit(0)`;

    expect((await run(script)).exitCode).toBe(0);
  });

  it("that does not exist is a configuration error", async () => {
    const missing = runProcess({
      children: { started: () => {}, ended: () => {} },
      name: "dbt",
      argv: ["no-such-dbt"],
      cwd: process.cwd(),
      env,
      stdout: "log",
      signal: never(),
      onLine: () => {},
    });

    await expect(missing).rejects.toMatchObject({
      exitCode: 2,
      message: 'there is no program "no-such-dbt" on the PATH',
    });
  });
});
