import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decide, findOwn } from "../../src/queue/decide.ts";
import { compareTickets } from "../../src/queue/ticket.ts";
import {
  anyNow,
  anyPolicy,
  anyScan,
  buildNow,
  buildPolicy,
  buildRun,
  buildScan,
  buildTicket,
  me,
  NOW,
  secondsAgo,
} from "./build.ts";

const own = buildRun("42", 300);
const kindOf = (decision: ReturnType<typeof decide>) => (decision.kind === "wait" ? decision.why : decision.kind);

describe("entering", () => {
  it("is allowed to a ripe run that was seen alone in a complete scan", () => {
    const decision = decide(buildScan([own]), me, buildNow(), buildPolicy());

    expect(decision).toEqual({ kind: "enter", ignored: [] });
  });

  it.each([
    ["an earlier run that runs", buildRun("41", 400), "blockers"],
    ["an earlier run that is queued", buildRun("41", 400, { status: "queued" }), "blockers"],
    ["an earlier run that is pending", buildRun("41", 400, { status: "pending" }), "blockers"],
    ["an earlier run that is failing", buildRun("41", 400, { status: "failing" }), "blockers"],
    ["an earlier run on hold", buildRun("41", 400, { status: "on_hold" }), "blockers"],
    ["an earlier run with a status that nobody knows", buildRun("41", 400, { status: "resting" }), "blockers"],
    ["an active run without a place", buildRun("43", 1, { ticket: null }), "blockers"],
    ["an older run of the same second with a smaller id", buildRun("41", 300), "blockers"],
    ["an earlier run that has ended", buildRun("41", 400, { ended: true, status: "success" }), "enter"],
    ["an ended run without a place", buildRun("41", 400, { ticket: null, ended: true, status: "failure" }), "enter"],
    ["a later run", buildRun("43", 200), "enter"],
    ["a run of the same second with a greater id", buildRun("100", 300), "enter"],
  ])("condition 1: %s", (_, other, expected) => {
    const decision = decide(buildScan([other, own]), me, buildNow(), buildPolicy());

    expect(kindOf(decision)).toBe(expected);
  });

  it("names the blockers in the order of the queue", () => {
    const runs = [buildRun("41", 310), own, buildRun("40", 400), buildRun("99", 1, { ticket: null })];

    const decision = decide(buildScan(runs), me, buildNow(), buildPolicy());

    expect(decision).toMatchObject({ why: "blockers", blockers: [{ id: "99" }, { id: "40" }, { id: "41" }] });
  });

  it("condition 1: an incomplete scan lets nobody in", () => {
    const decision = decide(buildScan([own], { complete: false }), me, buildNow(), buildPolicy());

    expect(kindOf(decision)).toBe("incomplete");
  });

  it.each([
    ["missing", [], "self-not-seen", 5],
    ["seen in an attempt before mine", [buildRun("42", 300, { attempt: 1 })], "self-not-seen", 5],
    ["seen as ended", [buildRun("42", 300, { attempt: 2, ended: true, status: "failure" })], "self-not-seen", 5],
    ["seen as queued by a young process", [buildRun("42", 300, { attempt: 2, status: "queued" })], "self-not-seen", 20],
    [
      "seen as queued by a process older than the lag",
      [buildRun("42", 300, { attempt: 2, status: "queued" })],
      "enter",
      20.1,
    ],
    [
      "seen as requested by a young process",
      [buildRun("42", 300, { attempt: 2, status: "requested" })],
      "self-not-seen",
      5,
    ],
    [
      "seen as waiting by a young process: the answer may be from before it was queued anew",
      [buildRun("42", 300, { attempt: 2, status: "waiting" })],
      "self-not-seen",
      20,
    ],
    [
      "seen as waiting, since another of its jobs needs an approval",
      [buildRun("42", 300, { attempt: 2, status: "waiting" })],
      "enter",
      20.1,
    ],
    ["seen in a later attempt", [buildRun("42", 300, { attempt: 3 })], "enter", 5],
    ["seen running", [buildRun("42", 300, { attempt: 2 })], "enter", 5],
  ])("condition 2: this run is %s", (_, runs, expected, processAgeSeconds) => {
    const decision = decide(buildScan(runs), { ...me, attempt: 2 }, buildNow({ processAgeSeconds }), buildPolicy());

    expect(kindOf(decision)).toBe(expected);
  });

  it.each([
    ["its ticket is 0.9 of the lag old", 18, NOW, 500, "settling"],
    ["its ticket is as old as the lag", 20, NOW, 500, "settling"],
    ["its ticket is as old as the lag and a second", 21, NOW, 0, "enter"],
    ["the server tells no time and the process is young", 500, null, 20.9, "settling"],
    ["the server tells no time and the process is old enough", 500, null, 21, "enter"],
  ])("condition 3: %s", (_, age, serverTime, processAgeSeconds, expected) => {
    const decision = decide(
      buildScan([buildRun("42", age)], { serverTime }),
      me,
      buildNow({ processAgeSeconds }),
      buildPolicy(),
    );

    expect(kindOf(decision)).toBe(expected);
  });

  it("condition 3: a workflow that was created after its pipeline has to be old enough itself", () => {
    const late = buildRun("42", 300, { ticket: buildTicket({ createdAt: secondsAgo(13) }) });

    const decision = decide(buildScan([late]), me, buildNow(), buildPolicy());

    expect(decision).toEqual({ kind: "wait", why: "settling", seconds: 8, after: null });
  });

  it("condition 3: a platform without lag asks no age", () => {
    const decision = decide(
      buildScan([buildRun("42", 0)]),
      me,
      buildNow({ processAgeSeconds: 0 }),
      buildPolicy({ lagSeconds: 0 }),
    );

    expect(decision.kind).toBe("enter");
  });

  it.each([
    ["cancelled 30 s ago, by a time cut to seconds", "cancelled", secondsAgo(30), "settling"],
    ["canceled, in CircleCI's spelling", "canceled", secondsAgo(1), "settling"],
    ["timed out", "timed_out", secondsAgo(1), "settling"],
    ["crashed", "crashed", secondsAgo(1), "settling"],
    ["cancelled 31 s ago", "cancelled", secondsAgo(31), "enter"],
    ["cancelled in the future, by a clock that differs", "cancelled", secondsAgo(-100), "settling"],
    ["cancelled at a time that nobody knows", "cancelled", null, "settling"],
    ["successful a second ago", "success", secondsAgo(1), "enter"],
  ])("condition 4: a run of the group was %s", (_, status, since, expected) => {
    const later = buildRun("43", 200, { ended: true, status, since });

    const decision = decide(buildScan([own, later]), me, buildNow(), buildPolicy());

    expect(kindOf(decision)).toBe(expected);
  });

  it("condition 4: says after whom, and for how long", () => {
    const cut = [
      buildRun("40", 400, { ended: true, status: "cancelled", since: secondsAgo(20) }),
      buildRun("41", 390, { ended: true, status: "cancelled", since: secondsAgo(5) }),
    ];

    const decision = decide(buildScan([...cut, own]), me, buildNow(), buildPolicy());

    expect(decision).toMatchObject({ why: "settling", seconds: 26, after: { id: "41" } });
  });

  it("condition 4: a clock that differs does not make it longer", () => {
    const cut = buildRun("41", 400, { ended: true, status: "cancelled", since: secondsAgo(-100) });

    const decision = decide(buildScan([cut, own]), me, buildNow(), buildPolicy());

    expect(decision).toMatchObject({ why: "settling", seconds: 31 });
  });

  it("is not kept by its own run, listed twice", () => {
    const decision = decide(buildScan([own, { ...own }]), me, buildNow(), buildPolicy());

    expect(decision.kind).toBe("enter");
  });

  it("stops a run whose own place is missing", () => {
    const decision = decide(buildScan([{ ...own, ticket: null }, buildRun("41", 400)]), me, buildNow(), buildPolicy());

    expect(decision.kind).toBe("stop");
  });

  it("goes by the place that the scan tells, not by the one known before", () => {
    const requeued = buildRun("42", 100);

    const decision = decide(buildScan([requeued, buildRun("43", 200)]), me, buildNow(), buildPolicy());

    expect(decision).toMatchObject({ why: "blockers", blockers: [{ id: "43" }] });
  });

  it("does not count an old answer about itself as a run ahead", () => {
    const decision = decide(buildScan([buildRun("42", 400)]), { ...me, attempt: 2 }, buildNow(), buildPolicy());

    expect(kindOf(decision)).toBe("self-not-seen");
  });

  it("counts another attempt of itself that is still active", () => {
    const scan = buildScan([buildRun("42", 400), buildRun("42", 300, { attempt: 2 })]);

    const decision = decide(scan, { ...me, attempt: 2 }, buildNow(), buildPolicy());

    expect(kindOf(decision)).toBe("blockers");
  });

  it("leaves out runs that a person named, and says which of them were ahead", () => {
    const runs = [
      buildRun("39", 420, { ended: true, status: "cancelled", since: secondsAgo(1) }),
      buildRun("41", 400),
      own,
    ];

    const decision = decide(buildScan(runs), me, buildNow(), buildPolicy({ ignoredRuns: ["39", "41"] }));

    expect(decision).toMatchObject({ kind: "enter", ignored: [{ id: "41" }] });
  });
});

