import fc from "fast-check";
import type { Run } from "../../src/run/run.ts";
import type { PlacedNode, PlanResult } from "../../src/selection/plan.ts";
import { reproduceCommand } from "../../src/severity/reproduce.ts";
import type { Finding, NodeFacts, Subject, ToolFacts, ToolSubject, Verdict } from "../../src/severity/verdict.ts";

type NodeSubject = Extract<Subject, { kind: "node" }>;

/** A generic test's subject: not_null on stg_orders.customer_id. */
export function subject(overrides: Partial<NodeSubject> = {}): NodeSubject {
  return {
    kind: "node",
    id: "test.shop.not_null_stg_orders_customer_id.5c9bf9911d",
    name: "not_null_stg_orders_customer_id",
    attachedTo: "model.shop.stg_orders",
    column: "customer_id",
    path: "models/staging/_staging.yml",
    line: null,
    compiled: null,
    owner: null,
    ownerSlack: null,
    tags: [],
    group: null,
    test: "not_null",
    type: "test",
    alertKey: null,
    ...overrides,
  };
}

export function model(name: string, overrides: Partial<NodeSubject> = {}): NodeSubject {
  return subject({
    id: `model.shop.${name}`,
    name,
    attachedTo: null,
    column: null,
    path: `models/${name}.sql`,
    test: null,
    type: "model",
    ...overrides,
  });
}

/** What a tool remarks on in a line of stg_orders. */
export function remark(overrides: Partial<Finding> = {}, place: Partial<ToolSubject> = {}): Finding {
  const subject: ToolSubject = {
    ...{ kind: "tool", tool: "sqlfluff", rule: "LT01", path: "models/staging/stg_orders.sql", line: 5, column: 11 },
    ...{ id: "model.shop.stg_orders", name: "stg_orders", owner: "data-core", ownerSlack: null, tags: [], group: null },
    ...{ type: "model", ...place },
  };
  const message = "Unexpected whitespace before comma ','.";
  const dbts = { failures: null, threshold: null, failureClass: "code" as const };
  return finding({ subject, severity: "warn", status: subject.rule ?? "failed", message, ...dbts, ...overrides });
}

export function finding(overrides: Partial<Finding> = {}): Finding {
  return {
    subject: subject(),
    severity: "error",
    failureClass: "data",
    status: "fail",
    message: "Got 36 results, configured to fail if != 0",
    failures: 36,
    threshold: "error if != 0",
    skipped: [],
    muted: null,
    isNew: null,
    ...overrides,
  };
}

export function facts(overrides: Partial<NodeFacts> = {}): NodeFacts {
  return {
    name: "fct_orders",
    type: "model",
    package: "shop",
    path: "models/marts/fct_orders.sql",
    fqn: ["shop", "marts", "fct_orders"],
    attachedTo: null,
    column: null,
    test: null,
    alertKey: null,
    seconds: 1.25,
    startedAt: "2026-11-25T07:00:00Z",
    ...overrides,
  };
}

/** sqlfluff, which has looked at two files. */
export function toolFacts(overrides: Partial<ToolFacts> = {}): ToolFacts {
  return {
    ...{ tool: "sqlfluff", state: "ran", why: null, files: 2, filesLeftOut: 0 },
    ...{ found: 1, elsewhere: 6, cut: 0, seconds: 1.25, ...overrides },
  };
}

/** The facts of the row that belongs to a finding. */
export function factsOf({ subject }: Finding, overrides: Partial<NodeFacts> = {}): NodeFacts {
  if (subject.kind !== "node") throw new Error("only a node has a row");
  const { name, type, path, attachedTo, column } = subject;
  return facts({ name, type, path, attachedTo, column, fqn: ["shop", "staging", name], seconds: 0.2, ...overrides });
}

