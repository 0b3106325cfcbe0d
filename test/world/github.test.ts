import { describe, expect, it } from "vitest";
import { connectGitHub, prepareGitHub } from "./github.ts";
import { playSchedule } from "./play.ts";
import { prove } from "./prove.ts";
import { buildFamily, buildRun, buildSchedule } from "./schedule.ts";

describe("the queue over GitHub's API", () => {
  prove("github", 0.25, connectGitHub, prepareGitHub);

  it("sees the re-run of a run from before the look-back, which keeps its created_at, and is seen by it", async () => {
    await prepareGitHub();
    const rerun = { seconds: 108_000, run: buildRun({ workSeconds: 2 * 3600 }) };
    const old = buildFamily({ runs: [buildRun({ rerun })] });
    const between = buildFamily({ at: 100 });
    // Inside when the re-run begins to wait, and while it works.
    const before = buildFamily({ at: 107_900, runs: [buildRun({ workSeconds: 1800 })] });
    const after = buildFamily({ at: 110_000 });

    const played = await playSchedule(
      buildSchedule("github", [old, between, before, after], { pageSize: 1, trueLagSeconds: 20 }),
      connectGitHub,
    );

    expect(played.violations).toEqual([]);
    expect(played.endings).toEqual({ entered: 5 });
  });
});
