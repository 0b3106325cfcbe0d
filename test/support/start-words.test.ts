import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runProcess } from "../../src/dbt/process.ts";
import { SignalboxError } from "../../src/support/errors.ts";
import { createGit } from "../../src/support/git.ts";
import { runProgram } from "../../src/support/program.ts";
import { never } from "./signals.ts";
import { useTempDir } from "./temp-dir.ts";

const dir = useTempDir();
const PATH = process.env.PATH ?? "";
const HIDDEN = "hunter2hunter2";

const STARTS: Readonly<Record<string, (argv: readonly string[], env: Record<string, string>) => Promise<unknown>>> = {
  "dbt or a queue's command": (argv, env) =>
    runProcess({
      ...{ argv, env, cwd: dir(), stdout: "log", name: "dbt", onLine: () => {} },
      ...{ children: { started: () => {}, ended: () => {} }, signal: never() },
    }),
  "a cloud's tool": ([program = "", ...args], env) => runProgram({ program, args, env, cwd: dir() }),
};

async function refusal(work: () => Promise<unknown>): Promise<SignalboxError> {
  const error = await work().then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error instanceof SignalboxError) return error;
  throw error ?? new Error("was started");
}

describe.each(Object.entries(STARTS))("%s", (_, start) => {
  it.each<[what: string, argv: readonly string[], env: Record<string, string>, message: RegExp]>([
    ["an empty name", [""], {}, /^the name of the program to start is empty$/],
    ["a blank name", [" "], {}, /^the name of the program to start is empty$/],
    ["a NUL in its name", ["a\0b"], {}, /^"ab" cannot be started: its name holds a NUL character$/],
    ["a NUL in an argument", ["true", "x", `a\0${HIDDEN}`], {}, /^"true" cannot be started: argument 2 holds a NUL/],
    ["a NUL in a variable", ["true"], { FOO: `a\0${HIDDEN}` }, /^"true" cannot be started: variable FOO holds a NUL/],
    [
      "a variable that is too long",
      ["true"],
      { FOO: HIDDEN.repeat(20_000) },
      /^"true" cannot be started: .* too long for this machine: \d+ bytes, the longest are variable FOO \(\d+ bytes\)$/,
    ],
    [
      "an argument that is too long",
      ["true", HIDDEN.repeat(20_000)],
      {},
      /the longest are argument 1 \(280001 bytes\)$/,
    ],
    [
      "many variables",
      ["true"],
      Object.fromEntries(Array.from({ length: 80 }, (__, index) => [`V${index}`, HIDDEN.repeat(9000)])),
      /the longest are variable V\d+ \(\d+ bytes\), variable V\d+ \(\d+ bytes\), variable V\d+ \(\d+ bytes\)$/,
    ],
  ])("is not started with %s, which is told without what it holds", async (__, argv, env, message) => {
    const error = await refusal(() => start(argv, { PATH, ...env }));

    expect(error.exitCode).toBe(2);
    expect(error.message).toMatch(message);
    expect(`${error.message}${error.hint}`).not.toContain(HIDDEN);
  });

  it("may not be run without the right to", async () => {
    const file = join(dir(), "no-program");
    writeFileSync(file, "");
    chmodSync(file, 0o644);

    expect(await refusal(() => start([file], { PATH }))).toMatchObject({
      exitCode: 2,
      message: `${JSON.stringify(file)} may not be run: EACCES`,
    });
  });
});

describe("a program's name", () => {
  it.each([
    ["that is below a file", "/dev/null/dbt"],
    ["that is too long", `/${"x".repeat(5000)}`],
  ])("%s is one of no program", async (_, name) => {
    const error = await refusal(() => STARTS["dbt or a queue's command"]?.([name], { PATH }) ?? Promise.resolve());

    expect(error.exitCode).toBe(2);
    expect(error.message).toMatch(/^there is no program "/);
    expect(error.message.length).toBeLessThan(300);
  });
});

describe("git", () => {
  it("is not started with a NUL in a name that an event tells; where the answer may be no, it is no", async () => {
    const git = createGit(dir(), { PATH });

    expect(await refusal(() => git.run("rev-parse", "refs/heads/a\0b"))).toMatchObject({ exitCode: 2 });
    expect(await git.ask("rev-parse", "refs/heads/a\0b")).toBeNull();
  });
});
