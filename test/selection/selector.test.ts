import { describe, expect, it } from "vitest";
import {
  comparesState,
  mayAskResults,
  parseSelector,
  withAllParents,
  withAllParentsOfChildren,
} from "../../src/selection/selector.ts";

describe("a selector with all parents", () => {
  it.each([
    ["state:modified+", "+state:modified+"],
    ["1+state:modified+2", "+state:modified+2"],
    ["+state:modified", "+state:modified"],
    ["0+a b", "+a +b"],
    ["@a b+", "@a +b+"],
    ["a  b", "+a  +b"],
    ["a,2+b", "+a,2+b"],
    ["path:models/x", "+path:models/x"],
  ])("of %j is %j", (text, expected) => {
    expect(withAllParents(text)).toBe(expected);
  });

  it.each([
    ["state:modified+", "@state:modified"],
    ["1+a+2 b", "@a +b"],
    ["a,b+ c", "+a,b+ +c"],
    ["@a", "@a"],
  ])("and with those of what follows, of %j is %j", (text, expected) => {
    expect(withAllParentsOfChildren(text)).toBe(expected);
  });

  it.each(["state:modified+", "3+a+1 b", "tag:x"])("is read as having no end upwards: %s", (text) => {
    const depths = parseSelector([withAllParents(text)], "select")
      .flat()
      .map(({ parentDepth }) => parentDepth);

    expect(depths.every((depth) => depth === Number.POSITIVE_INFINITY)).toBe(true);
  });
});

describe("a selector that compares with a baseline", () => {
  it.each([
    "state:modified+",
    "+state:new",
    "@state:modified",
    "2+state:old",
    "tag:x,state:modified",
    "a state:modified",
  ])("is %s", (text) => expect(comparesState(text)).toBe(true));

  it.each(["fct_state", "tag:state", "path:models/state:x", "source:state"])("is not %s", (text) => {
    expect(comparesState(text)).toBe(false);
  });
});

describe("a selector that may need the results of the baseline's build", () => {
  it.each([
    ["result:error+", true],
    ["1+result.x", true],
    ["state:modified+,@result:fail", true],
    ["a selector:nightly", true],
    ["state:modified+", false],
    ["--exclude=result:error", true],
    ["--selector", true],
    ["--selector=nightly", true],
    ["tag:result", false],
    ["test_result:x path:result:x", false],
    ["", false],
  ])("%j: %j", (text, asks) => {
    expect(mayAskResults(text)).toBe(asks);
  });
});
