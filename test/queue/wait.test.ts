import { describe, expect, it } from "vitest";
import type { QueueEvent } from "../../src/queue/events.ts";
import { describeEvent } from "../../src/queue/log-lines.ts";
import type { RunSource } from "../../src/queue/source.ts";
import type { Scan, SeenRun } from "../../src/queue/ticket.ts";
import { endWithoutAnswer, type WaitOptions, type WaitPolicy, waitForTurn } from "../../src/queue/wait.ts";
import { SignalboxError } from "../../src/support/errors.ts";
import { createFakeClock, type FakeClock } from "../support/fake-clock.ts";
import { never } from "../support/signals.ts";
import { buildRun, buildScan, buildSource, buildTicket, me, NOW, type ScriptedSource, secondsAgo } from "./build.ts";

const own = buildRun("42", 300);
const ahead = buildRun("41", 400, { since: secondsAgo(48) });
const alone = buildScan([own]);
const blocked = buildScan([ahead, own]);
const outage = new SignalboxError("service", "GitHub answered 503");

const steadyPolicy: WaitPolicy = {
  lagSeconds: 20,
  settleSeconds: 30,
  supersede: "none",
  ignoredRuns: [],
  timeoutSeconds: 3600,
  onTimeout: "fail",
  pollSeconds: 5,
  maxPollSeconds: 30,
};

interface Started {
  readonly result: ReturnType<typeof waitForTurn>;
  readonly events: QueueEvent[];
  readonly clock: FakeClock;
}

function start(
  source: RunSource,
  policy: Partial<WaitPolicy> = {},
  overrides: Partial<WaitOptions> & { clock?: FakeClock } = {},
): Started {
  const events: QueueEvent[] = [];
  const clock = overrides.clock ?? createFakeClock({ now: NOW, auto: true });
  const result = waitForTurn({
    source,
    me,
    group: "shop/dbt main",
    ref: "main",
    policy: { ...steadyPolicy, ...policy },
    random: () => 0.5,
    signal: never(),
    report: (event) => events.push(event),
    ...overrides,
    clock,
  });
  result.catch(() => undefined);
  return { result, events, clock };
}

/** The run ahead is active for so many reads, then it has ended. */
function blockedFor(reads: number, more: Partial<SeenRun> = {}): ScriptedSource {
  const ended = { ...ahead, ended: true, status: "success", ...more };
  return buildSource(
    (looks) => (looks === 0 ? blocked : buildScan([ended, own])),
    (_, looks) => [looks < reads ? ahead : ended],
  );
}

const hang = <T>() => new Promise<T>(() => undefined);

const WHEN_IT_ANSWERS =
  "start again when the CI answers; --on-timeout proceed goes on all the same, and nothing keeps the runs apart";