describe("leaving", () => {
  const ahead = buildRun("41", 400);

  it.each([
    ["a newer run of the same trigger is running", buildRun("43", 100), "all", "leave"],
    ["it is running, in CircleCI's word", buildRun("43", 100, { status: "running" }), "all", "leave"],
    ["it is merely queued", buildRun("43", 100, { status: "queued" }), "all", "blockers"],
    ["it is on hold", buildRun("43", 100, { status: "on_hold" }), "all", "blockers"],
    ["it is failing", buildRun("43", 100, { status: "failing" }), "all", "blockers"],
    ["it has ended", buildRun("43", 100, { ended: true, status: "success" }), "all", "blockers"],
    ["it has another trigger", buildRun("43", 100, { trigger: "schedule" }), "all", "blockers"],
    ["it has no place", buildRun("43", 100, { ticket: null }), "all", "blockers"],
    ["it is older", buildRun("40", 500), "all", "blockers"],
    ["only schedules leave", buildRun("43", 100), "schedule", "blockers"],
    ["nobody leaves", buildRun("43", 100), "none", "blockers"],
  ] as const)("when %s", (_, other, supersede, expected) => {
    const decision = decide(buildScan([ahead, own, other]), me, buildNow(), buildPolicy({ supersede }));

    expect(kindOf(decision)).toBe(expected);
  });

  it("is for schedules where only they may leave", () => {
    const runs = [ahead, buildRun("42", 300, { trigger: "schedule" }), buildRun("43", 100, { trigger: "schedule" })];

    const decision = decide(buildScan(runs), me, buildNow(), buildPolicy({ supersede: "schedule" }));

    expect(decision).toMatchObject({ kind: "leave", by: { id: "43" } });
  });

  it("is for the newest of several", () => {
    const decision = decide(
      buildScan([ahead, own, buildRun("44", 50), buildRun("43", 100)]),
      me,
      buildNow(),
      buildPolicy({ supersede: "all" }),
    );

    expect(decision).toMatchObject({ kind: "leave", by: { id: "44" } });
  });

  it.each([
    [
      "runs whose trigger is not known",
      [buildRun("42", 300, { trigger: "unknown" }), buildRun("43", 100, { trigger: "unknown" })],
    ],
    ["a run that a person told to ignore", [own, buildRun("44", 100)]],
    ["an old answer about this run", [buildRun("42", 300, { status: "queued" }), buildRun("43", 100)]],
  ])("is not for %s", (_, runs) => {
    const decision = decide(buildScan(runs), me, buildNow(), buildPolicy({ supersede: "all", ignoredRuns: ["44"] }));

    expect(decision.kind).not.toBe("leave");
  });
});

