import { expect, it } from "vitest";
import { SignalboxError } from "../../src/support/errors.ts";
import { FUNCTIONS, SHAPES } from "./functions.ts";

/** Quadratic functions take minutes for this; `npm run bench -- text` prints what twice the length costs. */
const LENGTH = 100_000;

it.each(Object.keys(FUNCTIONS))("%s comes to an end with 100 kB of every shape", (name) => {
  const refused = Object.values(SHAPES).map((make) => {
    try {
      FUNCTIONS[name]?.(make(LENGTH));
      return null;
    } catch (error) {
      return error;
    }
  });

  // A text that cannot be read is refused, in words.
  expect(refused.filter((error) => error !== null && !(error instanceof SignalboxError))).toEqual([]);
});