describe("waiting", () => {
  it("enters at once with nobody ahead, by one whole look", async () => {
    const source = buildSource(() => alone);

    const { result, events, clock } = start(source);

    expect(await result).toEqual({
      schema: 1,
      decision: "entered",
      reason: "entered at once: nobody is ahead on main",
      me: { id: "42", attempt: 1, ticket: own.ticket },
      group: "shop/dbt main",
      waitedSeconds: 0,
      position: 1,
      blockers: [],
      calls: 1,
      leftFor: null,
      hint: null,
    });
    expect(events.map(({ kind }) => kind)).toEqual(["entered"]);
    expect(clock.sleepers()).toBe(0);
  });

  it("reads only the run ahead while it is active, and everything before it enters", async () => {
    const source = blockedFor(2);

    const { result, events } = start(source);

    expect(await result).toMatchObject({ decision: "entered", waitedSeconds: 24, calls: 5, position: 1 });
    expect(source.asked).toEqual(["scan", "reread 41", "reread 41", "reread 41", "scan"]);
    expect(events.map(({ kind }) => kind)).toEqual(["waiting", "entered"]);
    expect((await result).reason).toBe("entered after 24 s: run 41 has ended");
  });

  it("looks at everything again when the run ahead is missing in an answer", async () => {
    const source = buildSource(
      (looks) => (looks < 2 ? blocked : alone),
      () => [],
    );

    const { result } = start(source);

    expect((await result).decision).toBe("entered");
    expect(source.asked).toEqual(["scan", "reread 41", "scan", "reread 41", "scan"]);
  });

  it("goes on to the next run ahead at once, and keeps naming the one first seen first", async () => {
    const next = buildRun("40.5", 350);
    const over = { ...ahead, ended: true, status: "success" };
    const source = buildSource(
      (looks) => (looks === 0 ? buildScan([next, ahead, own]) : alone),
      (ids, looks) => (ids[0] === "41" ? [over] : [looks < 2 ? next : { ...next, ended: true, status: "failure" }]),
    );

    const { result, events } = start(source);

    expect((await result).blockers.map(({ id, status }) => ({ id, status }))).toEqual([
      { id: "41", status: "success" },
      { id: "40.5", status: "failure" },
    ]);
    expect(source.asked).toEqual(["scan", "reread 41", "reread 40.5", "reread 40.5", "scan"]);
    expect(events.map(({ kind }) => kind)).toEqual(["waiting", "waiting", "entered"]);
  });

  it("looks at everything again when the run ahead has moved behind it", async () => {
    const requeued = buildRun("41", 10);
    const source = buildSource(
      (looks) => (looks === 0 ? blocked : buildScan([requeued, own, buildRun("40", 500)])),
      () => [requeued],
    );

    const { result } = start(source, { timeoutSeconds: 10 });

    expect((await result).decision).toBe("timed-out");
    expect(source.asked).toEqual(["scan", "reread 41", "scan"]);
  });

  it("counts ages from the first request of a look, which told the server's time", async () => {
    const clock = createFakeClock({ now: NOW });
    const { events } = start(
      buildSource(() => clock.sleep(30_000).then(() => blocked)),
      {},
      { clock },
    );

    await clock.advance(30_000);

    expect(events[0]).toMatchObject({ kind: "waiting", outlook: { ahead: [{ ageSeconds: 78 }] } });
  });

  it("counts its own age up to the first request of a look where the server tells no time", async () => {
    const clock = createFakeClock({ now: NOW });
    const source = buildSource(() => clock.sleep(30_000).then(() => buildScan([own], { serverTime: null })));
    const { events } = start(source, {}, { clock });

    await clock.advance(30_000);

    expect(events.at(-1)).toMatchObject({ kind: "waiting", wait: { why: "settling", seconds: 21 } });
  });

  it("backs off by half each time, to the cap, and spreads the pauses", async () => {
    const at: number[] = [];
    const clock = createFakeClock({ now: NOW, auto: true });
    const source = buildSource(
      (looks) => (looks === 0 ? blocked : alone),
      (_, looks) => {
        at.push(clock.monotonic() / 1000);
        return looks < 8 ? [ahead] : [];
      },
    );

    await start(source, {}, { clock, random: () => 0 }).result;

    const pauses = at.map((time, index) => Math.round((time - (at[index - 1] ?? 0)) * 100) / 100);
    expect(pauses).toEqual([4, 6, 9, 13.5, 20.25, 24, 24, 24, 24]);
  });

  it.each([
    ["often around the moment at which its turn is foreseen", 5, [3, 6, 9, 12, 15, 18]],
    ["seldom while that is far away", 2000, [120, 240, 360, 480, 600, 720]],
    ["as often as if nothing were known where the run ahead is late", -1, [5, 13, 24, 41, 66, 96]],
  ])("looks %s", async (_, leftSeconds, expected) => {
    const usualSeconds = 3000;
    const finished = [1, 2, 3].map((id) =>
      buildRun(`${id}`, 100_000 - id * 10_000, {
        ended: true,
        status: "success",
        since: secondsAgo(90_000 - id * 10_000),
        tookSeconds: usualSeconds,
      }),
    );
    const holder = { ...ahead, since: secondsAgo(usualSeconds - leftSeconds) };
    const at: number[] = [];
    const clock = createFakeClock({ now: NOW, auto: true });
    const source = buildSource(
      (looks) => (looks === 0 ? buildScan([...finished, holder, own]) : alone),
      (_ids, looks) => {
        at.push(Math.round(clock.monotonic() / 1000));
        return looks < 5 ? [holder] : [];
      },
    );

    await start(source, {}, { clock }).result;

    expect(at).toEqual(expected);
  });

  it("sleeps exactly until its own ticket is old enough", async () => {
    const clock = createFakeClock({ now: NOW, auto: true });
    const source = buildSource(() => buildScan([buildRun("42", 13)], { serverTime: NOW + clock.monotonic() }));

    const { result, events } = start(source, {}, { clock });

    expect(await result).toMatchObject({ decision: "entered", waitedSeconds: 8, calls: 2 });
    expect(events.map(describeEvent)[0]).toBe("waits 8 s, until every earlier run is sure to be listed");
  });

  it("settles after a run that was cancelled while it waited", async () => {
    const clock = createFakeClock({ now: NOW, auto: true });
    const cut: SeenRun = { ...ahead, ended: true, status: "cancelled", since: secondsAgo(-5) };
    const source = buildSource(
      (looks) => (looks === 0 ? blocked : buildScan([cut, own], { serverTime: NOW + clock.monotonic() })),
      () => [cut],
    );

    const { result, events } = start(source, {}, { clock });

    expect(await result).toMatchObject({ decision: "entered", waitedSeconds: 36 });
    expect(events.map(describeEvent)[1]).toBe(
      "waits 31 s more: run 41 was cut short (cancelled), its queries may still run",
    );
  });

  it("leaves for a newer run that is running, and enters no more", async () => {
    const newer = buildRun("43", 10);
    const source = buildSource(
      () => buildScan([ahead, own, newer]),
      () => [newer],
    );

    const { result } = start(source, { supersede: "all" });

    expect(await result).toMatchObject({
      decision: "left",
      leftFor: "43",
      reason: "left at once: run 43 is newer and already running",
    });
    expect(source.asked).toEqual(["scan", "reread 43"]);
  });

  it.each<[string, SeenRun[]]>([
    ["has ended", [{ ...buildRun("43", 10), ended: true, status: "cancelled" }]],
    ["is not found", [{ ...buildRun("43", 10), status: "not found" }]],
    ["is gone", []],
  ])(
    "does not leave for a newer run that a list shows as running and that %s when it is read by its id",
    async (_, reads) => {
      const newer = buildRun("43", 10);
      const source = buildSource(
        (looks) => (looks === 0 ? buildScan([ahead, own, newer]) : alone),
        (ids) => (ids[0] === "43" ? reads : [{ ...ahead, ended: true, status: "success" }]),
      );

      const { result } = start(source, { supersede: "all" });

      expect(await result).toMatchObject({ decision: "entered", leftFor: null });
    },
  );

  it("notices a newer run within five minutes although the run ahead goes on", async () => {
    const source = buildSource(
      (looks) => (looks === 0 ? blocked : buildScan([ahead, own, buildRun("43", 10)])),
      (ids) => (ids[0] === "43" ? [buildRun("43", 10)] : [ahead]),
    );

    const { result } = start(source, { supersede: "all" });

    expect((await result).decision).toBe("left");
    expect((await result).waitedSeconds).toBe(306);
  });

  it("ignores a run that a person named, and says that nothing keeps the two apart", async () => {
    const { result } = start(
      buildSource(() => blocked),
      { ignoredRuns: ["41"] },
    );

    expect((await result).reason).toBe(
      "entered at once: nobody is ahead on main; ignored as told: run 41 - nothing keeps it apart from this run",
    );
  });

  it("stops with an infrastructure error when its own place cannot be read", async () => {
    const { result, clock } = start(buildSource(() => buildScan([{ ...own, ticket: null }])));

    await expect(result).rejects.toMatchObject({ kind: "service", exitCode: 4 });
    expect(clock.sleepers()).toBe(0);
  });

  it("names a run without life once, with what to paste", async () => {
    const dead = { ...ahead, quietSince: secondsAgo(89 * 60) };
    const source = buildSource(
      (looks) => (looks === 0 ? buildScan([dead, own]) : alone),
      (_, looks) => (looks < 12 ? [dead] : []),
    );

    const { result, events } = start(source);
    await result;

    const quiet = events.filter(({ kind }) => kind === "quiet");
    expect(quiet.map(describeEvent)).toEqual([
      "run 41 shows no sign of life for 90 min: if it is dead, start again with --ignore-run 41",
    ]);
  });
});

