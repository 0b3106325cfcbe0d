import { expect, it } from "vitest";
import { describeKnown, SignalboxError } from "../../src/support/errors.ts";

it("puts all lines of a hint under its first one, so that a mark stands under what it means", () => {
  const hint = "a1 x,y,state:modifed\n       ^^^^^^^^^^^^^";

  expect(describeKnown(new SignalboxError("configuration", "no such method", { hint }))).toBe(
    ["no such method", "  → a1 x,y,state:modifed", "           ^^^^^^^^^^^^^"].join("\n"),
  );
  expect(describeKnown(new SignalboxError("configuration", "no such method"))).toBe("no such method");
});

it("keeps of git's or an API's words what can be seen, in message and hint alike", () => {
  const said = "remote: \u001b]0;title\u0007denied\u202e\n  \ttry \u001b[1mthat\u001b[0m";

  const error = new SignalboxError("service", said, { hint: said });

  expect([error.message, error.hint]).toEqual(Array(2).fill("remote: denied\n  \ttry that"));
});
