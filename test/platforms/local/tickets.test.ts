import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rolldown } from "rolldown";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openTickets, type TakenTicket, takeTicket } from "../../../src/platforms/local/tickets.ts";
import { decide } from "../../../src/queue/decide.ts";
import type { QueueEvent } from "../../../src/queue/events.ts";
import { compareTickets, type SeenRun } from "../../../src/queue/ticket.ts";
import { waitForTurn } from "../../../src/queue/wait.ts";
import { claimNumber } from "../../../src/support/claim-files.ts";
import { systemClock } from "../../../src/support/clock.ts";
import { describeProcess, type Holder } from "../../../src/support/processes.ts";

const GROUP = "shop/dbt feature/fx";
const HOUR_MS = 3600_000;
const { signal } = new AbortController();
const run = {
  trigger: "push" as const,
  url: null,
  commit: { sha: "a", checkedOut: "a", title: "fix totals", author: "Ann" },
};

let workFolder: string;
let dir: string;
const children: ChildProcess[] = [];

beforeEach(async () => {
  workFolder = await mkdtemp(join(tmpdir(), "signalbox-tickets-"));
  dir = join(workFolder, "shared");
  await mkdir(dir);
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await rm(workFolder, { recursive: true, force: true });
});

const take = (overrides: { holder?: Holder; group?: string } = {}) =>
  takeTicket({ dir, group: GROUP, run, ...overrides });

async function groupFolder(): Promise<string> {
  const [name = ""] = await readdir(dir);
  return join(dir, name);
}

async function see(id: string): Promise<SeenRun | undefined> {
  const { runs } = await openTickets({ dir, group: GROUP }).scan(signal);
  return runs.find((each) => each.id === id);
}