describe("the deadline", () => {
  it("lets nothing be read from its exact moment on", async () => {
    const source = buildSource(
      () => blocked,
      () => [ahead],
    );

    const { result, clock } = start(source, { timeoutSeconds: 5, pollSeconds: 5 });

    expect(await result).toMatchObject({ decision: "timed-out", waitedSeconds: 5, position: 2 });
    expect(source.asked).toEqual(["scan"]);
    expect(clock.sleepers()).toBe(0);
  });

  it("lets a read happen just before it", async () => {
    const source = buildSource(
      () => blocked,
      () => [ahead],
    );

    await start(source, { timeoutSeconds: 5.1, pollSeconds: 5 }).result;

    expect(source.asked).toEqual(["scan", "reread 41"]);
  });

  it("does not let in a run whose look ends at its exact moment", async () => {
    const clock = createFakeClock({ now: NOW });
    const source = buildSource(() => clock.sleep(5000).then(() => alone));

    const { result } = start(source, { timeoutSeconds: 5 }, { clock });
    await clock.advance(5000);

    expect((await result).decision).toBe("timed-out");
  });

  it("runs from when the process began, not from the first read", async () => {
    const clock = createFakeClock({ now: NOW });
    await clock.advance(10_000);
    const source = buildSource(() => alone);

    const { result } = start(source, { timeoutSeconds: 10 }, { clock, startedAt: 0 });

    expect((await result).decision).toBe("timed-out");
    expect(source.asked).toEqual([]);
  });

  it("ends a read that hangs", async () => {
    const { result, clock } = start(
      buildSource(() => hang<Scan>()),
      { timeoutSeconds: 90 },
    );

    expect(await result).toMatchObject({ decision: "timed-out", waitedSeconds: 90, position: 0 });
    expect(clock.sleepers()).toBe(0);
  });

  it("aborts the read that is under way", async () => {
    let given: AbortSignal | null = null;
    const source: RunSource = {
      ...buildSource(() => alone),
      scan: (signal) => {
        given = signal;
        return hang();
      },
    };

    await start(source, { timeoutSeconds: 1 }).result;

    expect(given).toMatchObject({ aborted: true });
  });

  it("is not moved by a correction of the machine's time", async () => {
    const clock = createFakeClock({ now: NOW });
    const { result, events } = start(
      buildSource(
        () => blocked,
        () => [ahead],
      ),
      { timeoutSeconds: 100 },
      { clock },
    );
    await clock.advance(50_000);

    clock.jump(24 * 3600_000);
    await clock.advance(49_000);
    expect(events.at(-1)?.kind).not.toBe("timed-out");
    await clock.advance(1000);

    expect(await result).toMatchObject({ decision: "timed-out", waitedSeconds: 100 });
  });

  it.each([
    ["alone", alone, "entered"],
    ["blocked", blocked, "timed-out"],
    ["too young", buildScan([buildRun("42", 3)]), "timed-out"],
  ] as const)("of 0 s decides by one look: %s", async (_, scan, decision) => {
    const source = buildSource(() => scan);

    const { result, clock } = start(source, { timeoutSeconds: 0 });

    expect(await result).toMatchObject({ decision, waitedSeconds: 0 });
    expect(source.asked).toEqual(["scan"]);
    expect(clock.sleepers()).toBe(0);
  });

  it("of 0 s does not ask again after an error", async () => {
    const source = buildSource(() => outage);

    const { result } = start(source, { timeoutSeconds: 0 });

    expect(await result).toMatchObject({
      decision: "timed-out",
      reason: expect.stringMatching(/^timed out after 0 s: GitHub answered 503; /),
    });
    expect(source.asked).toEqual(["scan"]);
  });

  it("may be none", async () => {
    const source = blockedFor(10_000);

    const { result } = start(source, { timeoutSeconds: null });

    expect((await result).decision).toBe("entered");
    expect((await result).waitedSeconds).toBe(299_946);
  });

  it("longer than a timer can take still counts in full", async () => {
    const { result } = start(
      buildSource(() => hang<Scan>()),
      { timeoutSeconds: 40 * 24 * 3600 },
    );

    expect(await result).toMatchObject({ decision: "timed-out", waitedSeconds: 40 * 24 * 3600 });
  });

  it("fails by saying who has not ended", async () => {
    const { result } = start(
      buildSource(
        () => blocked,
        () => [ahead],
      ),
      { timeoutSeconds: 60 },
    );

    expect((await result).reason).toBe(
      "timed out after 60 s: run 41 has not ended (running since 06:59:12 UTC, 108 s ago); if it is dead, or does not write here, start again with --ignore-run 41",
    );
    expect((await result).hint).toBe("if it is dead, or does not write here, start again with --ignore-run 41");
    expect((await result).blockers).toEqual([
      {
        id: "41",
        attempt: 1,
        status: "in_progress",
        url: "https://github.test/runs/41",
        since: secondsAgo(48),
        etaSeconds: null,
      },
    ]);
  });

  it.each<[string, Scan, Partial<WaitPolicy>, string, string]>([
    [
      "an approval",
      buildScan([{ ...ahead, status: "on_hold" }, own]),
      {},
      "waits for an approval: https://github.test/runs/41",
      "approve or cancel it, or start again with --ignore-run 41",
    ],
    [
      "the first of several",
      buildScan([buildRun("40", 500), ahead, own]),
      {},
      "run 40 has not ended",
      "if it is dead, or does not write here, start again with --ignore-run 40",
    ],
    [
      "a list that counts more runs than it shows",
      { ...buildScan([own]), complete: false },
      {},
      "the CI's list counts more runs than it shows",
      "a run that no list shows has no id for --ignore-run: start again in some minutes; --on-timeout proceed goes on all the same, and nothing keeps the runs apart",
    ],
    [
      "lists that do not show this run",
      buildScan([]),
      {},
      "the CI does not list this run as running yet",
      "the lists of the CI may be in an incident: start again when it is over; --on-timeout proceed goes on all the same, and nothing keeps the runs apart",
    ],
    [
      "a run that was cut short",
      buildScan([{ ...ahead, ended: true, status: "cancelled", since: secondsAgo(1) }, own]),
      { settleSeconds: 3600 },
      "run 41 was cut short (cancelled), its queries may still run",
      "start again with a longer --timeout, or with --settle 0s if no query of it can run any more",
    ],
    [
      "an id that is no plain word",
      buildScan([{ ...ahead, id: "41; rm -rf /" }, own]),
      {},
      "run 41; rm -rf / has not ended",
      "if it is dead, or does not write here, end it there: its id is no plain word for --ignore-run",
    ],
  ])("says the way out of %s", async (_, scan, policy, cause, hint) => {
    const { result } = start(
      buildSource(
        () => scan,
        () => scan.runs.filter(({ id }) => id !== own.id),
      ),
      { timeoutSeconds: 60, ...policy },
    );

    expect(await result).toMatchObject({ decision: "timed-out", hint });
    expect((await result).reason).toContain(cause);
    expect((await result).reason.endsWith(`; ${hint}`)).toBe(true);
  });

  it("may let the run go on, aloud", async () => {
    const { result } = start(
      buildSource(
        () => blocked,
        () => [ahead],
      ),
      { timeoutSeconds: 60, onTimeout: "proceed" },
    );

    expect(await result).toMatchObject({ decision: "entered", position: 2, hint: null });
    expect((await result).reason).toMatch(/^goes on without its turn after 60 s, .*; nothing keeps the runs apart$/);
  });

  it("may cancel this run", async () => {
    const source = buildSource(
      () => blocked,
      () => [ahead],
    );

    const { result } = start(source, { timeoutSeconds: 4, onTimeout: "cancel" });

    expect((await result).reason).toMatch(/; this run is being cancelled; .* --ignore-run 41$/);
    expect(source.asked).toEqual(["scan", "cancel 42"]);
  });

  it("stays a time-out where the run cannot be cancelled", async () => {
    const refused = new SignalboxError("configuration", "the token lacks actions: write");
    const source = buildSource(
      () => blocked,
      () => [ahead],
      () => refused,
    );

    const { result } = start(source, { timeoutSeconds: 4, onTimeout: "cancel" });

    expect(await result).toMatchObject({ decision: "timed-out" });
    expect((await result).reason).toMatch(
      /could not be cancelled: the token lacks actions: write; .* --ignore-run 41$/,
    );
  });
});

