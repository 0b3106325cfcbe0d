import { Ajv } from "ajv";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { renderIncident } from "../../src/render/webhook.ts";
import { anItem } from "../alerts/build.ts";
import { finding, hostileFinding } from "./build.ts";
import { weekFacts } from "./week.ts";

const KEY = { key: "signalbox-0123456789ab", at: "2026-11-25T07:00:00.000Z" };

/** What incident.io's API reference says of its HTTP source: https://docs.incident.io/reference/alert-events-http-create-http-alert-event */
const INCIDENT_IO = new Ajv({ strict: true }).compile({
  type: "object",
  required: ["title", "status"],
  additionalProperties: false,
  properties: {
    title: { type: "string", minLength: 1 },
    status: { enum: ["firing", "resolved"] },
    description: { type: "string" },
    deduplication_key: { type: "string" },
    source_url: { type: "string" },
    metadata: { type: "object" },
  },
});

describe("the body of a webhook", () => {
  const firing = { status: "firing", item: anItem(finding()) } as const;

  it("says what failed where, and keeps its key", () => {
    expect(renderIncident(firing, "signalbox", weekFacts(), KEY)).toEqual({
      schema: 1,
      status: "firing",
      deduplicationKey: KEY.key,
      title: "prod (shop): stg_orders.customer_id · not_null test · 36 failures, error if != 0",
      description: "Got 36 results, configured to fail if != 0",
      url: "https://github.com/acme/shop/actions/runs/777",
      at: KEY.at,
      severity: "error",
      repository: "acme/shop",
      project: "shop",
      target: "prod",
      finding: "v1:test.shop.not_null_stg_orders_customer_id.5c9bf9911d",
      owner: null,
      firstSeen: null,
      runs: null,
      commit: "a1b2c3d4e5f60718293a4b5c6d7e8f9012345678",
      reproduce: "dbt build --target prod --select stg_orders int_fx_rates",
    });
  });

  it("of what is over has its name, and no command", () => {
    const item = anItem(finding(), {
      finding: null,
      name: "stg_orders.customer_id · not_null test",
      state: "recovered",
    });
    const body = renderIncident({ status: "resolved", item }, "signalbox", weekFacts(), KEY);

    expect(body).toMatchObject({ status: "resolved", title: "prod (shop): stg_orders.customer_id · not_null test" });
    expect(body).toMatchObject({ reproduce: null, description: "" });
  });

  it("is what incident.io's HTTP source takes, whatever the texts are; its description is a block of text", () => {
    fc.assert(
      fc.property(hostileFinding, fc.constantFrom("firing" as const, "resolved" as const), (found, status) => {
        const body = renderIncident({ status, item: anItem(found) }, "incident.io", weekFacts(), KEY);

        expect(INCIDENT_IO(body), JSON.stringify(INCIDENT_IO.errors)).toBe(true);
        expect(body.deduplication_key).toBe(KEY.key);
        expect(String(body.description ?? "```")).toMatch(/^```/);
      }),
    );
  });
});
