import type { KnownBlock } from "@slack/types";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Alert, AlertItem, News, ProblemsAlert } from "../../src/alerts/alert.ts";
import { type AlertFacts, renderAlert, type SlackMessage } from "../../src/render/slack.ts";
import { lengthOf } from "../../src/render/slack-blocks.ts";
import type { Finding } from "../../src/severity/verdict.ts";
import { anItem } from "../alerts/build.ts";
import { finding, hostile, hostileFinding, model, richVerdict, run, subject } from "./build.ts";

function facts(overrides: Partial<AlertFacts> = {}): AlertFacts {
  return {
    run: run(),
    mode: "deploy",
    target: "prod",
    projectName: "shop",
    reproduce: "dbt build --select stg_orders",
    ...overrides,
  };
}

/** New problems at the top of the error channel. */
function problems(items: readonly AlertItem[], overrides: Partial<ProblemsAlert> = {}): ProblemsAlert {
  return { ...common(items), kind: "problems", severity: "error", ...overrides };
}

function common(items: readonly AlertItem[]) {
  const address = { kind: "channel" } as const;
  return { key: "777/1/error/C0", channel: "C0ERRORS00", address, items, mentions: [] as readonly string[] };
}

const told = (severity: "error" | "warn") =>
  richVerdict().findings.filter((each) => each.severity === severity && each.muted === null);

const items = (findings: readonly Finding[], overrides: Partial<AlertItem> = {}) =>
  findings.map((each) => anItem(each, overrides));
const since = { firstSeen: "2026-11-20T07:00:00Z", lastSeen: "2026-11-24T07:00:00Z", runs: 12 };
const over: Partial<AlertItem> = { ...since, finding: null, state: "recovered", news: "recovered" };

/** Every object in a message that has a type. */
function parts(value: unknown): { type: string; [key: string]: unknown }[] {
  if (typeof value !== "object" || value === null) return [];
  const own = "type" in value && typeof value.type === "string" ? [value as { type: string }] : [];
  return [...own, ...Object.values(value).flatMap(parts)];
}

const allText = (message: SlackMessage) => JSON.stringify(message.blocks);
const plainText = (message: SlackMessage) =>
  parts(message.blocks)
    .map(({ text }) => (typeof text === "string" ? text : ""))
    .join("\n");

describe("an error message", () => {
  it("tells the facts in their order", async () => {
    const message = renderAlert(
      problems(items(told("error")), { mentions: ["S0DATACORE", "U0DANA12345"] }),
      facts({ reproduce: richVerdict().reproduce }),
    );

    await expect(`${JSON.stringify(message, null, 2)}\n`).toMatchFileSnapshot("snapshots/slack-error.json");
  });

  it("has a first line that stands alone on a phone", () => {
    const { text } = renderAlert(problems(items(told("error"))), facts());

    expect(text.split("\n")[0]).toBe(
      "3 errors in prod (shop): stg_orders.customer_id · relationships test · 36 failures, error if != 0, +2 more",
    );
  });

  it("keeps that line short and its count, however long the names are", () => {
    const long = "x".repeat(300);
    const opened = [finding({ subject: model(long) }), finding()];

    const [first = ""] = renderAlert(problems(items(opened)), facts({ target: long, projectName: long })).text.split(
      "\n",
    );

    expect(first.length).toBeLessThanOrEqual(120);
    expect(first).toMatch(/^2 errors in x+.*…, \+1 more$/);
  });

  it("says what is new, what was a warning, what goes on; and nothing where there is no ledger to tell", () => {
    const one = (news: News, isNew: boolean | null = null) =>
      plainText(renderAlert(problems(items([finding({ isNew })], { news })), facts()));

    expect(one("opened", true)).toContain("error if != 0 · new");
    expect(one("opened")).not.toMatch(/\bnew\b/);
    expect(one("worse")).toContain("was a warning until now");
    expect(one("again")).toContain("still failing");
  });

  it("says that the data was not judged where only the infrastructure failed", () => {
    const transient = finding({ failureClass: "transient", status: "error", message: "429 Too Many Requests" });

    expect(plainText(renderAlert(problems(items([transient])), facts()))).toContain("Your data was not judged.");
    expect(plainText(renderAlert(problems(items([transient, finding()])), facts()))).not.toContain("not judged");
    const queue = finding({ subject: { kind: "run", what: "queue-timeout" }, failureClass: "infrastructure" });
    expect(plainText(renderAlert(problems(items([queue])), facts()))).not.toContain("warehouse");
  });

  it("shows ten in detail and links to the rest", () => {
    const opened = Array.from({ length: 24 }, (_, index) => finding({ subject: model(`m${index}`) }));

    const message = renderAlert(problems(items(opened)), facts());

    expect(plainText(message)).toContain("m9");
    expect(allText(message)).toContain(
      '{"type":"link","url":"https://github.com/acme/shop/actions/runs/777","text":"+14 more"}',
    );
  });

  it("tells of a run that failed before dbt had results", () => {
    const failed = finding({
      subject: { kind: "run", what: "dbt-failed" },
      failureClass: "code",
      status: "error",
      message: "Compilation Error\n  depends on a node named x",
      failures: null,
    });

    const message = renderAlert(problems(items([failed])), facts({ reproduce: null }));

    expect(message.text).toContain("1 error in prod (shop): the run · dbt failed before it had results");
    expect(plainText(message)).toContain("depends on a node named x");
  });
});

