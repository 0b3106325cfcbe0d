import { describe, expect, it } from "vitest";
import { createPaint } from "../../src/render/colors.ts";
import { renderAlert } from "../../src/render/slack.ts";
import { drawMessage } from "../../src/render/slack-preview.ts";
import { WEEK } from "./week.ts";

describe("a week in Slack", () => {
  it.each(WEEK)("$name stands alone on a phone", ({ alert, facts, phone }) => {
    const { text } = renderAlert(alert, facts);

    const first = text.split("\n")[0] ?? "";
    expect(first.replaceAll("&gt;", ">")).toBe(phone);
    expect(Array.from(phone).length).toBeLessThanOrEqual(120);
  });

  it("has a message of every kind", async () => {
    const drawn = WEEK.map(({ name, at, alert, facts }) =>
      [
        `# ${name}, ${at}, ${alert.address.kind}`,
        ...drawMessage(renderAlert(alert, facts), { channel: alert.channel, paint: createPaint(false), width: 88 }),
        "",
      ].join("\n"),
    );

    await expect(drawn.join("\n")).toMatchFileSnapshot("snapshots/slack-week.txt");
  });
});
