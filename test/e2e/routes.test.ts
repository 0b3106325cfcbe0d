import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { NotifyResult } from "../../src/alerts/alert.ts";
import { aFinding, aSubject, aVerdict } from "../severity/build.ts";
import { type ServedSlack, serveSlack } from "../slack/serve-slack.ts";
import { useTempDir } from "../support/temp-dir.ts";
import { writeVerdict } from "../work/write-verdict.ts";
import { json, laptop, signalbox } from "./cli.ts";

const dir = useTempDir();
let slack: ServedSlack;
beforeEach(async () => {
  slack = await serveSlack(["C0ERRORS00", "C0WARNINGS", "C0FINANCE1"]);
});
afterEach(() => slack.close());

const run = (routes: string) => {
  writeFileSync(
    join(dir(), "signalbox.yml"),
    [
      "version: 1",
      "base_branch: main",
      "modes: { check: { target: ci } }",
      "ledger: none",
      "slack:",
      "  error: C0ERRORS00",
      "  warn: C0WARNINGS",
      "  mentions: { ana: U0ANA00001 }",
      `  routes: ${routes}`,
      "",
    ].join("\n"),
  );
  return signalbox(["notify", "--verdict", "verdict.json", "--json"], {
    cwd: dir(),
    env: laptop({ SLACK_BOT_TOKEN: "xoxb-1234567890-end-to-end", SIGNALBOX_SLACK_URL: slack.url }),
  });
};

function find() {
  const failed = (name: string, severity: "error" | "warn", more: Parameters<typeof aSubject>[0]) =>
    aFinding({ severity, subject: aSubject({ id: `test.shop.${name}`, name, ...more }) });
  const verdict = aVerdict([
    failed("a", "error", { tags: ["finance"], owner: "fin", ownerSlack: "S0FINANCE" }),
    failed("b", "error", { tags: ["finance"], owner: "ana" }),
    failed("c", "error", { owner: "ops", ownerSlack: "#ops" }),
    failed("d", "warn", { tags: ["finance"] }),
  ]);
  writeVerdict(join(dir(), "verdict.json"), verdict);
}

it("routes send one message a channel and run, with the owners of what it tells, by severity", async () => {
  find();

  const ended = await run("[{ match: { tag: finance }, error: C0FINANCE1 }]");

  expect(json<NotifyResult>(ended).alerts.map(({ channel, findings }) => [channel, findings.length])).toEqual([
    ["C0FINANCE1", 2],
    ["C0ERRORS00", 1],
    ["C0WARNINGS", 1],
  ]);
  expect(slack.messages.map(({ channel }) => channel)).toEqual(["C0FINANCE1", "C0ERRORS00", "C0WARNINGS"]);
  const [finance, errors] = slack.messages.map(({ blocks }) => JSON.stringify(blocks));
  expect(finance).toContain("For <!subteam^S0FINANCE> <@U0ANA00001>");
  expect(errors).not.toContain("For <");
  expect(ended.stderr).toContain(`ops is not mentioned: its dbt group's owner has slack: "#ops"`);
});

it("a route that can never match is refused before anything is sent", async () => {
  find();

  const { code, stdout } = await run(
    "[{ match: { tag: 'fin*' }, error: C0FINANCE1 }, { match: { tag: finance }, error: C0FINANCE2 }]",
  );

  expect(code).toBe(2);
  expect(stdout).toContain("can never match");
  expect(slack.messages).toEqual([]);
});