describe("the laws of decide", () => {
  it("a status that nobody knows never lets a run in that had to wait", () => {
    fc.assert(
      fc.property(anyScan, anyNow, anyPolicy, fc.nat(), fc.string(), (scan, now, policy, index, word) => {
        const runs = scan.runs.map((run, at) =>
          at === index % 6 && !run.ended && run.id !== me.id ? { ...run, status: `?${word}` } : run,
        );
        const before = decide(scan, me, now, { ...policy, supersede: "none" });
        const after = decide({ ...scan, runs }, me, now, { ...policy, supersede: "none" });
        if (before.kind !== "enter") expect(after.kind).not.toBe("enter");
      }),
      { numRuns: 3000 },
    );
  });

  it("a missing page never lets anyone in", () => {
    fc.assert(
      fc.property(anyScan, anyNow, anyPolicy, fc.func(fc.boolean()), (scan, now, policy, isKept) => {
        const part = { ...scan, complete: false, runs: scan.runs.filter((run) => isKept(run.id)) };
        expect(decide(part, me, now, policy).kind).not.toBe("enter");
      }),
      { numRuns: 3000 },
    );
  });

  it("nobody waits for a later run, but for one without a place", () => {
    fc.assert(
      fc.property(anyScan, anyNow, anyPolicy, (scan, now, policy) => {
        const decision = decide(scan, me, now, policy);
        if (decision.kind !== "wait" || decision.why !== "blockers") return;
        const mine = findOwn(scan, me)?.ticket ?? me.ticket;
        for (const run of decision.blockers) {
          expect(run.ended).toBe(false);
          if (run.ticket !== null) expect(compareTickets(run.ticket, mine)).toBeLessThan(0);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it("of two runs that see the same group, never both enter and never both wait for each other", () => {
    fc.assert(
      fc.property(anyScan, anyNow, anyPolicy, (scan, now, policy) => {
        const placed = scan.runs.flatMap((run) =>
          run.ticket === null || run.ended ? [] : [{ ...run, ticket: run.ticket }],
        );
        const decisions = placed.map(({ id, attempt, ticket }) =>
          decide(scan, { id, attempt, ticket }, now, { ...policy, ignoredRuns: [] }),
        );
        expect(decisions.filter(({ kind }) => kind === "enter").length).toBeLessThanOrEqual(1);
        const waits = decisions.filter((decision) => decision.kind === "wait" && decision.why === "blockers");
        const everyoneIsPlaced = scan.runs.every((run) => run.ticket !== null);
        if (everyoneIsPlaced && placed.length > 0) expect(waits.length).toBeLessThan(placed.length);
      }),
      { numRuns: 3000 },
    );
  });
});
