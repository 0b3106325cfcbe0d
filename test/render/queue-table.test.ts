import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createPaint } from "../../src/render/colors.ts";
import { type QueueEntry, renderQueue, renderQueueSummary } from "../../src/render/queue-table.ts";
import { beyondWords } from "../text/read-markdown.ts";
import { hostile } from "./build.ts";

const NOW = Date.parse("2026-11-25T07:10:00Z");
const paint = createPaint(false);

function aRow(overrides: Partial<QueueEntry> = {}): QueueEntry {
  return {
    place: 1,
    inside: true,
    id: "41",
    attempt: 1,
    status: "in_progress",
    since: "2026-11-25T07:05:00Z",
    title: "Add FX rates",
    author: "dana",
    url: "https://github.com/acme/shop/actions/runs/41",
    ...overrides,
  };
}

describe("the line", () => {
  it("is a table: who is inside, who waits, since when, what and whose", () => {
    const rows = [
      aRow(),
      aRow({
        place: 2,
        inside: false,
        id: "42",
        attempt: 2,
        status: "queued",
        since: null,
        title: null,
        author: null,
        url: null,
      }),
    ];

    expect(renderQueue(rows, { ref: "main", now: NOW, paint, isSure: true })).toEqual([
      "2 runs on main",
      "  place    run             status        since            what",
      "  inside   41              in progress   5 min 00 s ago   Add FX rates · by dana · https://github.com/acme/shop/actions/runs/41",
      "  2        42, attempt 2   queued        –",
    ]);
  });

  it("says so where nobody is on it", () => {
    expect(renderQueue([], { ref: "main", now: NOW, paint, isSure: true })).toEqual(["nobody is on main"]);
  });

  it("does not say so where runs may be hidden", () => {
    expect(renderQueue([], { ref: "main", now: NOW, paint, isSure: false })).toEqual(["no run is shown on main"]);
  });

  it("keeps text from outside on its line, and shows no address that is not plain https", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const lines = renderQueue(
          [aRow({ id: text, status: text, title: text, author: text, url: text, since: text })],
          { ref: text, now: NOW, paint, isSure: true },
        );

        expect(lines).toHaveLength(3);
        for (const line of lines) expect(line).not.toMatch(/[\n\r\u001b]/);
      }),
    );
  });
});

describe("the summary of a wait", () => {
  it("names who was waited for, with a link where the address is safe", () => {
    const blockers = [
      { id: "41", status: "completed", url: "https://github.com/acme/shop/actions/runs/41" },
      { id: "42", status: "success", url: "javascript:alert(1)" },
    ];

    const summary = renderQueueSummary({
      decision: "entered",
      reason: "entered after 51 s: run 41 has ended",
      blockers,
    });

    expect(summary).toContain("### Queue: entered after 51 s: run 41 has ended");
    expect(summary).toContain("(https://github.com/acme/shop/actions/runs/41)");
    expect(summary).not.toContain("javascript:");
  });
});

it("refers to nothing in the job's page but the runs", () => {
  const urls = ["https://github.com/acme/shop/actions/runs/7", "javascript:alert(1)", "https://e.example/) @a", null];
  fc.assert(
    fc.property(hostile, hostile, fc.constantFrom(...urls), (reason, id, url) => {
      const page = renderQueueSummary({ decision: "left", reason, blockers: [{ id, status: reason, url }] });

      expect(beyondWords(page).map(({ url: link }) => link)).toEqual(url === urls[0] ? [url] : []);
    }),
  );
});
