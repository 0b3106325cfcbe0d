import { readFileSync } from "node:fs";
import type { KnownBlock } from "@slack/types";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Alert, AlertItem, BoardAlert, News, ProblemsAlert } from "../../src/alerts/alert.ts";
import { type AlertFacts, renderAlert, type SlackMessage } from "../../src/render/slack.ts";
import { lengthOf } from "../../src/render/slack-blocks.ts";
import { reproduceCommand } from "../../src/severity/reproduce.ts";
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
      facts({ reproduce: reproduceCommand(richVerdict().findings, "prod") }),
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
    const retried = ["3 tests: BigQuery rate limit, failed again at the second try, +48 s"];
    expect(plainText(renderAlert(problems(items([transient])), facts({ retried })))).toContain(retried[0]);
    expect(plainText(renderAlert(problems(items([transient, finding()])), facts()))).not.toContain("not judged");
    const queue = finding({ subject: { kind: "run", what: "queue-timeout" }, failureClass: "infrastructure" });
    expect(plainText(renderAlert(problems(items([queue])), facts()))).not.toContain("warehouse");
  });

  it.each([
    ["https://github.com/acme/shop/actions/runs/777#artifacts", true],
    ["javascript:alert(1)", false],
    [null, false],
  ])("leads to the page among the artifacts, where it is kept: %s", (artifactsUrl, isLink) => {
    const { blocks } = renderAlert(problems(items([finding()])), facts({ artifactsUrl }));

    const links = blocks.flatMap((block) => (block.type === "context" ? block.elements : []));
    expect(JSON.stringify(links)).toContain("|Open the run>");
    expect(JSON.stringify(links).includes(` · <${artifactsUrl}|report.html>`)).toBe(isLink);
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

describe("second starts that go on for days", () => {
  const retried = ["3 tests: BigQuery rate limit, all passed at the second try, +48 s"];
  const said = "On the last 3 days with runs dbt had to start again what the warehouse refused or dropped.";
  const still = anItem(finding(), { ...over, news: "again", state: "open", endedAt: null });

  it.each<[what: string, alert: Alert, facts: Partial<AlertFacts>, words: readonly string[]]>([
    [
      "in the daily message, with what was in this run",
      { ...common([still]), kind: "daily", secondStartDays: 3 },
      { retried },
      ["1 error still failing in prod", said, ...retried],
    ],
    [
      "where new errors stand in its place",
      problems(items([finding()]), { secondStartDays: 3 }),
      { retried },
      ["1 error in prod", said, ...retried],
    ],
    [
      "in a message of their own, also after a run that needed none",
      { ...common([]), kind: "daily", secondStartDays: 3 },
      {},
      ["Second starts on 3 days in a row in prod", said],
    ],
  ])("are told %s", (_, alert, given, all) => {
    const message = renderAlert(alert, facts(given));

    for (const text of all) expect(`${message.text}\n${plainText(message)}`).toContain(text);
  });
});

describe("a warning message", () => {
  it("is a list with a line of facts each", async () => {
    const message = renderAlert(problems(items(told("warn")), { severity: "warn" }), facts());

    await expect(`${JSON.stringify(message, null, 2)}\n`).toMatchFileSnapshot("snapshots/slack-warn.json");
  });
});

describe("what has become of problems", () => {
  const name = "stg_orders.customer_id · not_null test";
  const one = (overrides: Partial<AlertItem>) => anItem(finding(), { ...over, name, ...overrides });
  const edited = (...given: readonly AlertItem[]) =>
    renderAlert(problems(given, { address: { kind: "edit", ts: "1795158000.000100" } }), facts());

  it.each<[string, Partial<AlertItem>, string, boolean]>([
    ["recovered", { endedAt: "2026-11-20T10:00:00Z", runs: 4 }, "recovered after 3 h, 4 runs", true],
    ["removed", { state: "removed", news: "removed" }, "removed from the project", true],
    ["disabled", { state: "disabled", news: null }, "disabled in the project: not tested", false],
    ["muted", { state: "open", news: null, isMuted: true }, "muted", false],
    [
      "a warning now",
      { state: "open", news: "better", severity: "warn", finding: finding() },
      "only a warning now",
      false,
    ],
    ["flapping", { state: "open", news: null, isFlapping: true }, "flapping: it comes and goes", false],
    ["not seen in this run", { state: "open", news: null }, "not tested in this run", false],
    ["still failing", { state: "open", news: null, finding: finding() }, "36 failures, error if != 0", false],
  ])("an item that is %s says so, and only what is over is struck through", (_, overrides, said, isStruck) => {
    const message = edited(one(overrides));

    expect(plainText(message)).toContain(said);
    expect(allText(message).includes('"strike":true')).toBe(isStruck);
  });

  it("counts them in its title", () => {
    const open = one({ state: "open", news: null, finding: finding() });

    expect(edited(one({}), open).text).toMatch(/^2 errors \(1 recovered, 1 open\) in prod \(shop\): /);
    expect(edited(one({})).text).toMatch(/^1 error \(recovered\) in prod \(shop\): /);
    expect(edited(one({ state: "open", news: "better", severity: "warn" })).text).toMatch(/^1 error \(downgraded\)/);
  });

  it("says whose the last change is, not who broke it, and has no command for what passes", () => {
    expect(plainText(edited(one({})))).toContain("Last updated: deploy of main at a1b2c3d");
    expect(plainText(edited(one({})))).not.toContain("Reproduce:");
  });

  it("links to the message that told it, where it has one of Slack's ids", () => {
    const linked = (parent: AlertItem["parent"]) =>
      allText(renderAlert({ ...common([one({ news: "again", state: "open", parent })]), kind: "daily" }, facts()));

    expect(linked({ channel: "C0ERRORS00", ts: "1795158000.000100" })).toContain(
      '"url":"https://slack.com/archives/C0ERRORS00/p1795158000000100"',
    );
    expect(linked({ channel: "C0ERRORS00|<!here>", ts: "1795158000.000100" })).not.toContain("slack.com");
    expect(linked({ channel: "C0ERRORS00", ts: "../../x" })).not.toContain("slack.com");
    // A webhook's name stands where a channel would.
    expect(linked({ channel: "SLACK_WEBHOOK_ERROR", ts: "1795158000.000100" })).not.toContain("slack.com");
  });

  it("tells the age in the reader's time zone, and no age that cannot be read", () => {
    const daily = (firstSeen: string) =>
      renderAlert({ ...common([one({ news: "again", state: "open", firstSeen })]), kind: "daily" }, facts());

    expect(parts(daily("2026-11-20T07:00:00Z").blocks)).toContainEqual({
      type: "date",
      timestamp: 1795158000,
      format: "{date_short_pretty}",
      fallback: "2026-11-20",
    });
    expect(plainText(daily("<!channel>"))).toContain("since an unknown day (12 runs)");
  });

  it("tells errors that still fail apart from new ones, in one message", () => {
    const given = [finding(), finding({ subject: model("a") }), finding({ subject: model("b") })];
    const news: readonly News[] = ["opened", "again", "flapping"];
    const message = renderAlert(
      problems(given.map((each, index) => anItem(each, { news: news[index] ?? null }))),
      facts(),
    );

    expect(message.text).toMatch(/^1 new error, 1 still failing, 1 flapping in prod \(shop\): /);
  });
});

describe("a board", () => {
  const given: BoardAlert = {
    ...common([]),
    kind: "board",
    state: "open",
    week: "2026-W48",
    score: { opened: 2, fixed: 1, carried: 2 },
    expired: [],
  };
  const warnings = items(told("warn"), { ...since, news: null, dueAt: "2026-11-27T07:00:00Z" });

  it("lists errors before warnings, whatever their order", () => {
    const message = renderAlert({ ...given, items: [...warnings, ...items([finding()], since)] }, facts());

    expect(message.text).toMatch(/^1 error and 2 warnings open in prod \(shop\) · week 48: stg_orders\.customer_id/);
    expect(message.blocks.map(({ type }) => type)).toEqual(["header", "rich_text", "rich_text", "table", "context"]);
    expect(plainText(message)).toContain("2026-11-27");
  });

  it("is quiet where nothing is open, and says the score when it is closed, without errors that would stay for ever", () => {
    const quiet = renderAlert({ ...given, state: "quiet" }, facts());
    const closed = renderAlert({ ...given, state: "closed", items: [...items([finding()]), ...warnings] }, facts());

    expect(quiet.text).toMatch(/^Nothing open in prod \(shop\) · week 48\n/);
    expect(closed.text).toMatch(/^Week 48 is over: 2 opened, 1 fixed, 2 carried · prod \(shop\): /);
    expect(allText(closed)).not.toContain("not_null_stg_orders");
    expect(plainText(closed)).not.toContain("fix now");
  });

  it("says how many of hundreds it does not show", () => {
    const many = Array.from({ length: 300 }, (_, index) =>
      anItem(finding({ severity: "warn", subject: model(`m${index}`) }), since),
    );
    const message = renderAlert({ ...given, items: many }, facts());

    const shown = message.blocks.flatMap((block) => (block.type === "table" ? block.rows.slice(1) : [])).length;
    expect(shown).toBeGreaterThan(15);
    expect(allText(message)).toContain(`+${300 - shown} more`);
    expectSound(message);
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
          const rows = items(findings, {
            firstSeen: text(7),
            parent: { channel: text(2), ts: text(1) },
            dueAt: text(5),
            owner: text(6),
            name: text(3),
            fingerprint: text(3),
            runs: 3,
          });
          const gone = rows.map((item) => ({ ...item, finding: null }));
          const score = { opened: 1, fixed: 1, carried: 1 };
          const expired = [{ id: "1", match: text(4), until: text(5), reason: text(6) }];
          const both = { ...common([...rows, ...gone]), mentions: texts };

          const alerts: readonly Alert[] = [
            problems(items(findings), { mentions: texts }),
            problems(items(findings, { news: "worse" }), { severity: "warn" }),
            problems([...rows, ...gone], { address: { kind: "edit", ts: text(4) }, mentions: texts }),
            { ...common(gone), kind: "recovered" },
            { ...common(gone.slice(0, 1)), kind: "recovered" },
            { ...both, kind: "removed" },
            { ...both, kind: "downgraded" },
            { ...both, kind: "daily" },
            { ...both, kind: "flapping", phase: "start" },
            { ...both, kind: "reminder" },
            { ...both, kind: "board", state: "open", week: "2026-W48", score, expired },
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
      { numRuns: 100 },
    );
  });
});

/** Slack's limits, and that mark-up is ours alone. https://docs.slack.dev/reference/block-kit/blocks */
function expectSound({ text, blocks }: SlackMessage): void {
  const all = parts(blocks);
  const OURS =
    /<@U[A-Z0-9]{8,}>|<!subteam\^S[A-Z0-9]{8,}>|<https:\/\/github\.com\/acme\/shop\/actions\/runs\/777\|Open the run>/g;
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
      "date",
      "table",
      "raw_text",
    ]).toContain(type);
  for (const { url } of all.filter(({ type }) => type === "link"))
    expect(url).toBe("https://github.com/acme/shop/actions/runs/777");
  for (const each of all.filter(({ type }) => type === "text" || type === "plain_text" || type === "mrkdwn"))
    expect(each.text).not.toBe("");
  for (const block of blocks) expectShort(block);
}

