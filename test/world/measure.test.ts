import { expect, it } from "vitest";
import { measure } from "./measure.ts";

it.each(["github", "circleci"] as const)(
  "hands over fast and asks seldom on %s",
  async (vendor) => {
    const measured = await measure(vendor, 40, 20);

    expect(measured.medianSeconds).toBeLessThanOrEqual(5);
    expect(measured.worstSeconds).toBeLessThanOrEqual(12);
    expect(measured.callsPerHour).toBeLessThanOrEqual(70);
  },
  300_000,
);
