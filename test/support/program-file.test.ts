import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { runProcess } from "../../src/dbt/process.ts";
import { SignalboxError } from "../../src/support/errors.ts";
import { runProgram } from "../../src/support/program.ts";
import { assertProgram } from "../../src/support/program-file.ts";
import { never } from "./signals.ts";

let dir: string;
beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), "signalbox-program-")));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function write(name: string, text: string, mode = 0o755): void {
  writeFileSync(join(dir, name), text);
  chmodSync(join(dir, name), mode);
}

const place = (program: string, cwd = dir) => ({ program, cwd, env: { PATH: dir } });
async function errorOf(starts: Promise<unknown>): Promise<SignalboxError> {
  const error = await starts.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error instanceof SignalboxError) return error;
  throw new Error(`wanted an error for people, got ${String(error)}`);
}
const asProcess = ({ program, cwd, env }: ReturnType<typeof place>, ...args: readonly string[]) =>
  errorOf(
    runProcess({
      ...{ argv: [program, ...args], cwd, env, stdout: "log", name: "x", onLine: () => {} },
      children: { started: () => {}, ended: () => {} },
      signal: never(),
    }),
  );

it.each<[what: string, text: string, said: RegExp]>([
  [
    "an interpreter that is gone",
    "#!/gone/venv/bin/python -E\n",
    /is there, and what its first line starts it with is not: "\/gone\/venv\/bin\/python"$/,
  ],
  ["line ends of Windows", "#!/bin/sh\r\necho\r\n", /ends its first line as Windows does/],
])("a program with %s is not called missing, by its name and by its path", async (_, text, said) => {
  write("dbt", text);

  for (const program of ["dbt", "./dbt"]) {
    const { message, hint, exitCode } = await asProcess(place(program));
    expect(message).toMatch(said);
    expect([hint === null, exitCode]).toEqual([false, 2]);
  }
  expect((await errorOf(runProgram({ ...place("dbt"), args: [] }))).message).toMatch(said);
});

it("a program that is not there is, and so is one that may not be run", async () => {
  write("locked", "#!/bin/sh\n", 0o644);

  expect((await asProcess(place("dbt"))).message).toBe('there is no program "dbt" on the PATH');
  expect((await asProcess(place("./dbt"))).message).toBe('there is no program "./dbt"');
  expect((await asProcess(place("./locked"))).message).toMatch(/may not be run: EACCES/);
  expect(await runProgram({ ...place("aws"), args: [] })).toBeNull();
});

it("a folder that is not there is named in place of the program", async () => {
  mkdirSync(join(dir, "a"));
  write("dbt", "#!/bin/sh\n");

  expect((await asProcess(place("dbt", join(dir, "b")))).message).toContain(
    `${join(dir, "b")}, and there is no such folder`,
  );
});

it("what is too long for the system is told by its size", async () => {
  write("dbt", "#!/bin/sh\n");

  expect((await asProcess(place("dbt"), "x".repeat(2_000_000))).message).toMatch(
    /^"dbt" cannot be started: .*, the longest are argument 1 \(2000001 bytes\)$/,
  );
});

it("before a wait, what cannot be started is refused as its start would be", async () => {
  write("dbt", "#!/bin/sh\n");
  write("locked", "#!/bin/sh\n", 0o644);
  mkdirSync(join(dir, "folder"));
  const before = async (program: string) => (await errorOf(assertProgram(place(program)))).message;

  for (const program of ["dbt", "./dbt", join(dir, "dbt")]) await assertProgram(place(program));
  expect(await before("nosuch")).toBe('there is no program "nosuch" on the PATH');
  expect(await before("folder")).toBe('there is no program "folder" on the PATH');
  expect(await before("./nosuch")).toBe('there is no program "./nosuch"');
  expect(await before("./folder")).toBe('"./folder" is no program');
  for (const program of ["locked", "./locked"])
    expect(await before(program)).toBe((await asProcess(place(program))).message);
  expect(await before("")).toBe("the name of the program to start is empty");
});
