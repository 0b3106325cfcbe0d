import { describe, expect, it } from "vitest";
import { connectCircle, prepareCircle } from "./circleci.ts";
import { playSchedule } from "./play.ts";
import { prove } from "./prove.ts";
import { buildFamily, buildRun, buildSchedule } from "./schedule.ts";

describe("the queue over CircleCI's API", () => {
  prove("circleci", 0.25, connectCircle, prepareCircle);

  it("lets in a run whose pipeline looked finished before it was listed", async () => {
    await prepareCircle();
    const late = buildFamily({ setupSeconds: 640, runs: [buildRun()] });

    const played = await playSchedule(
      buildSchedule("circleci", [late], { trueLagSeconds: 40, staleness: "lists", isVoid: "staler than assumed" }),
      connectCircle,
    );

    expect(played.endings).toEqual({ entered: 1 });
  });

  it("sees a re-run that entered while others look back to its pipeline, for as long as it can be inside", async () => {
    await prepareCircle();
    const rerun = { seconds: 82_000, run: buildRun({ workSeconds: 4 * 3600 }) };
    const old = buildFamily({ runs: [buildRun({ rerun })] });
    // The first page past the look-back ends the reading: this one stands before the old one.
    const between = buildFamily({ at: 100 });
    const late = buildFamily({ at: 90_000 });

    const played = await playSchedule(
      buildSchedule("circleci", [old, between, late], { pageSize: 1, trueLagSeconds: 10 }),
      connectCircle,
    );

    expect(played.violations).toEqual([]);
    expect(played.endings).toEqual({ entered: 4 });
  });
});
