import { describe, expect, it } from "vitest";
import { describeFinding, headlineOf, totalsOf } from "../../src/render/finding-words.ts";
import { finding, model, richVerdict, subject, verdict } from "./build.ts";

describe("a finding in words", () => {
  it.each([
    ["a generic test", finding(), "stg_orders.customer_id · not_null test · 36 failures, error if != 0"],
    ["one failure", finding({ failures: 1, threshold: null }), "stg_orders.customer_id · not_null test · 1 failure"],
    [
      "a test that could not run",
      finding({ status: "error", failureClass: "code", failures: 0, message: "Database Error" }),
      "stg_orders.customer_id · not_null test · an error in the code",
    ],
    [
      "a test with a name of its own",
      finding({ subject: subject({ name: "orders_are_complete" }) }),
      "stg_orders.customer_id · not_null test orders_are_complete · 36 failures, error if != 0",
    ],
    [
      "a model",
      finding({ subject: model("fct_orders"), failureClass: "unknown", failures: null }),
      "fct_orders · model · failed",
    ],
    [
      "a source",
      finding({
        subject: model("payments", { id: "source.shop.billing.payments", type: "source" }),
        failures: null,
        threshold: "warn after 12 hours",
      }),
      "billing.payments · source freshness · stale, warn after 12 hours",
    ],
    [
      "a test on a whole model",
      finding({ subject: subject({ column: null }) }),
      "stg_orders · not_null test · 36 failures, error if != 0",
    ],
    [
      "a singular test that guards a model",
      finding({ subject: subject({ name: "refunds_within_charges", test: null, column: null }) }),
      "refunds_within_charges · test · 36 failures, error if != 0",
    ],
    [
      "a unit test",
      finding({
        subject: subject({ name: "no_revenue", test: null, type: "unit_test" }),
        failures: 1,
        threshold: null,
      }),
      "no_revenue · unit test · failed",
    ],
    [
      "an id that no manifest knows",
      finding({ subject: model("x", { id: "operation.shop.x", type: null }) }),
      "x · operation · 36 failures, error if != 0",
    ],
    ["the run", finding({ subject: { kind: "run", what: "queue-timeout" } }), "the run · the queue timed out"],
  ])("names %s", (_, given, expected) => {
    expect(headlineOf(describeFinding(given))).toBe(expected);
  });

  it("leaves out dbt's message where the count says the same, and keeps every other", () => {
    expect(describeFinding(finding()).message).toBeNull();
    expect(describeFinding(finding({ message: "36 failures" })).message).toBeNull();
    expect(describeFinding(finding({ message: "Got 36 results, which is odd" })).message).toBe(
      "Got 36 results, which is odd",
    );
    expect(describeFinding(finding({ failures: null })).message).toBe("Got 36 results, configured to fail if != 0");
  });

  it.each([
    ["exploded", 'status "exploded", which signalbox does not know'],
    ["x\n::error::", 'status "x ::error::", which signalbox does not know'],
    ["", "dbt gave no status"],
  ])("shows a status that dbt has had since, and does not call it failed: %j", (status, fault) => {
    expect(describeFinding(finding({ failureClass: "unknown", status, failures: null })).fault).toBe(fault);
  });

  it("says of a muted finding what that means", () => {
    expect(describeFinding(finding({ muted: { until: "2026-12-15", reason: "DATA-12" } })).muted).toBe(
      "muted until 2026-12-15 (sends no message, changes no exit code): DATA-12",
    );
  });

  it("says what a finding kept from running", () => {
    const { caused, skipped } = describeFinding(finding({ skipped: ["model.shop.a", "snapshot.shop.b"] }));

    expect(caused).toBe("1 failing test kept 2 nodes from running");
    expect(skipped).toEqual(["a", "b"]);
  });

  it("says new or known only where there was something to compare with", () => {
    expect([true, false, null].map((isNew) => describeFinding(finding({ isNew })).news)).toEqual([
      "new",
      "known",
      null,
    ]);
  });
});

describe("the totals", () => {
  it("leave out the zeros and count a skipped node once", () => {
    const skipped = ["model.shop.a"];

    expect(
      totalsOf(verdict({ findings: [finding({ skipped }), finding({ skipped })], passed: ["model.shop.b"] })),
    ).toBe("2 errors · 1 skipped · 1 passed");
    expect(totalsOf(richVerdict())).toBe(
      "3 errors · 3 warnings · 6 skipped · 5 passed · 1 neutral · 1 muted (counted, but not told)",
    );
    expect(totalsOf(verdict())).toBe("nothing ran");
  });
});
