import { expect, it } from "vitest";
import { runProgram } from "../../src/support/program.ts";

const sh = (script: string, more: { ms?: number; signal?: AbortSignal } = {}) =>
  runProgram({ program: "sh", args: ["-c", script], cwd: "/", env: { PATH: process.env.PATH }, ...more });

it("its end and its words, in English, whichever way it ends", async () => {
  expect(await sh("echo $LC_ALL; echo no >&2; exit 3")).toEqual({
    exitCode: 3,
    stdout: "C\n",
    stderr: "no\n",
    isLate: false,
  });
  expect(await sh("kill -9 $$")).toMatchObject({ exitCode: null, isLate: false });
});

it("ends when its time is up, with what it has said, though what it started holds its output open", async () => {
  const end = await sh("echo began; sleep 30 & wait", { ms: 300 });

  expect(end).toEqual({ exitCode: null, stdout: "began\n", stderr: "", isLate: true });
});

it("ends with the signal's own reason, though what it started holds its output open", async () => {
  const signal = AbortSignal.timeout(200);

  await expect(sh("sleep 30 & wait", { signal })).rejects.toThrow(/timeout/);
  await expect(sh("true", { signal })).rejects.toThrow(/timeout/);
});

it("is refused where it prints without end", async () => {
  await expect(sh("cat /dev/zero")).rejects.toThrow("sh printed more than 64 MiB");
});