describe("errors of the source", () => {
  it("that may pass are retried, told once, and let nobody in", async () => {
    const source = buildSource((looks) => (looks < 3 ? outage : alone));

    const { result, events } = start(source);

    expect(await result).toMatchObject({ decision: "entered", calls: 4 });
    expect(events.map(describeEvent)).toEqual([
      "no answer yet, 0 s: GitHub answered 503",
      "entered after 24 s: nobody is ahead on main",
    ]);
  });

  it("in a single read do not let it forget the run ahead", async () => {
    const source = buildSource(
      (looks) => (looks === 0 ? blocked : alone),
      (_, looks) => [outage, [ahead], []][looks] ?? [],
    );

    const { result, events } = start(source);

    expect((await result).decision).toBe("entered");
    expect(source.asked).toEqual(["scan", "reread 41", "reread 41", "reread 41", "scan"]);
    expect(events.map(({ kind }) => kind)).toEqual(["waiting", "unanswered", "waiting", "entered"]);
  });

  it("that have passed are not the reason of a time-out", async () => {
    const source = buildSource(
      (looks) => (looks === 0 ? outage : blocked),
      () => [ahead],
    );

    const { result } = start(source, { timeoutSeconds: 20 });

    expect((await result).reason).toMatch(/^timed out after 20 s: run 41 has not ended/);
  });

  it("until the deadline end as a time-out that says so", async () => {
    const { result } = start(
      buildSource(() => outage),
      { timeoutSeconds: 600 },
    );

    expect(await result).toMatchObject({
      decision: "timed-out",
      reason: `timed out after 10 min: GitHub answered 503; ${WHEN_IT_ANSWERS}`,
      hint: WHEN_IT_ANSWERS,
    });
  });

  it.each<[WaitPolicy["onTimeout"], string, string]>([
    ["fail", "timed-out", `timed out after 60 min: GitHub answered 503; ${WHEN_IT_ANSWERS}`],
    [
      "proceed",
      "entered",
      "goes on without its turn after 60 min, as --on-timeout proceed says: GitHub answered 503; nothing keeps the runs apart",
    ],
    [
      "cancel",
      "timed-out",
      `timed out after 60 min: GitHub answered 503; this run could not be cancelled: the CI does not answer; ${WHEN_IT_ANSWERS}`,
    ],
  ])("before a wait could begin end as one, with --on-timeout %s", (onTimeout, decision, reason) => {
    const told: string[] = [];

    const result = endWithoutAnswer({
      me: { id: "42", attempt: 1 },
      group: "group",
      ref: "main",
      onTimeout,
      waitedSeconds: 3600,
      message: "GitHub answered 503",
      report: (event) => told.push(describeEvent(event)),
    });

    expect(result).toMatchObject({
      decision,
      reason,
      hint: onTimeout === "proceed" ? null : WHEN_IT_ANSWERS,
      waitedSeconds: 3600,
      me: { ticket: null },
    });
    expect(told).toEqual([reason]);
  });

  it.each<[string, Scan, string, string]>([
    [
      "the run ahead",
      blocked,
      "run 41 has not ended (running since 06:59:12 UTC, 108 s ago)",
      "if it is dead, or does not write here, start again with --ignore-run 41",
    ],
    [
      "an approval",
      buildScan([{ ...ahead, status: "waiting" }, own]),
      "run 41 has not ended (waiting since 06:59:12 UTC, 108 s ago; waits for an approval: https://github.test/runs/41)",
      "approve or cancel it, or start again with --ignore-run 41",
    ],
    [
      "a list with a hole",
      { ...buildScan([own]), complete: false },
      "the CI's list counts more runs than it shows",
      "a run that no list shows has no id for --ignore-run: start again in some minutes; --on-timeout proceed goes on all the same, and nothing keeps the runs apart",
    ],
  ])("at the end of a wait do not hide %s", async (_, scan, cause, hint) => {
    const source = buildSource(
      (looks) => (looks === 0 ? scan : outage),
      () => outage,
    );

    const { result } = start(source, { timeoutSeconds: 60 });

    expect((await result).reason).toBe(`timed out after 60 s: GitHub answered 503; last seen: ${cause}; ${hint}`);
    expect((await result).hint).toBe(hint);
  });

  it.each([
    ["of configuration", new SignalboxError("configuration", "the token was refused")],
    ["of ours", new TypeError("a bug")],
  ])("%s are thrown at once", async (_, error) => {
    const source = buildSource(() => error);

    const { result, clock } = start(source);

    await expect(result).rejects.toBe(error);
    expect(source.asked).toEqual(["scan"]);
    expect(clock.sleepers()).toBe(0);
  });
});

