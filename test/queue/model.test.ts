import { expect, it } from "vitest";
import { explore } from "./model.ts";

it.each<[what: string, knowsTime: boolean, size: { states: number; steps: number }]>([
  ["the server's time is known", true, { states: 319_629, steps: 960_682 }],
  ["only the age of the process is known", false, { states: 252_845, steps: 697_482 }],
])(
  "in every state of three runs, a re-run and a hold, where %s, nobody is inside beside another",
  (_, knowsTime, size) => {
    const { violations, ...explored } = explore({ knowsTime });

    expect(violations.slice(0, 5)).toEqual([]);
    expect(explored).toEqual(size);
  },
  // The states are counted; how long they take is the machine's affair.
  300_000,
);