export function verdict(overrides: Partial<Verdict> = {}): Verdict {
  const findings = overrides.findings ?? [];
  const level = findings.some(({ severity }) => severity === "error") ? "error" : findings.length > 0 ? "warn" : "pass";
  return {
    level,
    findings,
    passed: [],
    neutral: [],
    nodes: {},
    known: [],
    disabled: [],
    dbt: { version: "1.11.16", commands: ["build"], exitCodes: [level === "error" ? 1 : 0] },
    reproduce: null,
    ...overrides,
  };
}

export function planned(id: string, overrides: Partial<PlacedNode> = {}): PlacedNode {
  return {
    id,
    type: id.split(".")[0] ?? "",
    path: "models/x.sql",
    relation: null,
    reasons: [{ kind: "body" }],
    ...overrides,
  };
}

export function plan(overrides: Partial<PlanResult> = {}): PlanResult {
  const nodes = overrides.nodes ?? [];
  return {
    schema: 1,
    mode: "check",
    target: "ci",
    commit: "a1b2c3d4e5f60718293a4b5c6d7e8f9012345678",
    choosing: { exclude: [], indirectSelection: null, resourceTypes: { only: [], without: [] } },
    kind: "selected",
    ids: nodes.map(({ id }) => id),
    nodes,
    baselines: { selection: null, deferral: null },
    defer: false,
    promoted: [],
    estimate: null,
    dbt: null,
    delegatedToDbt: null,
    warnings: [],
    ...overrides,
  };
}

export function run(overrides: Partial<Run> = {}): Run {
  return {
    platform: "github",
    id: "777",
    attempt: 1,
    url: "https://github.com/acme/shop/actions/runs/777",
    repository: "acme/shop",
    headRepository: "acme/shop",
    workflow: ".github/workflows/dbt.yml",
    ref: { kind: "branch", name: "main" },
    commit: {
      sha: "a1b2c3d4e5f60718293a4b5c6d7e8f9012345678",
      checkedOut: "a1b2c3d4e5f60718293a4b5c6d7e8f9012345678",
      title: "Read the rates of the last trading day (#12)",
      author: "Dana",
    },
    pullRequest: null,
    trigger: "push",
    triggerWord: "push",
    trust: "full",
    ...overrides,
  };
}

