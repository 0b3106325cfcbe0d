import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { withoutEntries } from "../../src/artifacts/without-entries.ts";

describe("an artifact without entries", () => {
  it("keeps every other byte", () => {
    const before =
      '{"metadata": {"functions": {"a": 1}}, "nodes": {"a": {"n": 12345678901234567890, "f": 1.0, "x": NaN}},\n "functions": ';
    const after = ', "macros": {"a": "}\\"{"}}\n';
    const [a, b, c] = ['"a": {"sql": "{ \\"b\\": ]"}', '"b" : [1,\t{"a": {}}]', '"c": null'];

    expect(withoutEntries(`${before}{${a}, ${b}, ${c}}${after}`, "functions", new Set(["a", "c"]))).toBe(
      `${before}{${b}}${after}`,
    );
  });

  it.each<[what: string, text: string, without: string]>([
    ["no such collection", '{"nodes": {"a": 1}}', '{"nodes": {"a": 1}}'],
    ["a collection that is null", '{"functions": null}', '{"functions": null}'],
    ["an empty one", '{"functions": {}}', '{"functions": {}}'],
    ["one that is emptied", '\uFEFF{ "functions" :{"a" : 1 } }', '\uFEFF{ "functions" :{} }'],
    ["a key that is escaped", '{"functions": {"\\u0061": 1, "b": 2}}', '{"functions": {"b": 2}}'],
    ["a key twice, of which Python takes the last", '{"functions": {"a": 1, "a": 2}}', '{"functions": {}}'],
  ])("is right where there is %s", (_, text, without) => {
    expect(withoutEntries(text, "functions", new Set(["a"]))).toBe(without);
  });

  it("is what a parse and a deletion would give, for every JSON", () => {
    const record = fc.dictionary(fc.string(), fc.jsonValue());
    fc.assert(
      fc.property(record, record, fc.boolean(), (functions, others, isPretty) => {
        const gone = new Set(Object.keys(functions).filter((_, index) => index % 2 === 0));
        const value = { ...others, functions };
        const text = JSON.stringify(value, null, isPretty ? 2 : 0);
        const kept = Object.fromEntries(Object.entries(functions).filter(([key]) => !gone.has(key)));

        expect(JSON.parse(withoutEntries(text, "functions", gone))).toEqual(
          JSON.parse(JSON.stringify({ ...others, functions: kept })),
        );
      }),
    );
  });
});
