import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { QueueEvent } from "../../src/queue/events.ts";
import { describeEvent } from "../../src/queue/log-lines.ts";
import { lookAhead } from "../../src/queue/queue-position.ts";
import type { SeenRun } from "../../src/queue/ticket.ts";
import { buildRun, buildScan, me, NOW, secondsAgo } from "./build.ts";

const own = buildRun("42", 300);
const ahead = buildRun("41", 400, { since: secondsAgo(48) });

function buildWaiting(
  runs: readonly SeenRun[],
  overrides: { kind?: "waiting" | "still-waiting"; waitedSeconds?: number; ref?: string } = {},
): QueueEvent {
  const outlook = lookAhead(buildScan([...runs, own]), me, NOW, []);
  return {
    kind: "waiting",
    ref: "feature/fx",
    waitedSeconds: 0,
    wait: { kind: "wait", why: "blockers", blockers: runs },
    outlook,
    ...overrides,
  };
}

const finished = [2000, 1700, 1400].map((age, index) =>
  buildRun(`${index + 1}`, age, { ended: true, status: "success", since: secondsAgo(age - 180), tookSeconds: 180 }),
);

describe("the lines of the queue", () => {
  it.each<[string, QueueEvent, string]>([
    [
      "a run ahead",
      buildWaiting([ahead]),
      "waits for run 41 of feature/fx (running since 06:59:12 UTC, 48 s ago) - place 2 of 2",
    ],
    [
      "a run ahead with its commit",
      buildWaiting([{ ...ahead, title: "fix: totals", author: "Ann" }]),
      'waits for run 41 of feature/fx, "fix: totals" by Ann (running since 06:59:12 UTC, 48 s ago) - place 2 of 2',
    ],
    [
      "several runs ahead",
      buildWaiting([ahead, buildRun("41.5", 350)]),
      "waits for run 41 of feature/fx and 1 more (running since 06:59:12 UTC, 48 s ago) - place 3 of 3",
    ],
    [
      "a known end",
      buildWaiting([...finished, ahead], { kind: "still-waiting", waitedSeconds: 60 }),
      "still waiting, 60 s: run 41 (running since 06:59:12 UTC, 48 s ago) - place 2 of 2, about 2 min left",
    ],
    [
      "a run of yesterday",
      buildWaiting([buildRun("41", 400, { since: secondsAgo(26 * 3600), attempt: 2 })]),
      "waits for run 41 (attempt 2) of feature/fx (running since 2026-01-04 05:00 UTC, 26 h ago) - place 2 of 2",
    ],
    [
      "a run on hold",
      buildWaiting([{ ...ahead, status: "on_hold" }]),
      "waits for run 41 of feature/fx (on hold since 06:59:12 UTC, 48 s ago; waits for an approval: https://github.test/runs/41) - place 2 of 2",
    ],
    [
      "a run without a place",
      buildWaiting([
        { ...ahead, ticket: null, since: null, status: "unreadable ticket: if that run has ended, delete /t/41.json" },
      ]),
      "waits for run 41 of feature/fx (unreadable ticket: if that run has ended, delete /t/41.json; its place is not known, so it counts as earlier) - place 2 of 2",
    ],
    [
      "runs that have ended",
      { kind: "entered", ref: "main", waitedSeconds: 400, atOnce: false, waitedFor: [ahead, own, own], ignored: [] },
      "entered after 7 min: run 41 and 2 more have ended",
    ],
    [
      "a run that was deleted",
      {
        kind: "entered",
        ref: "main",
        waitedSeconds: 400,
        atOnce: false,
        waitedFor: [{ ...ahead, ended: true, status: "gone" }],
        ignored: [],
      },
      "entered after 7 min: run 41 is not known to the CI any more",
    ],
  ])("name %s", (_, event, expected) => {
    expect(describeEvent(event)).toBe(expected);
  });

  it("stay one line without control characters, whatever comes from outside", () => {
    const hostile = fc.oneof(
      fc.string({ unit: "binary", maxLength: 400 }),
      fc.constantFrom("\u001b[2J", "a\r\n::error::b", "\u202eevil", "x".repeat(5000), "\u2028", "\ud800"),
    );
    fc.assert(
      fc.property(hostile, hostile, hostile, hostile, fc.boolean(), (id, title, status, ref, isStill) => {
        const run = { ...ahead, id, title, author: title, status, url: `https://${title}` };
        const line = describeEvent(buildWaiting([run], { ref, kind: isStill ? "still-waiting" : "waiting" }));
        expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        expect(line.length).toBeLessThan(1500);
        expect(line).toMatch(isStill ? /^still waiting, / : /^waits for run /);
      }),
      { numRuns: 1000 },
    );
  });
});