describe("a warning message", () => {
  it("is a list with a line of facts each", async () => {
    const message = renderAlert(problems(items(told("warn")), { severity: "warn" }), facts());

    await expect(`${JSON.stringify(message, null, 2)}\n`).toMatchFileSnapshot("snapshots/slack-warn.json");
  });
});

describe("the other messages", () => {
  it("tell a recovery in one line, with its age", () => {
    const [item = anItem(finding())] = items([finding()], { ...over, name: "stg_orders.customer_id · not_null test" });
    const message = renderAlert({ ...common([item]), kind: "recovered" }, facts());

    expect(message.text).toBe("Recovered in prod (shop): stg_orders.customer_id · not_null test");
    expect(allText(message)).toContain("<!date^1795158000^{date_short_pretty}|2026-11-20>");
  });

  it("tell a recovery of the run, and one whose age cannot be read", () => {
    const [item = anItem(finding())] = items([finding()], {
      ...over,
      fingerprint: "v1:run:platform:unknown",
      firstSeen: "<!channel>",
      runs: 1,
    });
    const message = renderAlert({ ...common([item]), kind: "recovered" }, facts());

    expect(message.text).toBe("Recovered in prod (shop): the run");
    expect(allText(message)).not.toContain("<!");
  });

  it("list a board and what is overdue, with ages", () => {
    const warnings = items(told("warn"), { ...since, news: null });
    const board = { kind: "board", state: "open", week: "2026-W48", expired: [] } as const;
    const score = { opened: 2, fixed: 0, carried: 2 };

    const open = renderAlert({ ...common(warnings), ...board, score }, facts());
    const overdue = renderAlert(
      { ...common(warnings), kind: "overdue", slaSeconds: 604_800, mentions: ["U0DANA12345"] },
      facts(),
    );
    const empty = renderAlert({ ...common([]), ...board, state: "quiet", score }, facts());

    expect(plainText(open)).toContain("Warnings of week 2026-W48 · prod (shop)");
    expect(plainText(open)).toContain("since 2026-11-20, 12 runs");
    expect(plainText(overdue)).toContain("2 warnings overdue in prod (shop)");
    expect(allText(overdue)).toContain("For <@U0DANA12345>");
    expect(plainText(empty)).toContain("No open warnings.");
  });
});

