import type { Alert, AlertItem } from "../../src/alerts/alert.ts";
import type { MessageRef } from "../../src/alerts/ledger.ts";
import { nameFinding } from "../../src/render/finding-words.ts";
import type { AlertFacts } from "../../src/render/slack.ts";
import type { Finding } from "../../src/severity/verdict.ts";
import { anItem } from "../alerts/build.ts";
import { finding, richVerdict, run, subject } from "./build.ts";

/** What a team sees in Slack over a week: a message of every kind, for tests and for the pictures in docs. */

export interface Scene {
  /** Names the picture: `docs/slack/<name>.png`. */
  readonly name: string;
  /** What Slack shows of its time. */
  readonly at: string;
  readonly alert: Alert;
  readonly facts: AlertFacts;
  /** The first line, as a phone tells it. */
  readonly phone: string;
}

const ERRORS = "C0DBTERROR";
const WARNINGS = "C0DBTWARNS";
const PARENT: MessageRef = { channel: ERRORS, ts: "1795500420.000100" };
const BOARD: MessageRef = { channel: WARNINGS, ts: "1795424700.000200" };
const DATA_CORE = "S0DATACORE";
const DANA = "U0DANA12345";

const [relationships, model_, unitTest, country, freshness] = richVerdict().findings as [
  Finding,
  Finding,
  Finding,
  Finding,
  Finding,
];
const notNull = finding({
  subject: subject({ owner: "data-core", path: "models/staging/_staging.yml", line: 12 }),
  failures: 36,
});
const unique = finding({
  subject: subject({
    id: "test.shop.unique_fct_orders_order_id.7d4a",
    name: "unique_fct_orders_order_id",
    attachedTo: "model.shop.fct_orders",
    column: "order_id",
    test: "unique",
    owner: "finance",
  }),
  severity: "warn",
  status: "warn",
  failures: 3,
  threshold: "warn if != 0",
});

export function weekFacts(overrides: Partial<AlertFacts> = {}): AlertFacts {
  return {
    run: run(),
    mode: "deploy",
    target: "prod",
    projectName: "shop",
    reproduce: "dbt build --target prod --select stg_orders int_fx_rates",
    ...overrides,
  };
}

const scheduled = weekFacts({
  mode: "schedule",
  run: run({ trigger: "schedule", commit: { ...run().commit, title: null, author: null } }),
});

function item(of: Finding, overrides: Partial<AlertItem> = {}): AlertItem {
  const owner = of.subject.kind === "node" ? of.subject.owner : null;
  return anItem(of, { name: nameFinding(of), owner, ...overrides });
}

const first = { firstSeen: "2026-11-24T06:07:00Z", lastSeen: "2026-11-24T06:07:00Z", runs: 1 };
const aDay = { firstSeen: "2026-11-24T06:07:00Z", lastSeen: "2026-11-25T09:02:00Z", runs: 28 };
const days = { firstSeen: "2026-11-19T06:07:00Z", lastSeen: "2026-11-25T09:02:00Z", runs: 147 };
const due = "2026-11-26T06:07:00Z";
const open = { news: null, parent: PARENT } as const;

function inChannel(channel: string, items: readonly AlertItem[], mentions: readonly string[] = []) {
  return { key: "", channel, address: { kind: "channel" } as const, items, mentions };
}

function inThread(parent: MessageRef, items: readonly AlertItem[], mentions: readonly string[] = []) {
  return { key: "", channel: parent.channel, address: { kind: "thread", ts: parent.ts } as const, items, mentions };
}

function edit(message: MessageRef, items: readonly AlertItem[]) {
  const address = { kind: "edit", ts: message.ts } as const;
  return { key: "", channel: message.channel, address, items, mentions: [] };
}

const failedRun = (what: "dbt-failed" | "queue-timeout", message: string) =>
  finding({
    subject: { kind: "run", what },
    failureClass: what === "dbt-failed" ? "code" : "infrastructure",
    status: "error",
    message,
    failures: null,
    threshold: null,
  });

const throttled = finding({
  ...model_,
  failureClass: "transient",
  message: "429 Exceeded rate limits: too many concurrent queries for this project_and_region",
  isNew: null,
});

const boardItems = [
  item(notNull, { ...open, ...aDay }),
  item(country, { ...open, ...days, parent: BOARD, dueAt: due }),
  item(freshness, { ...open, ...aDay, parent: BOARD, dueAt: "2026-12-01T06:07:00Z" }),
  item(unique, { ...open, ...days, finding: null, parent: BOARD, dueAt: due }),
];
const mute = {
  id: "1",
  match: "name: orders_with_old_fx_rate",
  until: "2026-11-24",
  reason: "DATA-12: rates of last year",
};