describe("an abort", () => {
  const reason = new SignalboxError("interrupted", "SIGTERM");

  it.each([
    [
      "a pause",
      () =>
        buildSource(
          () => blocked,
          () => [ahead],
        ),
    ],
    ["a read that hangs", () => buildSource(() => hang<Scan>())],
    ["an outage", () => buildSource(() => outage)],
  ])("during %s keeps its reason and leaves no timer", async (_, source) => {
    const clock = createFakeClock({ now: NOW });
    const controller = new AbortController();
    const { result } = start(source(), {}, { clock, signal: controller.signal });
    await clock.advance(1000);

    controller.abort(reason);

    await expect(result).rejects.toBe(reason);
    expect(clock.sleepers()).toBe(0);
  });

  it("wins over the error that the aborted read ends with", async () => {
    const controller = new AbortController();
    const source: RunSource = {
      ...buildSource(() => alone),
      scan: (signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(outage))),
    };
    const { result, events } = start(source, {}, { clock: createFakeClock(), signal: controller.signal });

    controller.abort(reason);

    await expect(result).rejects.toBe(reason);
    expect(events).toEqual([]);
  });

  it("before the start lets nothing be read", async () => {
    const source = buildSource(() => alone);

    await expect(start(source, {}, { signal: AbortSignal.abort(reason) }).result).rejects.toBe(reason);

    expect(source.asked).toEqual([]);
  });

  it("ends the wait for good: an answer that comes later is not used", async () => {
    const clock = createFakeClock({ now: NOW });
    const controller = new AbortController();
    let answer: (scan: Scan) => void = () => undefined;
    const source = buildSource(() => new Promise<Scan>((resolve) => (answer = resolve)));
    const { result, events } = start(source, {}, { clock, signal: controller.signal });
    await clock.advance(1000);
    controller.abort(reason);
    await expect(result).rejects.toBe(reason);

    answer(blocked);
    await clock.advance(3600_000);

    expect(source.asked).toEqual(["scan"]);
    expect(events).toEqual([]);
  });
});

