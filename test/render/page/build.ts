import { createHash } from "node:crypto";
import type { Manifest } from "../../../src/artifacts/manifest.ts";
import { affectedNodes } from "../../../src/render/page/affected.ts";
import { renderPage } from "../../../src/render/page/page.ts";
import { NO_EVIDENCE, type ReportPage } from "../../../src/render/page/page-facts.ts";
import { countVerdict } from "../../../src/severity/outcome.ts";
import type { Verdict, VerdictResult } from "../../../src/severity/verdict.ts";
import { aManifest, aNode } from "../../artifacts/build.ts";
import { richPlan, richVerdict, run } from "../build.ts";

export const sha256 = (text: string) => createHash("sha256").update(text).digest("base64");

export function judged(verdict: Verdict, overrides: Partial<VerdictResult> = {}): VerdictResult {
  return { schema: 1, ...verdict, counts: countVerdict(verdict), sources: [], ...overrides };
}

export function aPage(overrides: Partial<ReportPage> = {}): ReportPage {
  return {
    mode: "check",
    modeReason: "pull request #12 into main",
    target: "ci",
    verdict: null,
    plan: null,
    nodesInProject: null,
    queue: null,
    ended: null,
    project: "shop",
    run: run(),
    writtenAt: "2026-11-25T07:04:00.000Z",
    evidence: NO_EVIDENCE,
    ...overrides,
  };
}

/** A page with everything on it. */
export function richPage(): ReportPage {
  const verdict = richVerdict();
  const [first, second] = verdict.findings.flatMap(({ subject }) => (subject.kind === "node" ? [subject.id] : []));
  const nodes = Object.entries(verdict.nodes).map(([id, facts], index) => [
    id,
    { ...facts, startedAt: new Date(Date.UTC(2026, 10, 25, 7, 0, index)).toISOString() },
  ]);
  return aPage({
    run: run({
      ...{ ref: { kind: "branch", name: "feature/rates" }, pullRequest: { number: 12, base: "main" } },
      ...{ trigger: "pull-request", triggerWord: "pull_request" },
    }),
    verdict: judged({
      ...verdict,
      nodes: Object.fromEntries(nodes),
      retried: {
        starts: [
          {
            ...{ startedAt: "2026-11-25T07:01:00Z", seconds: 12, pauseSeconds: 30, threads: 2, exitCode: 1 },
            ...{ trouble: "none", nodes: 1, why: "1 node: BigQuery rate limit" },
          },
        ],
        nodes: {
          [second ?? ""]: [
            {
              ...{ status: "error", failureClass: "throttled", message: "rateLimitExceeded" },
              ...{ words: "BigQuery rate limit", seconds: 3 },
            },
          ],
        },
      },
    }),
    plan: richPlan(),
    nodesInProject: 38,
    queue: { decision: "entered", reason: "nobody is ahead", waitedSeconds: 42 },
    evidence: {
      compiled: {
        [first ?? ""]: {
          text: '-- one of them\nselect customer_id\nfrom "shop"."ci_feature_rates"."stg_orders"\nwhere customer_id <> \'x\'',
          bytes: 102,
          isWhole: true,
        },
      },
      failuresIn: { [first ?? ""]: '"shop"."ci_feature_rates_dbt_test__audit"."relationships_stg_orders"' },
      freshness: [
        { id: "source.shop.billing.orders", status: "pass", message: "loaded 2 h ago; warn after 12 h" },
        { id: "source.shop.billing.payments", status: "warn", message: "loaded 14 h ago; warn after 12 h" },
      ],
      longestChain: ["model.shop.stg_order_items", "model.shop.stg_products"],
      affected: affectedNodes(verdict, shopManifest()),
      usualSeconds: { "model.shop.stg_payments": 4.5, "model.shop.stg_products": 14, "model.shop.stg_order_items": 11 },
    },
    firstSeen: { "v1:test.shop.not_null_stg_customers_country_code.1d3a6fd4a3": "2026-11-12T07:03:00.000Z" },
  });
}

/** What reads what in the shop, as far as its graph shows it. */
function shopManifest(): Manifest {
  const reads: Readonly<Record<string, readonly string[]>> = {
    stg_customers: [],
    stg_orders: ["source.shop.billing.orders"],
    stg_order_items: [],
    int_fx_rates: ["source.shop.billing.payments"],
    int_order_totals: ["stg_orders", "stg_order_items"],
    int_orders_eur: ["stg_orders", "int_fx_rates"],
    fct_orders: ["int_orders_eur"],
    dim_customers: ["stg_customers", "fct_orders"],
    fct_daily_revenue: ["fct_orders"],
    fct_product_sales: ["int_orders_eur", "stg_order_items"],
  };
  return aManifest(
    Object.entries(reads).map(([name, parents]) =>
      aNode(name, { parents: parents.map((each) => (each.startsWith("source.") ? each : `model.shop.${each}`)) }),
    ),
  );
}

export function render(page: ReportPage): string {
  return renderPage(page, sha256);
}
