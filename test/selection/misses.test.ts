import { describe, expect, it } from "vitest";
import { textsOf } from "../../src/artifacts/fields.ts";
import { describeMiss } from "../../src/selection/misses.ts";
import { select } from "../../src/selection/select.ts";
import { forked, manifest, node, options } from "./build.ts";

const current = () => {
  const made = forked();
  const nodes = new Map([...made.nodes].map(([id, each]) => [id, { ...each, tags: textsOf(each.raw.tags) }]));
  return { ...made, nodes, disabled: new Map([["model.shop.off", node("off")]]) };
};
const missesOf = (text: string, exclude: readonly string[] = []) => {
  const made = current();
  return select(made, made, options(text, { exclude })).misses.map((miss) => describeMiss(miss, made));
};

describe("what the whole project does not have", () => {
  it.each<[string, readonly string[]]>([
    ["a", []],
    ["state:new", []],
    ["state:modified+,a", []],
    ["a,tag:nightly", []],
    ["tag:nigthly", ["no node of the project matches tag:nigthly (did you mean nightly?)"]],
    ["+tag:nigthly+1", ["no node of the project matches +tag:nigthly+1 (did you mean nightly?)"]],
    ["state:modified+,tag:nigthly", ["no node of the project matches tag:nigthly (did you mean nightly?)"]],
    ["source:raww", ["no node of the project matches source:raww (did you mean raw?)"]],
    ["models/aa.sql", ["no node of the project matches models/aa.sql (did you mean models/a.sql?)"]],
    ["off", ["no node of the project matches off (it is disabled)"]],
    ["a zzzzzz", ["no node of the project matches zzzzzz"]],
    ["a,", ["a part of it is empty"]],
    ["", []],
    ["a  b", []],
    ["resource_type:snapshot", ["no node of the project matches resource_type:snapshot"]],
    ["selector:mine tag:nigthly", ["no node of the project matches tag:nigthly (did you mean nightly?)"]],
  ])("%s: %j", (text, expected) => {
    expect(missesOf(text)).toEqual(expected);
  });

  it("is looked for in what is excluded too, but for kinds, which cannot be misspelled", () => {
    expect(missesOf("a", ["resource_type:snapshot", "tag:nigthly"])).toEqual([
      "no node of the project matches tag:nigthly (did you mean nightly?)",
    ]);
  });

  it("takes no time to suggest nothing for a text that is no name", () => {
    const long = "x".repeat(100_000);
    const many = manifest(Array.from({ length: 2000 }, (_, index) => node(`${long.slice(0, 5000)}${index}`)));

    const { misses } = select(many, null, options(long));

    expect(misses.map((miss) => describeMiss(miss, many))).toEqual([`no node of the project matches ${long}`]);
  });
});
