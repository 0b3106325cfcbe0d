import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { mkdir, readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { describeProcess } from "../../src/support/processes.ts";
import { redactor } from "../../src/support/redact.ts";
import { createWorkFolder } from "../../src/work/folder.ts";
import type { Lock } from "../../src/work/lock.ts";
import { useTempDir } from "../support/temp-dir.ts";

const dir = useTempDir();
const at = (...names: string[]) => join(dir(), "work", ...names);
const STARTED = Date.UTC(2026, 10, 25, 7, 0, 12);
const lock = (pid = process.pid, command = "ci") =>
  createWorkFolder(at(), redactor([])).lock({ pid, command, startedAt: STARTED });

/** A busy machine takes its time to start a process. */
const WAIT = { timeout: 15_000 };
const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
});

async function startProcess(program = "sleep", args = ["600"], options = {}): Promise<ChildProcess & { pid: number }> {
  const child = spawn(program, args, { stdio: "ignore", ...options });
  started.push(child);
  await once(child, "spawn");
  return child as ChildProcess & { pid: number };
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  await once(child, "exit");
}

describe("the lock of a work folder", () => {
  it("is one process's: the second is told pid and start of the first, and what to do", async () => {
    const other = await startProcess();
    await lock(other.pid);

    await expect(lock(process.pid, "plan")).rejects.toMatchObject({
      kind: "configuration",
      exitCode: 2,
      message: `the work folder ${at()} is in use by signalbox ci (pid ${other.pid}, since 2026-11-25 07:00:12 UTC)`,
      hint: expect.stringContaining("--work"),
    });
  });

  it("is free again after its release, and after its process's death, whatever was left", async () => {
    const other = await startProcess();
    const released = await lock();
    await released.release();
    await lock(other.pid);
    await writeFile(at("plan.json"), "{");
    await kill(other);

    const third = await createWorkFolder(at(), redactor([])).lock(
      { pid: process.pid, command: "ci", startedAt: 0 },
      { empty: true },
    );

    expect([released.tookOver, third.tookOver]).toEqual([
      null,
      `signalbox ci (pid ${other.pid}, since 2026-11-25 07:00:12 UTC)`,
    ]);

    await expect(lock()).rejects.toMatchObject({ exitCode: 2 });
    expect((await readdir(at())).sort()).toEqual([".gitignore", ".lock", ".signalbox-work"]);
    await third.release();
    await lock();
  });

  it("of a dead process is not kept by another one that got its id", async () => {
    const other = await startProcess();
    const { startedAt, ...holder } = await describeProcess(other.pid);
    await createWorkFolder(at(), redactor([])).open();
    await mkdir(at(".lock"));
    const content = { schema: 1, holder: { ...holder, startedAt: "1" }, command: "ci", startedAt: "then" };
    await writeFile(at(".lock", "1.json"), JSON.stringify(content));

    await lock();

    expect(startedAt).not.toBe("1");
  });

  it.each([
    ["stands by a sign of life", 100, 2],
    ["is dead after two minutes without one", 130, null],
  ])("of a process in another container %s", async (_, silentSeconds, exitCode) => {
    const holder = { host: "elsewhere boot pid:[7]", pid: process.pid, startedAt: "1" };
    await createWorkFolder(at(), redactor([])).open();
    await mkdir(at(".lock"));
    await writeFile(
      at(".lock", "1.json"),
      JSON.stringify({ schema: 1, holder, command: "ci", startedAt: "2026-11-25T07:00:12.000Z" }),
    );
    const time = Date.now() / 1000 - silentSeconds;
    await utimes(at(".lock", "1.json"), time, time);

    const locking = lock();

    if (exitCode === null) await locking;
    else
      await expect(locking).rejects.toMatchObject({
        exitCode,
        message: expect.stringContaining(`(pid ${process.pid} on elsewhere, since 2026-11-25 07:00:12 UTC)`),
      });
  });

  it("is won by one of many that come at once, also where a dead one's is taken over", async () => {
    for (let round = 0; round < 8; round++) {
      const other = await startProcess();
      if (round % 2 === 1) await lock(other.pid);
      await kill(other);

      const takers = await Promise.allSettled(Array.from({ length: 8 }, () => lock()));

      const winners = takers.filter((taker): taker is PromiseFulfilledResult<Lock> => taker.status === "fulfilled");
      const losers = takers.flatMap((taker) => (taker.status === "rejected" ? [taker.reason.message] : []));
      expect(winners).toHaveLength(1);
      for (const message of losers) expect(message).toContain("is in use by signalbox ci");
      await winners[0]?.value.release();
    }
    expect(readdirSync(at(".lock")).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  it.each([
    ["half-written", '{"schema":1,"hol'],
    ["of a later version", '{"schema":2}'],
    [
      "of somebody who writes a workflow command",
      JSON.stringify({
        schema: 1,
        holder: { host: "a\n::error::b", pid: 1, startedAt: null },
        command: "ci",
        startedAt: "now",
      }),
    ],
  ])("that cannot be read since it is %s is not free, and the file to delete is named", async (_, text) => {
    await createWorkFolder(at(), redactor([])).open();
    await mkdir(at(".lock"));
    await writeFile(at(".lock", "7.json"), text);

    await expect(lock()).rejects.toMatchObject({
      exitCode: 2,
      message: `the lock of the work folder ${at()} cannot be read: ${at(".lock", "7.json")}`,
      hint: expect.stringContaining("delete that file"),
    });
  });

  it("leaves no timer, and few files however often it is taken", async () => {
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
    const before = timers();

    for (let count = 0; count < 5; count++) await (await lock()).release();

    expect(timers()).toBeLessThanOrEqual(before);
    expect((await readdir(at(".lock"))).sort()).toEqual(["5.beat", "5.end.json", "5.json", "pruned-4"]);
  });
});

describe("the lock of a process that was killed while dbt ran", () => {
  /** A wrapper that starts the program and, told to, ends before it, as `uv run` may. */
  const WRAPPER = `require("node:child_process").spawn("sleep", ["600"], { stdio: "ignore" });
    process.on("SIGTERM", () => process.exit(0)); setInterval(() => {}, 1000);`;

  it("stands while dbt runs, is told with dbt's pid, and is free when dbt has ended", async () => {
    const [holder, dbt] = [await startProcess(), await startProcess("sleep", ["600"], { detached: true })];
    const taken = await lock(holder.pid);
    taken.started("dbt", dbt.pid);
    await kill(holder);

    await expect(lock()).rejects.toMatchObject({
      exitCode: 2,
      message: `the work folder ${at()} is in use: dbt (pid ${dbt.pid}) still runs, though its signalbox ci (pid ${holder.pid}, since 2026-11-25 07:00:12 UTC) is gone`,
      hint: expect.stringContaining(`kill -INT -${dbt.pid}`),
    });
    await kill(dbt);
    await lock();
  });

  it("stands while anything runs that a wrapper has started, also when the wrapper has ended", async () => {
    const [holder, uv] = [
      await startProcess(),
      await startProcess(process.execPath, ["-e", WRAPPER], { detached: true }),
    ];
    const taken = await lock(holder.pid);
    taken.started("dbt", uv.pid);
    await kill(holder);
    await vi.waitFor(async () => {
      const children = await readFile(`/proc/${uv.pid}/task/${uv.pid}/children`, "utf8");
      expect(children.trim()).not.toBe("");
    }, WAIT);
    uv.kill("SIGTERM");
    await once(uv, "exit");

    await expect(lock()).rejects.toMatchObject({ message: expect.stringContaining(`dbt (pid ${uv.pid}) still runs`) });
    process.kill(-uv.pid, "SIGKILL");
    await vi.waitFor(async () => (await lock()).release(), WAIT);
  });

  it("is free where dbt had ended before, or another process got its id", async () => {
    const [holder, dbt, other] = [
      await startProcess(),
      await startProcess(),
      await startProcess("sleep", ["600"], { detached: true }),
    ];
    const first = await lock(holder.pid);
    first.started("dbt", dbt.pid);
    first.ended(dbt.pid);
    await kill(holder);
    const second = await lock(process.pid);
    await second.release();

    const next = await startProcess();
    await lock(next.pid);
    await writeFile(
      at(".lock", "3.child.json"),
      JSON.stringify({ schema: 1, name: "dbt", pid: other.pid, startedAt: "1" }),
    );
    await kill(next);
    await expect(lock()).resolves.toHaveProperty("release");
  });
});
