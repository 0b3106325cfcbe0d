import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Alert } from "../../src/alerts/alert.ts";
import { createPaint } from "../../src/render/colors.ts";
import { renderAlert, type SlackMessage } from "../../src/render/slack.ts";
import { drawMessage } from "../../src/render/slack-preview.ts";
import { cleanText } from "../../src/text/clean.ts";
import { anItem } from "../alerts/build.ts";
import { finding, hostile, hostileFinding, richVerdict, run } from "./build.ts";
import { commandsIn } from "./runner.ts";
import { weekFacts } from "./week.ts";

const plain = createPaint(false);

function message(findings = richVerdict().findings, text = "dbt build"): SlackMessage {
  const severity = "error";
  const facts = { run: run(), mode: "deploy", target: "prod", projectName: "shop", reproduce: text } as const;
  return renderAlert(
    {
      kind: "problems",
      key: "",
      severity,
      channel: "",
      address: { kind: "channel" },
      items: findings.map((each) => anItem(each)),
      mentions: ["S0DATACORE"],
    },
    facts,
  );
}

describe("a Slack message drawn in the terminal", () => {
  it("looks like the message", async () => {
    const errors = richVerdict().findings.filter(({ severity }) => severity === "error");

    const lines = drawMessage(message(errors), { channel: "#C0ERRORS00 · errors", paint: plain, width: 90 });

    await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot("snapshots/slack-preview.txt");
  });

  it("draws a list, mentions, a date and a link as Slack does", () => {
    const given: SlackMessage = {
      text: "",
      blocks: [
        {
          type: "section",
          text: {
            type: "mrkdwn",
            text: "For <@U0DANA12345> since <!date^1795158000^{date_short_pretty}|2026-11-20> &lt;b&gt;",
          },
        },
        {
          type: "rich_text",
          elements: [
            {
              type: "rich_text_list",
              style: "bullet",
              elements: [
                { type: "rich_text_section", elements: [{ type: "text", text: "one\ntwo" }] },
                {
                  type: "rich_text_section",
                  elements: [{ type: "link", url: "https://ci.example/1", text: "+3 more" }],
                },
              ],
            },
          ],
        },
      ],
    };

    expect(drawMessage(given, { channel: "#C0", paint: plain, width: 60 })).toEqual([
      `┌─ #C0 ${"─".repeat(53)}`,
      "│ For @U0DANA12345 since 2026-11-20 <b>",
      "│",
      "│ • one",
      "│   two",
      "│ • +3 more (https://ci.example/1)",
      `└${"─".repeat(59)}`,
    ]);
  });

  it("keeps to the width, also with a word that is longer", () => {
    const lines = drawMessage(message([finding({ failureClass: "code", message: "x".repeat(300) })]), {
      channel: "#C0",
      paint: plain,
      width: 40,
    });

    expect(lines.filter((line) => Array.from(line).length > 40)).toEqual([]);
    expect(lines.join("").replace(/[^x]/g, "").length).toBeGreaterThanOrEqual(300);
  });

  it("says the same with colour", () => {
    const colourful = drawMessage(message(), { channel: "#C0", paint: createPaint(true), width: 80 });

    expect(colourful.map(cleanText)).toEqual(
      drawMessage(message(), { channel: "#C0", paint: plain, width: 80 }).map(cleanText),
    );
  });

  it("keeps a board's table in its box, in columns where there is room, and cell below cell where there is none", () => {
    fc.assert(
      fc.property(
        fc.array(hostileFinding, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 120 }),
        (findings, width) => {
          const board: Alert = {
            kind: "board",
            key: "",
            channel: "",
            address: { kind: "channel" },
            items: findings.map((each) => anItem(each, { severity: "warn", owner: each.message, runs: 3 })),
            mentions: [],
            state: "open",
            week: "2026-W48",
            score: { opened: 1, fixed: 0, carried: 1 },
            expired: [],
          };
          const lines = drawMessage(renderAlert(board, weekFacts()), { channel: "#C0", paint: plain, width });

          // A command to the runner is taken apart by a character.
          const most = (line: string) => Math.max(22, width) + (line.match(/# #/g)?.length ?? 0);
          expect(lines.filter((line) => Array.from(line).length > most(line))).toEqual([]);
          expect(lines.slice(1, -1).every((line) => line.startsWith("│"))).toBe(true);
          expect(commandsIn(lines.join("\n"))).toEqual([]);
        },
      ),
    );
  });

  it("stays in its box and gives a runner no command, whatever the texts are", () => {
    fc.assert(
      fc.property(
        fc.array(hostileFinding, { minLength: 1, maxLength: 3 }),
        hostile,
        fc.integer({ min: 1, max: 120 }),
        (findings, text, width) => {
          const lines = drawMessage(message(findings, text), { channel: "#C0", paint: plain, width });

          expect(lines.slice(1, -1).every((line) => line.startsWith("│"))).toBe(true);
          expect(commandsIn(lines.join("\n"))).toEqual([]);
        },
      ),
    );
  });
});