/** A holder that is another process: `kill` ends it as the kernel's out-of-memory killer does. */
async function startHolder(): Promise<{ holder: Holder; kill: () => Promise<void> }> {
  const child = spawn("sleep", ["600"], { stdio: "ignore" });
  children.push(child);
  await once(child, "spawn");
  return {
    holder: await describeProcess(child.pid ?? 0),
    kill: async () => {
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}

/** A holder never beats by itself in these tests, so that its last sign of life is as old as they want. */
async function setLastBeat(ticket: TakenTicket, secondsAgo: number): Promise<void> {
  const time = new Date(Date.now() - secondsAgo * 1000);
  for (const part of ["json", "beat"]) {
    const path = join(await groupFolder(), `${ticket.me.id}.${part}`);
    await utimes(path, time, time);
  }
}

describe("taking a ticket", () => {
  it("gives numbers in order, from one on, and tells who and what", async () => {
    const first = await take();
    const second = await take();

    expect([first.me.id, second.me.id]).toEqual(["1", "2"]);
    expect(compareTickets(first.me.ticket, second.me.ticket)).toBeLessThan(0);
    expect(await see("1")).toMatchObject({
      ticket: first.me.ticket,
      ended: false,
      status: "running",
      trigger: "push",
      title: "fix totals",
      author: "Ann",
    });
  });

  it("keeps groups apart, and never makes a path of a branch name", async () => {
    await take({ group: "../../etc/passwd\0" });
    const other = await take({ group: "main" });

    expect(other.me.id).toBe("1");
    expect((await readdir(dir)).every((name) => /^[0-9a-f]{32}$/.test(name))).toBe(true);
    expect((await other.source.scan(signal)).runs).toHaveLength(1);
  });

  it("draws no number twice among takers that come at once", async () => {
    const tickets = await Promise.all(Array.from({ length: 20 }, () => take()));

    expect(tickets.map(({ me }) => Number(me.id)).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
  });

  it("draws no number twice among processes that come at once, while old tickets are pruned", async () => {
    const worker = await buildWorker();
    const workers = Array.from({ length: 6 }, () =>
      fork(worker, [dir, GROUP], { stdio: ["ignore", "pipe", "inherit", "ipc"] }),
    );
    children.push(...workers);
    const ready = workers.map((child) => once(child, "message"));
    await Promise.all(ready);
    const outputs = workers.map(async (child) => {
      let text = "";
      for await (const chunk of child.stdout ?? []) text += chunk;
      return text;
    });

    for (const child of workers) child.send("go");
    const numbers = (await Promise.all(outputs)).flatMap((text) => text.trim().split("\n").map(Number));

    expect(numbers).toHaveLength(6 * 25);
    expect(new Set(numbers).size).toBe(numbers.length);
    expect((await readdir(await groupFolder())).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  it.each([
    ["a file", async () => writeFile(join(dir, "busy"), "")],
    ["below a file", async () => writeFile(join(dir, "busy"), "")],
  ])("is a configuration error where the folder is %s", async (name, prepare) => {
    await prepare();

    const taking = takeTicket({ dir: join(dir, name === "a file" ? "busy" : "busy/deep"), group: GROUP, run });

    await expect(taking).rejects.toMatchObject({
      kind: "configuration",
      message: expect.stringContaining("--ticket-dir"),
    });
  });

  it("leaves no timer that keeps the process alive", async () => {
    const spies = [vi.spyOn(globalThis, "setInterval"), vi.spyOn(globalThis, "setTimeout")];

    await take();

    const timers = spies.flatMap(({ mock }) => mock.results.map(({ value }) => value as NodeJS.Timeout));
    for (const spy of spies) spy.mockRestore();
    expect(timers.length).toBeGreaterThan(0);
    expect(timers.filter((timer) => timer.hasRef())).toEqual([]);
  });
});

describe("looking at a line without a ticket", () => {
  it("sees nobody where nobody ever took one, and leaves no trace", async () => {
    const shared = join(dir, "not", "yet");

    expect(await openTickets({ dir: shared, group: GROUP }).scan(signal)).toMatchObject({ runs: [], complete: true });
    expect(await readdir(dir)).toEqual([]);
  });

  it("is an outage where the folder cannot be one, and for whoever has a ticket in a folder that is gone", async () => {
    await writeFile(join(dir, "busy"), "");
    await expect(openTickets({ dir: join(dir, "busy"), group: GROUP }).scan(signal)).rejects.toMatchObject({
      kind: "service",
    });
    await rm(join(dir, "busy"));

    const { source } = await take();
    await rm(await groupFolder(), { recursive: true });
    await expect(source.scan(signal)).rejects.toMatchObject({ kind: "service" });
  });
});

describe("the sign of life", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it("is given every ten seconds until the release", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const ticket = await take();
    await setLastBeat(ticket, 500);
    const path = join(await groupFolder(), "1.beat");

    vi.advanceTimersByTime(10_000);

    await vi.waitFor(async () => expect(Date.now() - (await stat(path)).mtimeMs).toBeLessThan(400_000), {
      timeout: 15_000,
    });
    await ticket.release("success");
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("the end of a ticket", () => {
  it("is what its holder says first", async () => {
    const ticket = await take();

    await ticket.release("success");
    await ticket.release("cancelled");

    expect(await see("1")).toMatchObject({ ended: true, status: "success", tookSeconds: expect.any(Number) });
  });

  it("may be a cancellation, of one's own ticket alone", async () => {
    const [first, second] = [await take(), await take()];

    await second.source.cancel("2");

    await expect(first.source.cancel("2")).rejects.toMatchObject({ kind: "configuration" });
    expect(await see("2")).toMatchObject({ ended: true, status: "cancelled" });
  });

  it("comes with the holder's death", async () => {
    const { holder, kill } = await startHolder();
    await take({ holder });
    expect(await see("1")).toMatchObject({ ended: false, status: "running" });

    await kill();

    expect(await see("1")).toMatchObject({ ended: true, status: "crashed" });
  });

  it("by death makes the next run settle, since the queries may still run", async () => {
    const { holder, kill } = await startHolder();
    await take({ holder });
    const { me, source } = await take();
    await kill();

    const scan = await source.scan(signal);
    const policy = { lagSeconds: 0, supersede: "none" as const, ignoredRuns: [] };
    const now = { time: Date.now(), processAgeSeconds: 0 };

    expect(decide(scan, me, now, { ...policy, settleSeconds: 30 })).toMatchObject({
      why: "settling",
      after: { id: "1", status: "crashed" },
    });
    expect(decide(scan, me, now, { ...policy, settleSeconds: 0 }).kind).toBe("enter");
  });

  it("by death is dated by when the next sign of life was due", async () => {
    const { holder } = await startHolder();
    const ticket = await take({ holder: { ...holder, host: "elsewhere" } });

    await setLastBeat(ticket, 200);

    const end = Date.parse((await see("1"))?.since ?? "");
    const { mtimeMs } = await stat(join(await groupFolder(), "1.beat"));
    expect(end - Math.trunc(mtimeMs)).toBe(10_000);
  });

  it("comes when the process id has gone to another process", async () => {
    const { holder } = await startHolder();
    await take({ holder: { ...holder, startedAt: "1" } });

    expect(await see("1")).toMatchObject({ ended: true, status: "crashed" });
  });

  it.each([
    ["lives by its process, however old its last sign of life", 2 * 3600, {}, false],
    ["without a known start lives by a sign of life", 100, { startedAt: null }, false],
    ["without a known start is dead after two minutes without one", 130, { startedAt: null }, true],
    ["on another machine lives by a sign of life", 100, { host: "elsewhere" }, false],
    ["on another machine is dead after two minutes without one", 130, { host: "elsewhere" }, true],
    ["on another machine is not looked up by its process id here", 100, { host: "elsewhere", pid: 2 ** 22 + 1 }, false],
  ])("a holder %s", async (_, silentSeconds, overrides, ended) => {
    const { holder } = await startHolder();
    const ticket = await take({ holder: { ...holder, ...overrides } });

    await setLastBeat(ticket, silentSeconds);

    expect(await see("1")).toMatchObject({ ended });
  });
});

describe("a ticket that cannot be read", () => {
  it.each([
    ["empty", ""],
    ["half-written", '{"schema":1,"group":"x"'],
    ["of another shape", '{"schema":1}'],
    ["of a later version", '{"schema":2,"holder":"me"}'],
    [
      "of a holder without a process",
      '{"schema":1,"group":"x","holder":{"host":"h","pid":-1,"startedAt":null},"trigger":"push","url":null,"title":null,"author":null}',
    ],
  ])("since it is %s, counts as an earlier run and says what to do", async (_, content) => {
    const { me, source } = await take();
    const path = join(await groupFolder(), "7.json");
    await writeFile(path, content);

    const scan = await source.scan(signal);
    const decision = decide(
      scan,
      me,
      { time: Date.now(), processAgeSeconds: 0 },
      { lagSeconds: 0, settleSeconds: 0, supersede: "none", ignoredRuns: [] },
    );

    expect(decision).toMatchObject({
      why: "blockers",
      blockers: [{ id: "7", ticket: null, status: `unreadable ticket: if that run has ended, delete ${path}` }],
    });
    await rm(path);
    expect((await source.scan(signal)).runs).toHaveLength(1);
  });

  it("is not among other files, which are no tickets", async () => {
    await take();
    for (const name of ["notes.json", "07.json", "-1.json", "8.json.bak", "9.beat"])
      await writeFile(join(await groupFolder(), name), "");

    expect((await openTickets({ dir, group: GROUP }).scan(signal)).runs).toHaveLength(1);
  });

  it("is found where a directory stands in its place", async () => {
    const { source } = await take();
    await mkdir(join(await groupFolder(), "7.json"));

    expect((await source.scan(signal)).runs.find(({ id }) => id === "7")).toMatchObject({ ticket: null, ended: false });
  });
});

describe("old tickets", () => {
  async function endLongAgo(ticket: TakenTicket): Promise<void> {
    await ticket.release("success");
    const time = new Date(Date.now() - 25 * HOUR_MS);
    await utimes(join(await groupFolder(), `${ticket.me.id}.end.json`), time, time);
  }

  it("are deleted a day after their end, and their numbers are not given again", async () => {
    for (let count = 0; count < 3; count++) await endLongAgo(await take());
    const next = await take();

    expect(next.me.id).toBe("4");
    expect((await readdir(await groupFolder())).filter((name) => !name.startsWith("4."))).toEqual(["pruned-3"]);
  });

  it("are kept while they are active or younger, whatever their number", async () => {
    const active = await take();
    await endLongAgo(await take());
    const young = await take();
    await young.release("success");
    await take();

    const { runs } = await active.source.scan(signal);

    expect(runs.map(({ id }) => id).sort()).toEqual(["1", "3", "4"]);
  });

  it("leave a mark, so that a slow taker does not get a deleted number", async () => {
    const active = await take();
    await endLongAgo(await take());
    await take();
    const content = join(workFolder, "slow");
    await writeFile(content, "{}");

    const claims = [1, 2, 3, 4].map((number) => groupFolder().then((folder) => claimNumber(folder, content, number)));

    expect(await Promise.all(claims)).toEqual([false, false, false, true]);
    expect((await active.source.scan(signal)).runs.map(({ id }) => id).sort()).toEqual(["1", "3", "4"]);
  });
});

describe("a number", () => {
  it("is known as one's own although the answer of the first claim was lost", async () => {
    await take();
    const content = join(workFolder, "content");
    await writeFile(content, "{}");
    const claim = async () => claimNumber(await groupFolder(), content, 2);

    expect(await claim()).toBe(true);
    expect(await claim()).toBe(true);
  });
});

describe("waiting by tickets", () => {
  it("lets the runs in one at a time, in the order of their tickets", async () => {
    const tickets = await Promise.all(Array.from({ length: 6 }, () => take()));
    const log: string[] = [];

    await Promise.all(
      [...tickets].reverse().map(async ({ me, source, release }) => {
        const result = await wait({ me, source });
        log.push(`${result.decision} ${me.id}`);
        await systemClock.sleep(5);
        log.push(`done ${me.id}`);
        await release("success");
      }),
    );

    expect(log).toEqual([1, 2, 3, 4, 5, 6].flatMap((number) => [`entered ${number}`, `done ${number}`]));
  });

  it("goes on behind a holder that dies", async () => {
    const { holder, kill } = await startHolder();
    await take({ holder });
    const { me, source } = await take();

    const result = await wait({ me, source }, "none", (event) => {
      if (event.kind === "waiting") void kill();
    });

    expect(result).toMatchObject({ decision: "entered", blockers: [{ id: "1", status: "crashed" }] });
  });

  it("lets only the newest of a backlog in where the others may leave", async () => {
    const [inside, ...others] = [await take(), await take(), await take(), await take()];

    const results = Promise.all(
      others.map(({ me, source, release }) => wait({ me, source }, "all").finally(() => release("success"))),
    );
    await inside?.release("success");

    expect((await results).map(({ decision, leftFor }) => [decision, leftFor])).toEqual([
      ["left", "4"],
      ["left", "4"],
      ["entered", null],
    ]);
  });

  it("retries while the folder is away", async () => {
    const { me, source } = await take();
    const folder = await groupFolder();
    const content = await readFile(join(folder, "1.json"), "utf8");
    await rm(folder, { recursive: true });

    const waiting = wait({ me, source });
    await systemClock.sleep(20);
    await mkdir(folder);
    await writeFile(join(folder, "1.json"), content);

    expect(await waiting).toMatchObject({ decision: "entered" });
  });

  function wait(
    { me, source }: Pick<TakenTicket, "me" | "source">,
    supersede: "none" | "all" = "none",
    report: (event: QueueEvent) => void = () => undefined,
  ) {
    return waitForTurn({
      me,
      source,
      group: GROUP,
      ref: "feature/fx",
      policy: {
        lagSeconds: 0,
        settleSeconds: 0,
        supersede,
        ignoredRuns: [],
        timeoutSeconds: 60,
        onTimeout: "fail",
        pollSeconds: 0.005,
        maxPollSeconds: 0.01,
      },
      clock: systemClock,
      random: Math.random,
      signal,
      report,
    });
  }
});

/** A program of plain JavaScript: told to go, it draws 25 tickets, ends each long ago, and prints their numbers. */
async function buildWorker(): Promise<string> {
  const [entry, file] = [join(workFolder, "worker.ts"), join(workFolder, "worker.mjs")];
  await writeFile(
    entry,
    `import { createHash } from "node:crypto";
    import { utimes } from "node:fs/promises";
    import { takeTicket } from ${JSON.stringify(join(import.meta.dirname, "../../../src/platforms/local/tickets.ts"))};
    const [dir, group] = process.argv.slice(2);
    const folder = dir + "/" + createHash("sha256").update(group).digest("hex").slice(0, 32);
    process.once("message", async () => {
      const lines = [];
      for (let count = 0; count < 25; count++) {
        const ticket = await takeTicket({ dir, group, run: ${JSON.stringify(run)} });
        lines.push(ticket.me.id);
        await ticket.release("success");
        await utimes(folder + "/" + ticket.me.id + ".end.json", 1, 1);
      }
      process.stdout.write(lines.join("\\n"), () => process.disconnect());
    });
    process.send("ready");`,
  );
  const bundle = await rolldown({ input: entry, platform: "node", logLevel: "silent" });
  await bundle.write({ file, format: "esm" });
  await bundle.close();
  return file;
}