/** A check with everything in it: a failed test with skips, a broken model, a run-time error, warnings, a mute. */
export function richVerdict(): Verdict {
  const findings = [
    finding({
      subject: subject({
        id: "test.shop.relationships_stg_orders_customer_id__customer_id__ref_stg_customers_.430bf21500",
        name: "relationships_stg_orders_customer_id__customer_id__ref_stg_customers_",
        test: "relationships",
        line: 24,
        owner: "data-core",
      }),
      skipped: [
        "dim_customers",
        "fct_daily_revenue",
        "fct_orders",
        "fct_product_sales",
        "int_order_totals",
        "int_orders_eur",
      ].map((name) => `model.shop.${name}`),
      isNew: true,
    }),
    finding({
      subject: model("int_fx_rates", { path: "models/intermediate/int_fx_rates.sql", line: 1, owner: "finance" }),
      failureClass: "code",
      status: "error",
      message: [
        "Database Error in model int_fx_rates (models/intermediate/int_fx_rates.sql)",
        '  Binder Error: Referenced column "ratee" not found in FROM clause!',
        '  Candidate bindings: "rate", "rate_date"',
        "  ",
        "  LINE 12:     ratee,",
        "               ^",
      ].join("\n"),
      failures: null,
      threshold: null,
      isNew: true,
    }),
    finding({
      subject: subject({
        id: "unit_test.shop.fct_daily_revenue.cancelled_orders_are_no_revenue",
        name: "cancelled_orders_are_no_revenue",
        type: "unit_test",
        test: null,
        attachedTo: "model.shop.fct_daily_revenue",
        column: null,
        path: "models/marts/finance/_finance.yml",
        line: 25,
      }),
      message:
        "\u001b[1mactual differs from expected:\u001b[0m\n\n@@,ordered_on,orders,net_eur\n→ ,2026-07-06,2→\u001b[31m3\u001b[0m,100→\u001b[31m140\u001b[0m\n",
      failures: 1,
      threshold: null,
      isNew: false,
    }),
    finding({
      subject: subject({
        id: "test.shop.not_null_stg_customers_country_code.1d3a6fd4a3",
        name: "not_null_stg_customers_country_code",
        attachedTo: "model.shop.stg_customers",
        column: "country_code",
        line: 12,
        owner: "data-core",
      }),
      severity: "warn",
      status: "warn",
      message: "Got 8 results, configured to warn if > 5",
      failures: 8,
      threshold: "warn if > 5, error if > 20",
      isNew: false,
    }),
    finding({
      subject: subject({
        id: "source.shop.billing.payments",
        name: "payments",
        type: "source",
        test: null,
        attachedTo: null,
        column: null,
        path: "models/staging/_sources.yml",
        line: 38,
      }),
      severity: "warn",
      status: "warn",
      message: "loaded 14 hours ago",
      failures: null,
      threshold: "warn after 12 hours, error after 48 hours",
    }),
    finding({
      subject: subject({
        id: "test.shop.orders_with_old_fx_rate",
        name: "orders_with_old_fx_rate",
        test: null,
        attachedTo: "model.shop.fct_orders",
        column: null,
        path: "tests/singular/orders_with_old_fx_rate.sql",
        line: 1,
      }),
      severity: "warn",
      status: "warn",
      message: "Got 1204 results, configured to warn if != 0",
      failures: 1204,
      threshold: "warn if != 0",
      muted: { until: "2026-12-15", reason: "DATA-12" },
      isNew: false,
    }),
  ];
  const skipped = findings.flatMap((each) => each.skipped);
  const passed = ["stg_customers", "stg_order_items", "stg_orders", "stg_payments", "stg_products"].map(
    (name) => `model.shop.${name}`,
  );
  return verdict({
    findings,
    passed,
    neutral: ["model.shop.ephemeral"],
    nodes: Object.fromEntries([
      ...findings.map((each) => [each.subject.kind === "node" ? each.subject.id : "", factsOf(each)]),
      ...[...skipped, ...passed, "model.shop.ephemeral"].map((id, index) => {
        const name = id.slice("model.shop.".length);
        const folder = name.startsWith("stg_") ? "staging" : "marts";
        const path = `models/${folder}/${name}.sql`;
        return [
          id,
          facts({
            name,
            path,
            fqn: ["shop", folder, name],
            seconds: skipped.includes(id) || name === "ephemeral" ? 0 : 1.5 * index,
          }),
        ];
      }),
    ]),
    reproduce: reproduceCommand(findings, "ci"),
  });
}

export function richPlan(): PlanResult {
  const follower = (name: string, of: string, type = "model") =>
    planned(`${type}.shop.${name}`, { type, reasons: [{ kind: "downstream", of: `model.shop.${of}` }] });
  return plan({
    nodes: [
      planned("model.shop.int_orders_eur"),
      planned("model.shop.stg_payments", {
        reasons: [{ kind: "config", keys: ["materialized", "tags"] }, { kind: "description" }],
      }),
      planned("model.shop.int_fx_rates", {
        reasons: [{ kind: "macro", macro: "to_eur", path: "macros/to_eur.sql" }],
      }),
      planned("seed.shop.fx_rates", { reasons: [{ kind: "missing-in-production" }] }),
      follower("fct_orders", "int_orders_eur"),
      follower("dim_customers", "int_orders_eur"),
      follower("fct_daily_revenue", "int_orders_eur"),
      follower("fct_product_sales", "int_orders_eur"),
      follower("int_order_totals", "int_orders_eur"),
      follower("customers_snapshot", "int_orders_eur", "snapshot"),
      follower("unique_fct_orders_order_id.1", "int_orders_eur", "test"),
      follower("refunds_within_charges", "stg_payments", "test"),
    ],
    baselines: {
      selection: {
        kind: "worktree",
        where: "git",
        distance: 0,
        commit: "0f1e2d3c4b5a69788796a5b4c3d2e1f001234567",
        createdAt: null,
      },
      deferral: {
        kind: "bundle",
        where: "actions",
        distance: 2,
        commit: "9a8b7c6d5e4f",
        createdAt: "2026-11-24T06:12:45.123Z",
      },
    },
    defer: true,
    promoted: ["seed.shop.fx_rates"],
    estimate: { seconds: 74.6, threads: 4, untimed: 1 },
    warnings: ["the macro generate_schema_name changed: every relation may have moved"],
  });
}

