import { describe, expect, it } from "vitest";
import { explainAdded } from "../../src/selection/promote.ts";
import { planned } from "../render/build.ts";
import { manifest, node, test } from "./build.ts";

const [a, b, c, t] = ["model.shop.a", "model.shop.b", "model.shop.c", "test.shop.t"] as const;
const current = manifest([node("a"), node("b", {}, { parents: [a] }), node("c", {}, { parents: [b] }), test("t", [a])]);
const added = { reasons: [] };
const nodes = [planned(a, added), planned(b, added), planned(c), planned(t, added)];

describe("why added nodes are in the plan", () => {
  it.each([
    [
      "production lacks one and is read",
      { production: manifest([node("b")]), isRead: true },
      [a],
      "missing-in-production",
    ],
    ["there is no production", { production: null, isRead: false }, [a], "nothing-deferred"],
    [
      "production has it and is not read",
      { production: manifest([node("a")]), isRead: false },
      [a],
      "nothing-deferred",
    ],
    ["production lacks it and is not read", { production: manifest([]), isRead: false }, [a], "missing-in-production"],
  ] as const)("%s", (_, production, ids, kind) => {
    const reasons = explainAdded(nodes, ids, current, production).map((each) => each.reasons);

    expect(reasons[0]).toEqual([{ kind }]);
    expect(reasons[2]).toEqual([{ kind: "body" }]);
  });

  it("of a test that came along is the node that it guards, and no other node's", () => {
    const explained = explainAdded(nodes, [a], current, { production: null, isRead: false });

    expect(explained.find(({ id }) => id === t)?.reasons).toEqual([{ kind: "downstream", of: a }]);
    expect(explained.find(({ id }) => id === c)?.reasons).toEqual([{ kind: "body" }]);
  });
});
