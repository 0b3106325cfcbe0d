import { describe, expect, it } from "vitest";
import { findRelief, waitForRelief } from "../../src/queue/relief.ts";
import type { SeenRun } from "../../src/queue/ticket.ts";
import { SignalboxError } from "../../src/support/errors.ts";
import { createFakeClock } from "../support/fake-clock.ts";
import { buildRun, buildTicket, me } from "./build.ts";

const own = (overrides: Partial<SeenRun> = {}) => buildRun("42", 300, overrides);
const newer = (overrides: Partial<SeenRun> = {}, id = "43", age = 60) => buildRun(id, age, overrides);

describe("a run that is inside makes way", () => {
  it.each<[what: string, runs: readonly SeenRun[], relief: string | null]>([
    ["for a newer run that works", [own(), newer()], "43"],
    ["for the newest of several", [own(), newer(), newer({}, "44", 30)], "44"],
    ["as a pull request's", [own({ trigger: "pull-request" }), newer({ trigger: "pull-request" })], "43"],
    ["as one that a person started", [own({ trigger: "manual" }), newer({ trigger: "manual" })], "43"],
    ["for nobody where there is no other", [own()], null],
    ["not for an earlier run", [own(), buildRun("41", 400)], null],
    ["not for one that only waits for a machine", [own(), newer({ status: "queued" })], null],
    ["not for one that waits for an approval", [own(), newer({ status: "on_hold" })], null],
    ["not for one that has failed", [own(), newer({ status: "failing" })], null],
    ["not for one that has ended", [own(), newer({ ended: true, status: "success" })], null],
    ["not for one whose place is not known", [own(), newer({ ticket: null })], null],
    ["not for one of another event", [own(), newer({ trigger: "schedule" })], null],
    ["not as a merge group", [own({ trigger: "merge-group" }), newer({ trigger: "merge-group" })], null],
    ["not as a schedule", [own({ trigger: "schedule" }), newer({ trigger: "schedule" })], null],
    ["not as one whose event is not known", [own({ trigger: "unknown" }), newer({ trigger: "unknown" })], null],
    ["not where it is not found itself", [newer()], null],
    ["not where it has ended itself, as far as the CI knows", [own({ ended: true }), newer()], null],
    [
      "not for its own next attempt",
      [own(), own({ attempt: 2, ticket: buildTicket({ attempt: 2, second: 9e9 }) })],
      null,
    ],
    ["not where an old answer tells of an attempt before it", [newer()].concat(own({ attempt: 0 })), null],
  ])("%s", (_, runs, relief) => {
    expect(findRelief(runs, me)?.id ?? null).toBe(relief);
  });
});

describe("the looks of a run that is inside", () => {
  type Answer = readonly SeenRun[] | SignalboxError;

  function open(running: (look: number) => Answer, reread: Answer = [own(), newer()], everySeconds = 60) {
    const clock = createFakeClock();
    const ended = new AbortController();
    const [asked, notes]: [string[], string[]] = [[], []];
    const give = async (answer: Answer) => {
      if (answer instanceof SignalboxError) throw answer;
      return answer;
    };
    let looks = 0;
    const source = {
      running: () => {
        asked.push("running");
        return give(running(looks++));
      },
      reread: (ids: readonly string[]) => {
        asked.push(`reread ${ids.join(" ")}`);
        return give(reread);
      },
    };
    const options = { source, me, everySeconds, clock, random: () => 0.5, signal: ended.signal };
    const relief = waitForRelief({ ...options, note: (text) => void notes.push(text) });
    let found: SeenRun | null | undefined;
    void relief.then(
      (run) => (found = run),
      () => {},
    );
    return { clock, ended, asked, notes, relief, found: () => (found === undefined ? "looks" : (found?.id ?? null)) };
  }

  it("are one a minute, one request while nothing is newer, and two once something is, which is read by its id", async () => {
    const { clock, asked, found } = open((look) => (look < 2 ? [own()] : [own(), newer()]));

    await clock.advance(59_000);
    expect(asked).toEqual([]);
    await clock.advance(62_000);
    expect([asked, found()]).toEqual([["running", "running"], "looks"]);
    await clock.advance(60_000);
    expect([asked, found()]).toEqual([["running", "running", "running", "reread 42 43"], "43"]);
    expect(clock.sleepers()).toBe(0);
  });

  it("go on where a list was old: the newer run has ended", async () => {
    const { clock, asked, found } = open(() => [own(), newer()], [own(), newer({ ended: true, status: "success" })]);

    await clock.advance(120_000);

    expect([asked.length, found()]).toEqual([4, "looks"]);
  });

  it("go on where the CI does not answer, which is said once", async () => {
    const { clock, notes, found } = open((look) =>
      look < 2 ? new SignalboxError("service", "GitHub answered 502") : [newer()],
    );

    await clock.advance(180_000);

    expect([notes, found()]).toEqual([["GitHub answered 502"], "43"]);
  });

  it("end where the token may not look: the check goes on without", async () => {
    const { clock, notes, found } = open(() => new SignalboxError("configuration", "GitHub answered 403"));

    await clock.advance(300_000);

    expect([notes, found(), clock.sleepers()]).toEqual([["GitHub answered 403"], null, 0]);
  });

  it("end with the work, and leave no timer", async () => {
    const { clock, ended, relief } = open(() => []);

    ended.abort(new Error("over"));

    await expect(relief).rejects.toThrow("over");
    expect(clock.sleepers()).toBe(0);
  });
});