const SNIPPETS = [
  "\u001b[31mred\u001b[0m",
  "\u001b]8;;https://evil.example\u0007link\u001b]8;;\u0007",
  "\u009b1m",
  "::error::injected",
  "::error file=a,line=1::x",
  "##[error]injected",
  "\n::set-output name=a::b",
  "\r::stop-commands::x",
  "\u0085::error::nel",
  "\u2028::error::ls",
  "<!channel>",
  "<!here|here>",
  "<@U0123456789>",
  "<https://evil.example|click>",
  "@channel @octocat",
  "</script><script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "](javascript:alert(1))",
  "[click](https://evil.example)",
  "![x](https://evil.example/p.png)",
  "https://evil.example/a www.evil.example a@evil.example",
  "|",
  "\\|",
  "`",
  "```\n# heading\n```",
  "``````",
  "\\`",
  "\n\n# heading\n- item\n",
  "| a | b |\n|---|---|",
  "\u202etxet desrever\u202c",
  "\u200b\u2066\u00ad",
  "\ud800",
  "\udc00x",
  "]]>",
  "<![CDATA[",
  "&amp;&#60;",
  "\u0000\u0008\ufffe\uffff",
  "%0A::error::x%25",
  "👩‍👩‍👧 東京 e\u0301",
  ":smile: *bold* _it_ ~x~",
];

/** Text as an enemy would write it. */
export const hostile: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.constantFrom(...SNIPPETS),
      fc.string({ unit: "binary", maxLength: 12 }),
      fc.constantFrom(" ", "\n", "x"),
    ),
    {
      minLength: 1,
      maxLength: 8,
    },
  )
  .map((parts) => parts.join(""));

/** A finding in which every text is hostile. */
export const hostileFinding: fc.Arbitrary<Finding> = fc
  .record({
    texts: fc.array(hostile, { minLength: 12, maxLength: 12 }),
    severity: fc.constantFrom("error" as const, "warn" as const),
    failures: fc.option(fc.nat(), { nil: null }),
    status: fc.constantFrom("fail", "error", "warn"),
    type: fc.constantFrom("test", "model", "unit_test", "source", null),
    isAttached: fc.boolean(),
    failureClass: fc.constantFrom("data" as const, "code" as const, "transient" as const),
  })
  .map(({ texts, severity, failures, status, type, isAttached, failureClass }) => {
    const text = (index: number) => texts[index] ?? "";
    return finding({
      subject: subject({
        id: `${type ?? "model"}.shop.${text(0)}`,
        name: text(1),
        type,
        attachedTo: isAttached ? `model.shop.${text(2)}` : null,
        column: isAttached ? text(3) : null,
        path: text(4),
        owner: text(5),
        tags: [text(6)],
        test: isAttached ? text(6) : null,
        line: 3,
      }),
      severity,
      failureClass,
      failures,
      status,
      message: text(7),
      threshold: text(8),
      skipped: [`model.shop.${text(9)}`, text(10)],
      muted: { until: "2026-12-15", reason: text(11) },
      history: [
        { kind: "flaky", on: text(11), failed: 4, runs: 20, passedAgain: 1, fault: "own" },
        { kind: "failing", on: text(10), runs: 3, first: { at: text(9), commit: text(8) }, isSince: true },
      ],
    });
  });
