import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { fingerprintHash } from "../../../src/slack/packed-ledger.ts";
import { keyOfIncident } from "../../../src/steps/notify/webhooks.ts";
import { anItem } from "../../alerts/build.ts";
import { finding } from "../../render/build.ts";

const digest = (text: string) => createHash("sha256").update(text).digest("hex");

it("knows a problem by one key, whether its ledger keeps its fingerprint or the hash of it", () => {
  const item = (fingerprint: string) => ({ item: anItem(finding(), { fingerprint }) });
  const named = keyOfIncident(item("v1:test.shop.unique_orders"), digest);

  expect(keyOfIncident(item(`v1:#${fingerprintHash("v1:test.shop.unique_orders")}`), digest)).toBe(named);
  expect(keyOfIncident(item("v1:test.shop.not_null_orders"), digest)).not.toBe(named);
});
