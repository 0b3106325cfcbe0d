import { SCRIPT } from "../../src/render/page/script.ts";
import { facts, finding, model, plan, planned, verdict } from "../render/build.ts";
import { aPage, judged, render } from "../render/page/build.ts";

export { SCRIPT };

const THREADS = 8;
const BEGAN = Date.UTC(2026, 10, 25, 7);

/**
 * The page of a bad run of so many nodes, on eight threads: of each hundred one failed, with a message and compiled SQL, and
 * kept ten from running; three warned. All of them were planned, and the baseline has their seconds.
 */
export function pageOfRun(size: number): string {
  const ids = Array.from({ length: size }, (_, index) => `model.shop.m_${String(index).padStart(5, "0")}`);
  const at = (index: number) => index % 100;
  const skipped = (index: number) => ids.slice(index + 1, index + 11);
  const sql =
    "select orders.order_id, sum(orders.amount) as amount -- of a day\nfrom orders where amount > 'x'\n".repeat(40);
  const about = (id: string, severity: "error" | "warn", index: number) =>
    finding({
      ...{ severity, failureClass: severity === "error" ? "code" : "data", failures: null, threshold: null },
      ...{ status: severity, message: `Database Error in ${id}\n  column "amuont" does not exist\n  LINE 12: amuont,` },
      subject: model(id.slice("model.shop.".length), { owner: "data-core", compiled: `target/compiled/${id}.sql` }),
      skipped: severity === "error" ? skipped(index) : [],
    });
  const findings = ids.flatMap((id, index) =>
    at(index) === 50 ? about(id, "error", index) : at(index) > 96 ? about(id, "warn", index) : [],
  );
  const isSkipped = (index: number) => at(index) > 50 && at(index) <= 60;
  const parentsOf = (index: number) => ids.slice(Math.max(0, index - 2), index);
  return render(
    aPage({
      verdict: judged(
        verdict({
          findings: findings.sort((a, b) => Number(a.severity === "warn") - Number(b.severity === "warn")),
          passed: ids.filter((_, index) => at(index) <= 96 && at(index) !== 50 && !isSkipped(index)),
          nodes: Object.fromEntries(
            ids.map((id, index) => [
              id,
              facts({
                path: `models/marts/finance/${id.slice("model.shop.".length)}.sql`,
                seconds: isSkipped(index) ? 0 : 1 + ((index * 7) % 13),
                startedAt: new Date(BEGAN + Math.floor(index / THREADS) * 14_000).toISOString(),
              }),
            ]),
          ),
        }),
      ),
      plan: plan({ nodes: ids.map((id) => planned(id)) }),
      nodesInProject: size,
      evidence: {
        compiled: Object.fromEntries(
          findings.flatMap(({ subject }) =>
            subject.kind === "node" ? [[subject.id, { text: sql, bytes: sql.length, isWhole: true }]] : [],
          ),
        ),
        failuresIn: {},
        freshness: [],
        longestChain: ids.filter((_, index) => index % (THREADS * 4) === 0),
        affected: ids.flatMap((id, index) => {
          const state = at(index) === 50 ? "error" : isSkipped(index) ? "skipped" : null;
          if (state === null) return [];
          const parents = state === "error" ? [] : parentsOf(index).filter((_, back) => at(index) > 51 || back === 1);
          return {
            id,
            state,
            isSkipped: state === "skipped",
            failed: 0,
            warned: 0,
            card: state === "error" ? id : null,
            parents,
          };
        }),
        usualSeconds: Object.fromEntries(ids.map((id, index) => [id, 1 + ((index * 5) % 13)])),
      },
    }),
  );
}
