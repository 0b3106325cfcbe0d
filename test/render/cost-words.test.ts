import { describe, expect, it } from "vitest";
import { costLine, costliest } from "../../src/render/cost-words.ts";
import { bytesInWords } from "../../src/render/words.ts";
import { costOf } from "../../src/severity/cost.ts";
import { aDbtRun, aManifest, aNode, aResult, aRunResults } from "../artifacts/build.ts";

const JOB = "https://console.cloud.google.com/bigquery?project=acme&j=bq:EU:1-a&page=queryresults";

function row(name: string, gigabytes: number, seconds: number, code = "CREATE TABLE") {
  const bytes = gigabytes * 1e9;
  const response = {
    code,
    bytesBilled: bytes,
    bytesProcessed: bytes,
    slotMs: seconds * 60_000,
    jobUrl: JOB,
    queryId: null,
  };
  return aResult(`model.shop.${name}`, "success", { seconds, response });
}

const MANIFEST = aManifest([
  ...["orders", "customers", "new"].map((name) => aNode(name)),
  aNode("events", { materialized: "incremental" }),
]);
const NOW = [row("orders", 12, 30), row("customers", 0.5, 2), row("new", 1.2, 3), row("events", 40, 90)];
const BEFORE = [row("orders", 10, 20), row("customers", 0.5, 2), row("events", 1, 3, "MERGE")];

describe("what a run took, in words", () => {
  it.each([
    ["nothing to compare with", NOW, null, "54 GB billed, 2 min 05 s of node time, 2 h 05 min of slot time"],
    [
      "a build of production",
      NOW,
      BEFORE,
      "54 GB billed, 2 min 05 s of node time, 2 h 05 min of slot time; 2 nodes as in the deploy of 2026-11-25 07:00 UTC: 13 GB, was 11 GB (+19 %); 32 s, was 22 s (+45 %); 1 new node: 1.2 GB, 3.0 s; 1 first build or full refresh, not comparable: 40 GB, 1 min 30 s",
    ],
    [
      "times alone",
      [aResult("model.shop.orders", "success", { seconds: 3 })],
      [aResult("model.shop.orders", "success", { seconds: 3.01 })],
      "3.0 s of node time; 1 node as in the deploy of 2026-11-25 07:00 UTC: 3.0 s as before",
    ],
    [
      "a node that was quick",
      [aResult("model.shop.orders", "success", { seconds: 30 })],
      [aResult("model.shop.orders", "success", { seconds: 0.5 })],
      "30 s of node time; 1 node as in the deploy of 2026-11-25 07:00 UTC: 30 s, was 0.5 s (60 ×)",
    ],
    ["no time at all", [aResult("model.shop.orders", "skipped", { seconds: 0 })], null, null],
  ])("beside %s", (_, now, before, words) => {
    const base = before === null ? null : aRunResults({ results: before });

    expect(costLine(costOf([aDbtRun(now)], MANIFEST, base))).toBe(words);
  });

  it("names the nodes that took most, with their jobs", () => {
    const cost = costOf([aDbtRun(NOW)], MANIFEST, aRunResults({ results: BEFORE }));

    expect(costliest(cost, 2)).toEqual([
      {
        name: "events",
        words: "40 GB, 1 min 30 s (first build or full refresh, not comparable)",
        jobUrl: JOB,
        queryId: null,
      },
      { name: "orders", words: "12 GB, was 10 GB (+20 %); 30 s, was 20 s (+50 %)", jobUrl: JOB, queryId: null },
    ]);
  });
});

describe("bytes in words", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [999.6, "1.0 kB"],
    [9_960, "10 kB"],
    [1_200_000_000, "1.2 GB"],
    [999_600_000_000, "1.0 TB"],
    [9e24, "9000000 EB"],
  ])("%d is %s", (bytes, words) => {
    expect(bytesInWords(bytes)).toBe(words);
  });
});
