import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CLI, json, type Started, signalbox, start } from "./cli.ts";
import { openSmallProject, type SmallProject } from "./small-project.ts";

/** The built CLI, several at a time in one folder, with a dbt that builds until it is told to end. */
let project: SmallProject;
let hold = "";
beforeEach(() => {
  project = openSmallProject();
  hold = join(project.dir, "..", "hold");
  writeFileSync(hold, "");
});
afterEach(() => {
  rmSync(hold, { force: true });
  project.remove();
});

const here = (env: Record<string, string> = {}) => ({
  cwd: project.dir,
  env: { ...project.env, TMPDIR: join(project.dir, ".."), ...env },
});
const QUICK = ["--settle", "0s", "--poll", "1s"];
/** What a busy machine may take; what never comes ends the test with what was expected. */
const WAIT = { timeout: 120_000, interval: 100 };
const CI = ["ci", "--full", "--timeout", "120s", ...QUICK];

/** A run inside, whose dbt builds. */
async function startBuild(...flags: string[]): Promise<Started & { dbt: number }> {
  const run = start([...CI, ...flags], here({ FAKE_DBT_HOLD: hold }));
  const isBuild = ({ argv }: { argv: string[] }) => argv.includes("build");
  const before = project.starts().filter(isBuild).length;
  const build = await vi.waitFor(() => {
    const found = project.starts().filter(isBuild)[before];
    expect(found).toBeDefined();
    return found;
  }, WAIT);
  return { ...run, dbt: build?.pid ?? 0 };
}

const value = (name: string) => JSON.parse(project.read(`.signalbox/${name}`));

describe("two runs in one work folder", () => {
  it("do no harm to each other: the second waits, and whoever cannot wait is told who has the folder", async () => {
    const first = await startBuild();
    const second = start(CI, here());
    await second.prints(/waits for run 1/);

    const refused = await Promise.all(
      [["ci", "--no-queue", "--full"], ["plan", "--full"], ["build"], ["report"], ["notify"], ["state", "fetch"]].map(
        (args) => signalbox(args, here({ SIGNALBOX_ERROR_CHANNEL: "C0AAAAAAA", SIGNALBOX_WARN_CHANNEL: "C0BBBBBBB" })),
      ),
    );
    const status = await signalbox(["status"], here());
    const dryRun = await signalbox(["ci", "--full", "--dry-run", "--json"], here());
    const timedOut = await signalbox(["ci", "--full", "--timeout", "1s", "--json", ...QUICK], here());
    const bare = await signalbox(["queue", "--timeout", "1s"], here());

    for (const { code, stdout, stderr } of refused) {
      expect(code, stdout).toBe(2);
      expect(stderr).toMatch(
        new RegExp(`\\.signalbox is in use by signalbox ci \\(pid ${first.child.pid}, since 20.* UTC\\)\\n {2}→ `),
      );
    }
    expect([status.code, dryRun.code, timedOut.code, bare.code]).toEqual([0, 0, 4, 75]);
    expect(json(dryRun)).toMatchObject({ plan: { kind: "everything" } });
    expect(json(timedOut)).toMatchObject({ outcome: "failed", queue: { decision: "timed-out" } });
    expect(timedOut.stderr).toMatch(/the files of this run are in \S+signalbox-work-/);
    expect(bare.stdout).toContain("queue.json is not written");
    expect(value("queue.json")).toMatchObject({ decision: "entered", me: { id: "1" } });
    expect(existsSync(join(project.dir, ".signalbox/ci.json"))).toBe(false);

    rmSync(hold);
    const ended = await first.ended;
    expect([ended.code, ended.stderr]).toEqual([0, ""]);
    expect((await second.ended).code).toBe(0);
    expect(value("ci.json")).toMatchObject({ outcome: "pass", queue: { me: { id: "2" } } });
    expect((await signalbox(["report"], here())).code).toBe(0);
  });
});

