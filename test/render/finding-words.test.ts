import { describe, expect, it } from "vitest";
import { describeFinding, genericTest, headlineOf, totalsOf } from "../../src/render/finding-words.ts";
import { finding, model, richVerdict, subject, verdict } from "./build.ts";

describe("the name of a generic test", () => {
  it.each([
    ["on a column", "not_null_stg_orders_customer_id", "model.shop.stg_orders", "customer_id", "not_null"],
    ["with arguments", "accepted_values_stg_orders_status__placed__shipped", "model.shop.stg_orders", "status", "accepted_values"],
    ["on a whole model", "row_count_between_fct_orders_1__9", "model.shop.fct_orders", null, "row_count_between"],
    ["of a package", "dbt_utils_accepted_range_x_amount__0", "model.shop.x", "amount", "dbt_utils_accepted_range"],
    ["on a source", "source_unique_billing_payments_id", "source.shop.billing.payments", "id", "unique"],
    ["on a column with other letters", "not_null_x_Order_ID_", "model.shop.x", "Order ID!", "not_null"],
    ["on a version of a model", "unique_dim_x_v2_id", "model.shop.dim_x.v2", "id", "unique"],
    ["given by hand", "orders are complete", "model.shop.stg_orders", "customer_id", null],
    ["of a column that begins alike", "not_null_stg_orders_customer_id_old", "model.shop.stg_orders", "customer", "not_null"],
    ["of another model", "not_null_stg_orders_2_id", "model.shop.stg_orders_22", "id", null],
  ])("is found %s", (_, name, attachedTo, column, expected) => {
    expect(genericTest(name, attachedTo, column)).toBe(expected);
  });
});

describe("a finding in words", () => {
  it.each([
    ["a generic test", finding(), "stg_orders.customer_id · not_null test · 36 failures, error if != 0"],
    ["one failure", finding({ failures: 1, threshold: null }), "stg_orders.customer_id · not_null test · 1 failure"],
    [
      "a test that could not run",
      finding({ said: "error", failureClass: "code", failures: 0, message: "Database Error" }),
      "stg_orders.customer_id · not_null test · an error in the code",
    ],
    [
      "a test with a name of its own",
      finding({ subject: subject({ name: "orders_are_complete" }) }),
      "stg_orders.customer_id · test orders_are_complete · 36 failures, error if != 0",
    ],
    ["a model", finding({ subject: model("fct_orders"), failureClass: "unknown", failures: null }), "fct_orders · model · failed"],
    [
      "a source",
      finding({ subject: model("payments", { id: "source.shop.billing.payments", type: "source" }), failures: null, threshold: "warn after 12 hours" }),
      "billing.payments · source freshness · stale, warn after 12 hours",
    ],
    ["an id that no manifest knows", finding({ subject: model("x", { id: "operation.shop.x", type: null }) }), "x · operation · 36 failures, error if != 0"],
    ["the run", finding({ subject: { kind: "run", what: "queue-timeout" } }), "the run · the queue timed out"],
  ])("names %s", (_, given, expected) => {
    expect(headlineOf(describeFinding(given))).toBe(expected);
  });

  it("leaves out dbt's message where the count says the same, and keeps every other", () => {
    expect(describeFinding(finding()).message).toBeNull();
    expect(describeFinding(finding({ message: "Got 36 results, which is odd" })).message).toBe("Got 36 results, which is odd");
    expect(describeFinding(finding({ failures: null })).message).toBe("Got 36 results, configured to fail if != 0");
  });

  it("says what a finding kept from running", () => {
    const { caused, skipped } = describeFinding(finding({ skipped: ["model.shop.a", "snapshot.shop.b"] }));

    expect(caused).toBe("1 failing test kept 2 nodes from running");
    expect(skipped).toEqual(["a", "b"]);
  });

  it("says new or known only where there was something to compare with", () => {
    expect([true, false, null].map((isNew) => describeFinding(finding({ isNew })).news)).toEqual(["new", "known", null]);
  });
});

describe("the totals", () => {
  it("leave out the zeros and count a skipped node once", () => {
    const skipped = ["model.shop.a"];

    expect(totalsOf(verdict({ findings: [finding({ skipped }), finding({ skipped })], passed: ["model.shop.b"] }))).toBe("2 errors · 1 skipped · 1 passed");
    expect(totalsOf(richVerdict())).toBe("3 errors · 3 warnings · 6 skipped · 5 passed · 1 neutral · 1 muted");
    expect(totalsOf(verdict())).toBe("nothing ran");
  });
});
