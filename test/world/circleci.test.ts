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
});