describe("what Slack allows", () => {
  it.each([
    ["a user", "U0DANA12345", "<@U0DANA12345>"],
    ["a group", "S0DATACORE", "<!subteam^S0DATACORE>"],
    ["everyone", "channel", null],
    ["a broken id", "U0DANA12345> <!channel", null],
    ["a short id", "U123", null],
    ["two lines", "U0DANA12345\n<!here>", null],
  ])("mentions %s only by a sound id", (_, id, mention) => {
    const message = renderAlert(problems(items([finding()]), { mentions: [id] }), facts());

    if (mention === null) expect(allText(message)).not.toMatch(/<[@!]|"For /);
    else expect(allText(message)).toContain(`For ${mention}`);
  });

  it.each([
    "javascript:alert(1)",
    "http://ci.example/1",
    "https://ci.example/1|x> <!channel>",
    "https://ci.example/a b",
    "https://ci.example/\u202e",
    "",
  ])("links to no address like %j", (url) => {
    const opened = Array.from({ length: 12 }, () => finding());

    const message = renderAlert(problems(items(opened)), facts({ run: run({ url }) }));

    expect(allText(message)).not.toContain('"type":"link"');
    expect(`${message.text}${allText(message)}`).not.toMatch(/<[^@!]/);
    expect(plainText(message)).toContain("+2 more");
  });

  it("stays in its budgets with hundreds of long findings", () => {
    const long = "ж".repeat(4000);
    const many = (severity: "error" | "warn") =>
      Array.from({ length: 300 }, (_, index) =>
        finding({
          severity,
          subject: subject({ id: `test.shop.${index}`, name: long, column: long, owner: long }),
          failureClass: "code",
          message: `${long}\n`.repeat(50),
          threshold: long,
          skipped: [long, long],
          muted: { until: long, reason: long },
        }),
      );
    const given = facts({
      target: long,
      projectName: long,
      reproduce: long,
      run: run({
        ref: { kind: "branch", name: long },
        commit: { sha: long, checkedOut: long, title: long, author: long },
      }),
    });
    const mentions = Array.from({ length: 100 }, (_, index) => `U0DANA${10_000 + index}`);

    for (const severity of ["error", "warn"] as const) {
      const message = renderAlert(problems(items(many(severity)), { severity, mentions }), given);

      expectSound(message);
      expect(plainText(message)).toMatch(/\+2\d\d more/);
    }
  });

  it("is kept whatever the texts are, and nothing from outside is mark-up", () => {
    fc.assert(
      fc.property(
        fc.array(hostileFinding, { minLength: 1, maxLength: 6 }),
        fc.array(hostile, { minLength: 8, maxLength: 8 }),
        (findings, texts) => {
          const text = (index: number) => texts[index] ?? "";
          const given = facts({
            target: text(0),
            projectName: text(1),
            reproduce: text(2),
            run: run({
              ref: { kind: "branch", name: text(3) },
              commit: { sha: text(4), checkedOut: "", title: text(5), author: text(6) },
            }),
          });
          const rows = items(findings, { firstSeen: text(7), name: text(3), fingerprint: text(3), runs: 3 });
          const gone = rows.map((item) => ({ ...item, finding: null }));
          const score = { opened: 1, fixed: 1, carried: 1 };
          const expired = [{ id: "1", match: text(4), until: text(5), reason: text(6) }];
          const both = { ...common([...rows, ...gone]), mentions: texts };

          const alerts: readonly Alert[] = [
            problems(items(findings), { mentions: texts }),
            problems(items(findings, { news: "worse" }), { severity: "warn" }),
            { ...common(gone), kind: "recovered" },
            { ...common(gone.slice(0, 1)), kind: "recovered" },
            { ...both, kind: "removed" },
            { ...both, kind: "downgraded" },
            { ...both, kind: "daily" },
            { ...both, kind: "flapping", phase: "start" },
            { ...both, kind: "reminder" },
            { ...both, kind: "board", state: "closed", week: text(7), score, expired },
            { ...both, kind: "overdue", slaSeconds: 60 },
            { ...both, kind: "gap", lastRun: text(7), pauseSeconds: 18_000, usualSeconds: 3600, missed: 4 },
            { ...both, kind: "expired", expired },
          ];
          for (const alert of alerts) {
            expectSound(renderAlert(alert, given));
          }
        },
      ),
      { numRuns: 50 },
    );
  });
});

/** Slack's limits, and that mark-up is ours alone. https://docs.slack.dev/reference/block-kit/blocks */
function expectSound({ text, blocks }: SlackMessage): void {
  const all = parts(blocks);
  const OURS =
    /<@U[A-Z0-9]{8,}>|<!subteam\^S[A-Z0-9]{8,}>|<!date\^\d+\^\{date_short_pretty\}\|[\d-]+>|<https:\/\/github\.com\/acme\/shop\/actions\/runs\/777\|Open the run>/g;
  const mrkdwn = [text, ...all.filter(({ type }) => type === "mrkdwn").map((each) => String(each.text))];

  expect(lengthOf({ text, blocks })).toBeLessThanOrEqual(10_000);
  expect(blocks.length).toBeLessThanOrEqual(45);
  expect(Array.from(text.split("\n")[0] ?? "").length).toBeLessThanOrEqual(120 + 4 * (text.match(/&/g)?.length ?? 0));
  for (const each of mrkdwn) expect(each.replace(OURS, "")).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)/);
  for (const { type } of all)
    expect([
      "header",
      "plain_text",
      "section",
      "mrkdwn",
      "context",
      "divider",
      "rich_text",
      "rich_text_section",
      "rich_text_list",
      "rich_text_preformatted",
      "text",
      "link",
    ]).toContain(type);
  for (const { url } of all.filter(({ type }) => type === "link"))
    expect(url).toBe("https://github.com/acme/shop/actions/runs/777");
  for (const each of all.filter(({ type }) => type === "text" || type === "plain_text" || type === "mrkdwn"))
    expect(each.text).not.toBe("");
  for (const block of blocks) expectShort(block);
}

function expectShort(block: KnownBlock): void {
  if (block.type === "header") expect(block.text.text.length).toBeLessThanOrEqual(150);
  if (block.type === "section") expect(block.text?.text.length ?? 0).toBeLessThanOrEqual(3000);
  if (block.type === "context") expect(block.elements.length).toBeLessThanOrEqual(10);
}
