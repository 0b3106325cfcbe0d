import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { packRecords, unpackRecords } from "../../src/bundles/run-record-file.ts";
import { MOST_NODES } from "../../src/severity/run-record.ts";
import { aNode, aRecord, hour } from "../severity/history-build.ts";
import { createRandom } from "../support/random.ts";

/** A build of so many nodes, with ids as long as dbt's are. */
function aBuild(nodes: number, seed: number) {
  const random = createRandom(seed);
  const rows = Array.from({ length: nodes }, (_, index) => {
    const hash = Math.floor(createRandom(index).next() * 2 ** 40).toString(16);
    const id =
      index % 3 === 0
        ? `model.acme_shop.fct_of_mart_${index}`
        : `test.acme_shop.not_null_stg_mart_${index}_column_name_id.${hash}`;
    const seconds = Math.round(random.between(0, 60) * 10) / 10;
    return [
      id,
      aNode(random.chance(0.02) ? "f" : "p", { seconds, version: hash.padStart(8, "0").slice(0, 8) }),
    ] as const;
  });
  return aRecord({ id: String(seed), startedAt: hour(seed), nodes: new Map(rows) });
}

const file = (value: unknown) => gzipSync(typeof value === "string" ? value : JSON.stringify(value));
const { nodes: _, ...run } = aRecord();
const rows = { states: "p", seconds: [1], versions: ["v1"] };
const written = (overrides: object) => ({ schema: 1, runs: [run], nodes: { "model.shop.a": rows }, ...overrides });

describe("a file of run records", () => {
  it("gives back what was written, of runs that did not build the same nodes", () => {
    const records = [
      aRecord({ id: "1", startedAt: hour(1), nodes: new Map([["model.shop.a", aNode("f", { failures: 3 })]]) }),
      aRecord({ id: "2", startedAt: hour(2), target: null, mode: "schedule", level: "error", nodes: new Map() }),
      aRecord({
        ...{ id: "3", startedAt: hour(3) },
        nodes: new Map([
          ["model.shop.a", aNode("p", { seconds: null, version: "v1" })],
          ["model.shop.b", aNode("r", { version: null })],
        ]),
      }),
    ];

    expect(unpackRecords(packRecords(records).bytes, "here")).toEqual(records);
    expect(unpackRecords(file(written({})), "here")).toEqual([
      { ...run, nodes: new Map([["model.shop.a", aNode("p")]]) },
    ]);
  });

  it("has no node that is called as no node can be", () => {
    const nodes = new Map([
      ["__proto__", aNode("w")],
      ["model.shop.a", aNode("p")],
    ]);

    const found = unpackRecords(packRecords([aRecord({ nodes })]).bytes, "here");

    expect([...(found[0]?.nodes.keys() ?? [])]).toEqual(["model.shop.a"]);
  });

  it("is small: 5,000 nodes of one run take less than 150 kB", () => {
    const { bytes } = packRecords([aBuild(5000, 1)]);

    expect(bytes.length).toBeLessThan(150_000);
    expect(unpackRecords(bytes, "here")[0]?.nodes.size).toBe(5000);
  });

  it("has no room for all: what failed stays, then what the latest run built", () => {
    const passed = (from: number) => {
      const ids = Array.from({ length: MOST_NODES - 1 }, (_, index) => `model.shop.m${from + index}`);
      return ids.map((id) => [id, aNode("p")] as const);
    };
    const early = aRecord({ id: "1", startedAt: hour(1), nodes: new Map([["test.shop.t", aNode("f")], ...passed(0)]) });
    const late = aRecord({ id: "2", startedAt: hour(2), nodes: new Map(passed(5)) });

    const [first, last] = unpackRecords(packRecords([early, late]).bytes, "here");

    expect(first?.nodes.get("test.shop.t")?.state).toBe("f");
    expect(last?.nodes.size).toBe(MOST_NODES - 1);
  });

  const many = Object.fromEntries(Array.from({ length: MOST_NODES + 1 }, (_, index) => [`m${index}`, rows]));
  const wrong = (length: number) => Array.from({ length }, () => "");
  const wrongNodes = Object.fromEntries(Object.keys(many).map((id) => [id, 1]));
  it.each<[what: string, bytes: Uint8Array, words: RegExp]>([
    ["is empty", Buffer.alloc(0), /is damaged/],
    ["is no gzip", Buffer.from("{}"), /is damaged/],
    ["is cut off", file(written({})).subarray(0, 60), /is damaged/],
    ["is no JSON", file("{"), /is damaged/],
    ["unpacks to more than anybody needs", gzipSync(Buffer.alloc(80 * 1024 * 1024)), /is damaged, or too large/],
    ["is larger than a file may be", Buffer.alloc(9 * 1024 * 1024), /has 9437184 bytes/],
    ["is of a later version", file({ schema: 2 }), /is of a later version/],
    ["is something else", file([]), /is not as written/],
    ["has no runs", file(written({ runs: [] })), /is not as written/],
    ["has too many runs", file(written({ runs: Array.from({ length: 21 }, () => run) })), /has more than 20 runs/],
    // What is wrong in each of many values is told of none: millions of such words would take all memory.
    ["has too many runs that are none", file(written({ runs: wrong(2000) })), /has more than 20 runs/],
    ["has too many nodes that are none", file(written({ nodes: wrongNodes })), /has more than 20000 nodes/],
    [
      "has lists of too much that is wrong",
      file(written({ nodes: { a: { ...rows, seconds: wrong(2000) } } })),
      /differ in length/,
    ],
    [
      "has states without end",
      file(written({ nodes: { a: { ...rows, states: "?".repeat(2000) } } })),
      /differ in length/,
    ],
    ["has a check among its runs", file(written({ runs: [{ ...run, mode: "check" }] })), /is not as written/],
    [
      "has a commit that is none",
      file(written({ runs: [{ ...run, commit: "--upload-pack=x" }] })),
      /is not as written/,
    ],
    ["has a time that is none", file(written({ runs: [{ ...run, startedAt: "yesterday" }] })), /is not as written/],
    ["has too many nodes", file(written({ nodes: many })), /has more than 20000 nodes/],
    ["has an id without end", file(written({ nodes: { ["x".repeat(401)]: rows } })), /has an id of more than 400/],
    ["has states that nobody knows", file(written({ nodes: { a: { ...rows, states: "?" } } })), /is not as written/],
    [
      "has states of more runs than it has",
      file(written({ nodes: { a: { ...rows, states: "pp" } } })),
      /differ in length/,
    ],
    ["has fewer times than states", file(written({ nodes: { a: { ...rows, seconds: [] } } })), /differ in length/],
    ["has a time below zero", file(written({ nodes: { a: { ...rows, seconds: [-1] } } })), /is not as written/],
  ])("that %s is an artifacts error of one line", (_, bytes, words) => {
    const read = () => unpackRecords(bytes, "of run 7");

    expect(read).toThrow(expect.objectContaining({ kind: "artifacts", message: expect.stringMatching(words) }));
    expect(read).toThrow(/^the run record of run 7 [^\n]{1,300}$/);
  });
});