describe("a run that has entered", () => {
  it("waits for a command that has the work folder for a moment", async () => {
    const build = start(["plan", "--full"], here({ FAKE_DBT_HOLD: hold, FAKE_DBT_HOLDS: "parse" }));
    await vi.waitFor(() => expect(project.starts()).toHaveLength(1), WAIT);
    const run = start(CI, here());
    await run.prints(/waits: the work folder \S+ is in use by signalbox plan/);

    rmSync(hold);

    expect([(await build.ended).code, (await run.ended).code]).toEqual([0, 0]);
  });

  it("keeps dbt's target folder, whatever the work folder of another: each is told what its own dbt built", async () => {
    const first = await startBuild("--mode", "deploy");
    const beside = (work: string) => ["--full", "--work", work];

    const refused = [
      await signalbox(["ci", "--no-queue", ...beside(".signalbox-2")], here()),
      await signalbox(["plan", ...beside(".signalbox-3")], here()),
    ];
    const apart = await signalbox(
      ["ci", "--no-queue", ...beside(".signalbox-4")],
      here({ DBT_TARGET_PATH: join(project.dir, "../t") }),
    );

    for (const { code, stderr } of refused) {
      expect([code, stderr]).toEqual([
        2,
        expect.stringMatching(
          /dbt's target folder \S+ is in use by signalbox ci \(pid \d+, since .*\n {2}→ .*DBT_TARGET_PATH/,
        ),
      ]);
    }
    expect(apart.code).toBe(0);
    rmSync(hold);
    expect((await first.ended).code).toBe(0);
    expect(JSON.parse(project.read(".signalbox/dbt/01-build/manifest.json")).nodes["model.small.orders"].schema).toBe(
      "s",
    );
  });

  it("does not wait for itself where signalbox queue has started it", async () => {
    const nested = ["queue", ...QUICK, "--", process.execPath, CLI, ...CI];

    const { code, stdout } = await signalbox(nested, here());
    const stale = await signalbox(CI, here({ SIGNALBOX_TICKET: "1 /nowhere" }));

    expect([code, stdout]).toEqual([0, expect.stringContaining("it runs inside signalbox queue, which has its turn")]);
    expect([stale.code, stale.stdout]).toEqual([0, expect.stringContaining("entered")]);
  });

  it("tells what dbt built although its tickets and its work folder are deleted meanwhile, and the next run works", async () => {
    const tickets = join(project.dir, "../tickets");
    const first = await startBuild("--ticket-dir", tickets);
    for (const folder of [tickets, join(project.dir, ".signalbox")]) rmSync(folder, { recursive: true });

    rmSync(hold);

    const { code, stdout } = await first.ended;
    expect([code, stdout]).toEqual([0, expect.stringContaining("the end of this run is not in its ticket")]);
    expect(value("ci.json")).toMatchObject({ outcome: "pass", exitCode: 0 });
    expect((await signalbox(CI, here())).code).toBe(0);
  });

  it("says what the machine lacks: no folder for temporary files", async () => {
    const { code, stderr } = await signalbox(["ci", "--dry-run"], here({ TMPDIR: join(project.dir, "nowhere") }));

    expect([code, stderr]).toEqual([2, expect.stringMatching(/ENOENT.*mkdtemp.*\n {2}→ TMPDIR/)]);
  });
});

describe("a signalbox that is killed", () => {
  it("is still inside while its dbt builds: the next run waits for dbt, by its name, and so does the folder", async () => {
    const first = await startBuild();
    first.child.kill("SIGKILL");
    await first.ended;

    const next = start(CI, here());
    await next.prints(
      new RegExp(
        `waits for run 1 of main, .* \\(orphaned: dbt still runs \\(pid ${first.dbt}\\) though its signalbox is gone\\)`,
      ),
    );
    const plan = await signalbox(["plan", "--full"], here());
    const status = await signalbox(["status", "--json"], here());
    expect(plan.code).toBe(2);
    expect(plan.stderr).toContain(`dbt (pid ${first.dbt}) still runs, though its signalbox ci (pid ${first.child.pid}`);
    expect(json<{ runs: unknown[] }>(status).runs[0]).toMatchObject({ id: "1", inside: true });

    rmSync(hold);
    const { code, stdout } = await next.ended;
    expect([code, stdout]).toEqual([0, expect.stringMatching(/entered after .* run 1 has ended/)]);
  });

  it("is still inside while the command of its queue runs", async () => {
    const program = `setInterval(() => require("node:fs").existsSync(${JSON.stringify(hold)}) || process.exit(0), 50)`;
    const first = start(["queue", "--", process.execPath, "-e", program], here());
    await first.prints(/entered/);
    const isInside = async () => {
      const { stdout } = await signalbox(["status", "--json"], here());
      expect(JSON.parse(stdout).runs).toHaveLength(1);
    };
    await vi.waitFor(isInside, WAIT);
    const isGone = once(first.child, "exit");
    first.child.kill("SIGKILL");
    // Not `ended`: the command has the pipes, and holds them open.
    await isGone;

    const next = start(["queue", "--settle", "0s", "--timeout", "120s", "--", process.execPath, "-e", ""], here());
    await next.prints(/orphaned: node still runs/);
    rmSync(hold);

    expect((await next.ended).code).toBe(0);
  });

  it("by the end of its terminal stops dbt first, and lets the next run in", async () => {
    const script = fileURLToPath(new URL("closed-terminal.py", import.meta.url));
    const terminal = spawn("python3", [script, process.execPath, CLI, ...CI], {
      ...here({ FAKE_DBT_HOLD: hold }),
      stdio: ["pipe", "pipe", "inherit"],
    });
    let printed = "";
    terminal.stdout.setEncoding("utf8").on("data", (chunk: string) => (printed += chunk));
    await vi.waitFor(() => expect(project.starts().some(({ argv }) => argv.includes("build"))).toBe(true), WAIT);

    terminal.stdin.end();
    await vi.waitFor(() => expect(printed).toMatch(/ended: -1$/m), WAIT);

    const dbt = project.starts().find(({ argv }) => argv.includes("build"))?.pid ?? 0;
    expect(() => process.kill(dbt, 0)).toThrow("ESRCH");
    expect(value("ci.json")).toMatchObject({ outcome: "failed", exitCode: 143 });
    expect((await signalbox(["queue", "--settle", "0s", "--timeout", "120s"], here())).code).toBe(0);
  });

  it("by SIGHUP alone ends as by SIGTERM", async () => {
    const { child, ended, dbt } = await startBuild();

    child.kill("SIGHUP");

    expect(await ended).toMatchObject({ code: 143, stderr: expect.stringContaining("stopped by SIGHUP") });
    expect(() => process.kill(dbt, 0)).toThrow("ESRCH");
  });
});
