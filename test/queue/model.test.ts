import { expect, it } from "vitest";
import { explore } from "./model.ts";

it.each([
  ["the server's time is known", true],
  ["only the age of the process is known", false],
])(
  "in every state of three runs, a re-run and a hold, where %s, nobody is inside beside another",
  (_, knowsTime) => {
    const { states, steps, violations } = explore({ knowsTime });

    console.info(`${states} states, ${steps} steps`);
    expect(violations.slice(0, 5)).toEqual([]);
    expect(states).toBeGreaterThan(10_000);
  },
  300_000,
);