export const WEEK: readonly Scene[] = [
  {
    name: "board",
    at: "Mon 09:05 (edited)",
    phone:
      "1 error and 3 warnings open in prod (shop) · week 48: stg_orders.customer_id · not_null test · 36 failures, er…, +3 more",
    alert: {
      ...edit(BOARD, boardItems),
      kind: "board",
      state: "open",
      week: "2026-W48",
      score: { opened: 4, fixed: 1, carried: 3 },
      expired: [mute],
    },
    facts: scheduled,
  },
  {
    name: "errors",
    at: "Tue 06:07",
    phone: "3 errors in prod (shop): stg_orders.customer_id · relationships test · 36 failures, error if != 0, +2 more",
    alert: {
      ...inChannel(
        ERRORS,
        [relationships, model_, unitTest].map((each) => item(each, first)),
        [DATA_CORE, DANA],
      ),
      kind: "problems",
      severity: "error",
    },
    facts: weekFacts(),
  },
  {
    name: "escalation",
    at: "Tue 11:07",
    phone:
      "1 error in prod (shop): stg_customers.country_code · not_null test · was a warning · 24 failures, warn if > 5, error if…",
    alert: {
      ...inChannel(
        ERRORS,
        [
          item(
            finding({
              ...country,
              severity: "error",
              status: "fail",
              failures: 24,
              message: "Got 24 results, configured to fail if > 20",
            }),
            { ...days, news: "worse", parent: BOARD },
          ),
        ],
        [DATA_CORE],
      ),
      kind: "problems",
      severity: "error",
    },
    facts: weekFacts({ reproduce: "dbt test --target prod --select not_null_stg_customers_country_code" }),
  },
  {
    name: "daily",
    at: "Wed 09:02",
    phone:
      "2 errors still failing in prod (shop): stg_orders.customer_id · relationships test · 36 failures, error if != 0, +1 more",
    alert: {
      ...inChannel(
        ERRORS,
        [
          item(relationships, { ...aDay, news: "again", parent: PARENT }),
          item(unitTest, { ...aDay, news: "again", parent: PARENT }),
        ],
        [DATA_CORE],
      ),
      kind: "daily",
    },
    facts: scheduled,
  },
  {
    name: "edit",
    at: "Tue 06:07 (edited)",
    phone:
      "3 errors (1 recovered, 1 downgraded, 1 open) in prod (shop): stg_orders.customer_id · relationships test: reco…, +2 more",
    alert: {
      ...edit(PARENT, [
        item(relationships, {
          ...first,
          finding: null,
          news: "recovered",
          state: "recovered",
          endedAt: "2026-11-24T09:12:00Z",
          runs: 4,
        }),
        item(unitTest, { ...aDay, news: "better", severity: "warn" }),
        item(model_, { ...aDay, news: null }),
      ]),
      kind: "problems",
      severity: "error",
    },
    facts: weekFacts(),
  },
  {
    name: "recovery",
    at: "Tue 09:12",
    phone: "Recovered in prod (shop): stg_orders.customer_id · relationships test after 3 h, 4 runs",
    alert: {
      ...inThread(PARENT, [
        item(relationships, {
          ...first,
          finding: null,
          news: "recovered",
          state: "recovered",
          endedAt: "2026-11-24T09:12:00Z",
          runs: 4,
        }),
      ]),
      kind: "recovered",
    },
    facts: weekFacts({ run: run({ commit: { ...run().commit, title: "Load late customers (#13)" } }) }),
  },
  {
    name: "downgrade",
    at: "Wed 12:07",
    phone:
      "1 error downgraded to a warning in prod (shop): stg_customers.country_code · not_null test · 8 failures, warn if > 5, e…",
    alert: { ...inThread(PARENT, [item(country, { ...aDay, news: "better", isFlapping: false })]), kind: "downgraded" },
    facts: weekFacts(),
  },
  {
    name: "removed",
    at: "Thu 15:40",
    phone: "Removed from prod (shop): cancelled_orders_are_no_revenue · unit test",
    alert: {
      ...inThread(PARENT, [
        item(unitTest, { ...aDay, finding: null, news: "removed", state: "removed", endedAt: "2026-11-26T15:40:00Z" }),
      ]),
      kind: "removed",
    },
    facts: weekFacts(),
  },
  {
    name: "new-warning",
    at: "Wed 07:05",
    phone:
      "1 warning in prod (shop): billing.payments · source freshness · stale, warn after 12 hours, error after 48 hours",
    alert: { ...inThread(BOARD, [item(freshness, first)], [DANA]), kind: "problems", severity: "warn" },
    facts: scheduled,
  },
  {
    name: "flapping",
    at: "Thu 14:07",
    phone: "Flapping in prod (shop): stg_orders.customer_id · not_null test · 36 failures, error if != 0",
    alert: {
      ...inChannel(ERRORS, [item(notNull, { ...aDay, news: "flapping", isFlapping: true })], [DATA_CORE]),
      kind: "flapping",
      phase: "start",
    },
    facts: scheduled,
  },
  {
    name: "flapping-end",
    at: "Fri 15:07",
    phone: "No longer flapping in prod (shop): stg_orders.customer_id · not_null test",
    alert: {
      ...inThread(PARENT, [
        item(notNull, {
          ...aDay,
          finding: null,
          news: "recovered",
          state: "recovered",
          endedAt: "2026-11-27T15:07:00Z",
        }),
      ]),
      kind: "flapping",
      phase: "end",
    },
    facts: scheduled,
  },
  {
    name: "reminder",
    at: "Wed 07:05",
    phone:
      "1 warning due within a day in prod (shop): stg_customers.country_code · not_null test · 8 failures, warn if > 5, error…",
    alert: { ...inThread(BOARD, [item(country, { ...days, news: null, dueAt: due })], [DATA_CORE]), kind: "reminder" },
    facts: scheduled,
  },
  {
    name: "overdue",
    at: "Thu 07:05",
    phone:
      "2 warnings overdue in prod (shop): stg_customers.country_code · not_null test · 8 failures, warn if > 5, error…, +1 more",
    alert: {
      ...inChannel(
        ERRORS,
        [
          item(country, { ...days, news: "overdue", parent: BOARD, dueAt: due }),
          item(unique, { ...days, finding: null, news: "overdue", parent: BOARD, dueAt: due }),
        ],
        [DATA_CORE],
      ),
      kind: "overdue",
      slaSeconds: 7 * 86_400,
    },
    facts: scheduled,
  },
  {
    name: "gap",
    at: "Fri 11:04",
    phone: "First run for 5 h in prod (shop): 4 runs missing",
    alert: {
      ...inChannel(ERRORS, []),
      kind: "gap",
      lastRun: "2026-11-27T06:04:00Z",
      pauseSeconds: 5 * 3600,
      usualSeconds: 3600,
      missed: 4,
    },
    facts: scheduled,
  },
  {
    name: "run-compile",
    at: "Thu 16:20",
    phone: "1 error in prod (shop): the run · dbt failed before it had results",
    alert: {
      ...inChannel(ERRORS, [
        item(
          failedRun(
            "dbt-failed",
            "Compilation Error\n  Model 'model.shop.fct_orders' (models/marts/fct_orders.sql) depends on a node named 'int_order_total' which was not found",
          ),
          first,
        ),
      ]),
      kind: "problems",
      severity: "error",
    },
    facts: weekFacts({ reproduce: "dbt parse --target prod" }),
  },
  {
    name: "run-warehouse",
    at: "Fri 03:07",
    phone: "1 error in prod (shop): int_fx_rates · model · a temporary fault of the warehouse or network",
    alert: { ...inChannel(ERRORS, [item(throttled, first)]), kind: "problems", severity: "error" },
    facts: scheduled,
  },
  {
    name: "run-queue",
    at: "Fri 17:12",
    phone: "1 error in prod (shop): the run · the queue timed out",
    alert: {
      ...inChannel(ERRORS, [
        item(
          failedRun("queue-timeout", "waited 60 min behind run 776 (https://github.com/acme/shop/actions/runs/776)"),
          first,
        ),
      ]),
      kind: "problems",
      severity: "error",
    },
    facts: weekFacts({ reproduce: null }),
  },
  {
    name: "expired-mute",
    at: "Wed 06:07",
    phone: "1 mute ended in prod (shop): name: orders_with_old_fx_rate",
    alert: { ...inThread(BOARD, []), kind: "expired", expired: [mute] },
    facts: scheduled,
  },
  {
    name: "board-quiet",
    at: "Mon 09:05 (edited)",
    phone: "Nothing open in prod (shop) · week 48",
    alert: {
      ...edit(BOARD, []),
      kind: "board",
      state: "quiet",
      week: "2026-W48",
      score: { opened: 9, fixed: 9, carried: 0 },
      expired: [],
    },
    facts: weekFacts(),
  },
  {
    name: "board-closed",
    at: "Mon 09:05 (edited)",
    phone:
      "Week 48 is over: 9 opened, 7 fixed, 2 carried · prod (shop): stg_customers.country_code · not_null test · 8 fa…, +1 more",
    alert: {
      ...edit(
        BOARD,
        [boardItems[1], boardItems[3]].filter((each) => each !== undefined),
      ),
      kind: "board",
      state: "closed",
      week: "2026-W48",
      score: { opened: 9, fixed: 7, carried: 2 },
      expired: [],
    },
    facts: scheduled,
  },
];