describe("what is told", () => {
  it("is each change once, and a sign of life every minute", async () => {
    const clock = createFakeClock({ now: NOW });
    const { events } = start(
      buildSource(
        () => blocked,
        () => [ahead],
      ),
      {},
      { clock },
    );

    await clock.advance(185_000);

    expect(events.map(({ kind, waitedSeconds }) => `${kind} ${waitedSeconds}`)).toEqual([
      "waiting 0",
      "still-waiting 60",
      "still-waiting 120",
      "still-waiting 180",
    ]);
  });

  it("does not fall silent while a read hangs", async () => {
    const clock = createFakeClock({ now: NOW });
    const { events } = start(
      buildSource(() => hang<Scan>()),
      {},
      { clock },
    );

    await clock.advance(125_000);

    expect(events.map(({ waitedSeconds }) => waitedSeconds)).toEqual([60, 120]);
  });

  it("does not fall silent while the CI does not answer", async () => {
    const clock = createFakeClock({ now: NOW });
    const { events } = start(
      buildSource(() => outage),
      {},
      { clock },
    );

    await clock.advance(125_000);

    expect(events.map(describeEvent)).toEqual([
      "no answer yet, 0 s: GitHub answered 503",
      "no answer yet, 60 s: GitHub answered 503",
      "no answer yet, 2 min: GitHub answered 503",
    ]);
  });

  it("counts the minute from the last line, not from the first", async () => {
    const clock = createFakeClock({ now: NOW });
    const source = buildSource(
      () => blocked,
      (_, looks) => [looks < 1 ? ahead : { ...ahead, status: "failing" }],
    );
    const { events } = start(source, {}, { clock });

    await clock.advance(80_000);

    expect(events.map(({ kind, waitedSeconds }) => `${kind} ${waitedSeconds}`)).toEqual([
      "waiting 0",
      "waiting 13",
      "still-waiting 73",
    ]);
  });

  it("holds the place that the scan told last", async () => {
    const requeued = buildRun("42", 100, { ticket: buildTicket({ second: NOW / 1000 - 100 }) });

    const { result } = start(buildSource(() => buildScan([requeued])));

    expect((await result).me.ticket).toEqual(requeued.ticket);
  });
});
