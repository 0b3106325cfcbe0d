import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { comparePlaces, compareTickets } from "../../src/queue/ticket.ts";
import { anyRun, anyTicket, buildTicket } from "./build.ts";

describe("the order of tickets", () => {
  it("is the same from both sides", () => {
    fc.assert(
      fc.property(anyTicket, anyTicket, (a, b) => {
        expect(Math.sign(compareTickets(a, b))).toBe(0 - Math.sign(compareTickets(b, a)));
      }),
      { numRuns: 2000 },
    );
  });

  it("is transitive, ties included", () => {
    fc.assert(
      fc.property(anyTicket, anyTicket, anyTicket, (a, b, c) => {
        fc.pre(compareTickets(a, b) <= 0 && compareTickets(b, c) <= 0);
        expect(compareTickets(a, c)).toBeLessThanOrEqual(0);
        if (compareTickets(a, b) < 0 || compareTickets(b, c) < 0) expect(compareTickets(a, c)).toBeLessThan(0);
      }),
      { numRuns: 5000 },
    );
  });

  it("tells every two attempts apart", () => {
    fc.assert(
      fc.property(anyTicket, anyTicket, (a, b) => {
        fc.pre(a.id !== b.id || a.attempt !== b.attempt);
        expect(compareTickets(a, b)).not.toBe(0);
      }),
      { numRuns: 2000 },
    );
  });

  it("is total over runs without a place, which come first", () => {
    fc.assert(
      fc.property(anyRun, anyRun, anyRun, (a, b, c) => {
        expect(Math.sign(comparePlaces(a, b))).toBe(0 - Math.sign(comparePlaces(b, a)));
        if (comparePlaces(a, b) < 0 && comparePlaces(b, c) < 0) expect(comparePlaces(a, c)).toBeLessThan(0);
        if (a.ticket === null && b.ticket !== null) expect(comparePlaces(a, b)).toBeLessThan(0);
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    ["the second before all else", { second: 1, pipeline: 9, id: "9" }, { second: 2, pipeline: 1, id: "1" }],
    ["pipelines as numbers", { pipeline: 9 }, { pipeline: 10 }],
    [
      "the workflow's creation within a pipeline",
      { createdAt: "2026-01-05T07:00:00Z", id: "b" },
      { createdAt: "2026-01-05T07:00:01Z", id: "a" },
    ],
    [
      "creation as an instant, not as text",
      { createdAt: "2026-01-05T08:00:00+01:00" },
      { createdAt: "2026-01-05T07:00:01Z" },
    ],
    [
      "no order by the fraction that one endpoint tells and another does not",
      { createdAt: "2026-01-05T07:00:00.900Z", id: "1" },
      { createdAt: "2026-01-05T07:00:00Z", id: "2" },
    ],
    ["ids of digits as numbers", { id: "9" }, { id: "10" }],
    ["ids of digits beyond the exact numbers", { id: "12345678901234567890" }, { id: "12345678901234567891" }],
    ["ids of one value by code units", { id: "010" }, { id: "10" }],
    ["ids of digits before others", { id: "99" }, { id: "1a" }],
    ["other ids by code units", { id: "B" }, { id: "a" }],
    ["a re-run behind the first attempt", { attempt: 1 }, { attempt: 2 }],
  ])("goes by %s", (_, first, second) => {
    const [a, b] = [buildTicket(first), buildTicket(second)];

    expect(compareTickets(a, b)).toBeLessThan(0);
  });
});
