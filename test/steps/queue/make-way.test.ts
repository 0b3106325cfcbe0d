import { describe, expect, it } from "vitest";
import { skipQueue } from "../../../src/queue/result.ts";
import type { SeenRun } from "../../../src/queue/ticket.ts";
import type { Mode } from "../../../src/run/mode.ts";
import { lookoutOf, makingWay } from "../../../src/steps/queue/make-way.ts";
import type { Lookout, Turn } from "../../../src/steps/queue/turn.ts";
import { SignalboxError } from "../../../src/support/errors.ts";
import { buildRun, me } from "../../queue/build.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { quietLog } from "../../support/quiet-log.ts";
import { aConfig } from "../build-parts.ts";

const NEWER = buildRun("43", 60);
const OWN = buildRun("42", 300);

function lookout(runs: readonly SeenRun[]): Lookout {
  return { me, everySeconds: 60, source: { running: async () => runs, reread: async () => runs } };
}

describe("what looks for a newer run", () => {
  const turnOf = (decision: Turn["result"]["decision"], has = true): Turn => ({
    result: { ...skipQueue({ id: "42", attempt: 1 }, "g", ""), decision },
    ...{ outlivesProcess: true, env: {}, end: async () => {}, lookout: has ? lookout([]) : null },
  });
  const of = (isOn: boolean, mode: Mode, turn: Turn | null) =>
    lookoutOf({ given: {}, config: aConfig({ queue: { supersede_running: isOn } }) }, mode, turn) !== null;

  it.each<[what: string, isOn: boolean, mode: Mode, turn: Turn | null, looks: boolean]>([
    ["a check that has entered", true, "check", turnOf("entered"), true],
    ["no check without the key", false, "check", turnOf("entered"), false],
    ["no deploy", true, "deploy", turnOf("entered"), false],
    ["no schedule", true, "schedule", turnOf("entered"), false],
    ["no check that has left", true, "check", turnOf("left"), false],
    ["no check that is not in the queue", true, "check", turnOf("skipped", false), false],
    ["no check with --no-queue", true, "check", null, false],
  ])("is %s", (_, isOn, mode, turn, looks) => {
    expect(of(isOn, mode, turn)).toBe(looks);
  });

  it("is nothing where the file does not say it", () => {
    expect(aConfig().queue.supersedeRunning).toBe(false);
  });
});

describe("a check that makes way", () => {
  function open(runs: readonly SeenRun[], lookingOut = true) {
    const [clock, lines, stopped] = [createFakeClock(), [] as string[], new AbortController()];
    const start = <T>(work: (signal: AbortSignal) => Promise<T>) =>
      makingWay({ clock, signal: stopped.signal, log: quietLog(lines) }, lookingOut ? lookout(runs) : null, work);
    /** Work that ends when it is told to stop, a moment later, as dbt does. */
    const dbt = async (signal: AbortSignal) => {
      await clock.sleep(600_000, signal).catch(() => {});
      lines.push("dbt has ended\n");
      signal.throwIfAborted();
      return "built";
    };
    return { clock, start, dbt, lines, stopped };
  }

  it("stops the work first, then ends, and says for whom", async () => {
    const { clock, start, dbt, lines } = open([OWN, NEWER]);
    const worked = start(dbt);

    await clock.advance(90_000);

    expect(await worked).toEqual({ kind: "superseded", words: "run 43 is newer and already running" });
    expect(lines).toEqual([
      expect.stringContaining(
        "makes way, dbt is stopped: run 43 is newer and already running (https://github.test/runs/43)",
      ),
      "dbt has ended\n",
    ]);
    expect(clock.sleepers()).toBe(0);
  });

  it.each<[what: string, runs: readonly SeenRun[], lookingOut: boolean]>([
    ["no run is newer", [OWN], true],
    ["it makes way for nobody", [OWN, NEWER], false],
  ])("is none where %s: its work is done to its end", async (_, runs, lookingOut) => {
    const { clock, start, dbt } = open(runs, lookingOut);
    const worked = start(dbt);

    await clock.advance(700_000);

    expect(await worked).toEqual({ kind: "done", value: "built" });
    expect(clock.sleepers()).toBe(0);
  });

  it("keeps what is done already when the newer run comes", async () => {
    const { clock, start } = open([OWN, NEWER]);
    const worked = start(() => clock.sleep(90_000).then(() => "built"));

    await clock.advance(100_000);

    expect(await worked).toEqual({ kind: "done", value: "built" });
  });

  it.each<[what: string, error: Error]>([
    ["its own error", new SignalboxError("dbt", "no dbt")],
    ["a bug", new TypeError("x")],
  ])("ends with %s where no run is newer", async (_, error) => {
    const { start, clock } = open([OWN]);

    await expect(start(() => Promise.reject(error))).rejects.toBe(error);
    expect(clock.sleepers()).toBe(0);
  });

  it("is interrupted as ever where the whole run is stopped", async () => {
    const { clock, start, dbt, stopped } = open([OWN, NEWER]);
    const interrupted = new SignalboxError("interrupted", "stopped by SIGTERM", { exitCode: 143 });
    const worked = start(dbt).catch((error: unknown) => error);

    await clock.advance(10_000);
    stopped.abort(interrupted);

    expect(await worked).toBe(interrupted);
  });
});
