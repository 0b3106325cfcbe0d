import { describe, expect, it } from "vitest";
import type { Me } from "../../src/queue/decide.ts";
import { lookAhead, sortQueue, whyUnsure } from "../../src/queue/queue-position.ts";
import type { Scan } from "../../src/queue/ticket.ts";
import { buildRun, buildScan, me, NOW, secondsAgo } from "./build.ts";

const own = buildRun("42", 300);
const finished = [100, 120, 500].map((tookSeconds, index) =>
  buildRun(`${index}`, 4000 - 1000 * index, {
    ended: true,
    status: "success",
    since: secondsAgo(3000 - 1000 * index),
    tookSeconds,
  }),
);

describe("the outlook", () => {
  it("says who holds the queue, since when, and which place this run has", () => {
    const scan = buildScan([
      buildRun("43", 10),
      own,
      buildRun("41", 310),
      buildRun("40", 400, { since: secondsAgo(48) }),
    ]);

    const outlook = lookAhead(scan, me, NOW, []);

    expect(outlook).toMatchObject({
      place: 3,
      of: 4,
      ahead: [
        { run: { id: "40" }, ageSeconds: 48 },
        { run: { id: "41" }, ageSeconds: 310 },
      ],
    });
  });

  it("is free with nobody ahead", () => {
    const outlook = lookAhead(buildScan([own, buildRun("43", 10)]), me, NOW, []);

    expect(outlook).toEqual({ place: 1, of: 2, ahead: [], etaSeconds: 0 });
  });

  it("has a place before the CI lists the run itself", () => {
    const outlook = lookAhead(buildScan([buildRun("41", 400)]), me, NOW, []);

    expect(outlook).toMatchObject({ place: 2, of: 2 });
  });

  it("leaves out runs that a person named", () => {
    const outlook = lookAhead(buildScan([buildRun("41", 400), own]), me, NOW, ["41"]);

    expect(outlook).toMatchObject({ place: 1, of: 1 });
  });

  it("expects each run ahead to take as long as the median of the finished ones", () => {
    const scan = buildScan([
      ...finished,
      buildRun("40", 400, { since: secondsAgo(50) }),
      buildRun("41", 310, { status: "queued" }),
      own,
    ]);

    const outlook = lookAhead(scan, me, NOW, []);

    expect(outlook).toMatchObject({ etaSeconds: 190, ahead: [{ etaSeconds: 70 }, { etaSeconds: 190 }] });
  });

  it("counts from the turn of a run, not from the start of its waiting", () => {
    const waitedFirst = [
      buildRun("1", 1000, { ended: true, status: "success", since: secondsAgo(900), tookSeconds: 100 }),
      buildRun("2", 990, { ended: true, status: "success", since: secondsAgo(800), tookSeconds: 190 }),
      buildRun("3", 980, { ended: true, status: "success", since: secondsAgo(700), tookSeconds: 280 }),
      buildRun("4", 970, { ended: true, status: "failure", since: secondsAgo(30), tookSeconds: 940 }),
    ];
    const scan = buildScan([...waitedFirst, buildRun("41", 960, { since: secondsAgo(960) }), own]);

    const outlook = lookAhead(scan, me, NOW, []);

    expect(outlook).toMatchObject({ etaSeconds: 70, ahead: [{ ageSeconds: 960, etaSeconds: 70 }] });
  });

  it("takes nothing from a run that left while others were ahead of it", () => {
    const left = buildRun("3.5", 3900, { ended: true, status: "success", since: secondsAgo(3890), tookSeconds: 1 });
    const scan = buildScan([...finished, left, buildRun("41", 400, { since: secondsAgo(50) }), own]);

    const outlook = lookAhead(scan, me, NOW, []);

    expect(outlook).toMatchObject({ etaSeconds: 70 });
  });

  it.each([
    ["too few runs have finished", [...finished.slice(1), buildRun("41", 400, { since: secondsAgo(50) })]],
    ["the run ahead takes longer than usual", [...finished, buildRun("41", 400, { since: secondsAgo(121) })]],
    ["the run ahead is on hold", [...finished, buildRun("41", 400, { status: "on_hold", since: secondsAgo(50) })]],
    ["nobody says since when it runs", [...finished, buildRun("41", 400, { since: null })]],
    [
      "the finished runs left without having run",
      [...finished.map((run) => ({ ...run, status: "left" })), buildRun("41", 400, { since: secondsAgo(50) })],
    ],
  ])("expects nothing where %s", (_, runs) => {
    const outlook = lookAhead(buildScan([...runs, own]), me, NOW, []);

    expect(outlook.etaSeconds).toBeNull();
  });
});

describe("the line-up", () => {
  it("holds the active runs in order, and only the first can be inside", () => {
    const runs = sortQueue(buildScan([...finished, buildRun("43", 10), buildRun("41", 400, { status: "failing" })]));

    expect(runs.map(({ id, place, inside }) => ({ id, place, inside }))).toEqual([
      { id: "41", place: 1, inside: true },
      { id: "43", place: 2, inside: false },
    ]);
  });

  it.each(["queued", "on_hold", "resting"])("has nobody inside while the first is %s", (status) => {
    const runs = sortQueue(buildScan([buildRun("41", 400, { status }), buildRun("43", 10)]));

    expect(runs.some((run) => run.inside)).toBe(false);
  });
});

describe("a look at the line", () => {
  const own = buildRun(me.id, 60);

  it.each<[string, string | null, Scan, Me | null]>([
    ["is sure where it shows this run", null, buildScan([own]), me],
    ["is sure where no run has to be there", null, buildScan([]), null],
    ["may hide others where it does not show this run", "do not show this run", buildScan([buildRun("7", 90)]), me],
    ["may hide others where it has a hole", "more runs than it shows", { ...buildScan([own]), complete: false }, me],
  ])("%s", (_, why, scan, mine) => {
    const found = whyUnsure(scan, mine);

    expect(found).toEqual(why === null ? null : expect.stringContaining(why));
  });
});
