import { createHash } from "node:crypto";
import { renderPage } from "../../../src/render/page/page.ts";
import { NO_EVIDENCE, type ReportPage } from "../../../src/render/page/page-facts.ts";
import { countVerdict } from "../../../src/severity/outcome.ts";
import type { Verdict, VerdictResult } from "../../../src/severity/verdict.ts";
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
          text: '-- one of them\nselect customer_id\nfrom "shop"."ci"."stg_orders"\nwhere customer_id <> \'x\'',
          bytes: 92,
          isWhole: true,
        },
      },
      failuresIn: { [first ?? ""]: '"shop"."ci_dbt_test__audit"."relationships_stg_orders"' },
      freshness: [
        { id: "source.shop.billing.orders", status: "pass", message: "loaded 2 h ago; warn after 12 h" },
        { id: "source.shop.billing.payments", status: "warn", message: "loaded 14 h ago; warn after 12 h" },
      ],
      longestChain: ["model.shop.stg_order_items", "model.shop.stg_products"],
    },
  });
}

export function render(page: ReportPage): string {
  return renderPage(page, sha256);
}
