import { expect, it } from "vitest";
import { describeKnown, SignalboxError } from "../../src/support/errors.ts";

it("puts all lines of a hint under its first one, so that a mark stands under what it means", () => {
  const hint = "a1 x,y,state:modifed\n       ^^^^^^^^^^^^^";

  expect(describeKnown(new SignalboxError("configuration", "no such method", { hint }))).toBe(
    ["no such method", "  → a1 x,y,state:modifed", "           ^^^^^^^^^^^^^"].join("\n"),
  );
  expect(describeKnown(new SignalboxError("configuration", "no such method"))).toBe("no such method");
});