/** Slack's own numbers, from the comments of its types. */
const DOCUMENTED = readFileSync("node_modules/@slack/types/dist/block-kit/blocks.d.ts", "utf8").replace(
  /\s+\*?\s*/g,
  " ",
);

/** The number in the sentence of an interface's comments; a new version that says it in other words fails here. */
function documented(block: string, sentence: RegExp): number {
  const start = DOCUMENTED.indexOf(`export interface ${block} `);
  const found = sentence.exec(DOCUMENTED.slice(start, start + 4000))?.[1];
  if (start === -1 || found === undefined) throw new Error(`@slack/types no longer says ${sentence} of ${block}`);
  return Number(found);
}

const MOST = {
  header: documented("HeaderBlock", /Maximum length for the text in this field is (\d+) characters/),
  section: documented("SectionBlock", /maximum length is (\d+) characters/),
  context: documented("ContextBlock", /Maximum number of items is (\d+)/),
  rows: documented("TableBlock", /Maximum (\d+) rows/),
  cells: documented("TableBlock", /max of (\d+) table cells/),
};

function expectShort(block: KnownBlock): void {
  if (block.type === "header") expect(block.text.text.length).toBeLessThanOrEqual(MOST.header);
  if (block.type === "section") expect(block.text?.text.length ?? 0).toBeLessThanOrEqual(MOST.section);
  if (block.type === "context") expect(block.elements.length).toBeLessThanOrEqual(MOST.context);
  if (block.type !== "table") return;
  expect(block.rows.length).toBeLessThanOrEqual(MOST.rows);
  for (const row of block.rows) expect(row.length).toBeLessThanOrEqual(MOST.cells);
}
