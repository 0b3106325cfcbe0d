import { expect, it } from "vitest";
import { type Platform, type Played, playSchedule, type World } from "./play.ts";
import { drawSchedule, type Vendor } from "./schedule.ts";

/**
 * How many worlds are played: WORLD_SCHEDULES for all vendors together (2,000 in `npm test`), from the seed WORLD_SEED
 * on. A failure names its seed; it is played again, with all that happens in it, by
 * `WORLD_SEED=41 WORLD_SCHEDULES=1 npm test -- test/world/github.test.ts`.
 */
const SCHEDULES = Number(process.env.WORLD_SCHEDULES ?? 2000);
const FIRST_SEED = Number(process.env.WORLD_SEED ?? 1);
const SLOWEST_MS = 1000;

/** Plays `share` of all schedules, and each of the first few once more to see that a seed says everything. */
export function prove(
  vendor: Vendor,
  share: number,
  connect: (world: World) => Platform,
  prepare: () => Promise<unknown>,
): void {
  const count = Math.max(1, Math.round(SCHEDULES * share));

  it(
    `in ${count} worlds keeps two runs apart, in order, ends every wait and stays within its calls`,
    async () => {
      await prepare();
      const endings: Record<string, number> = {};

      for (let seed = FIRST_SEED; seed < FIRST_SEED + count; seed++) {
        const played = await playSchedule(drawSchedule(seed, vendor), connect);
        if (played.violations.length > 0) throw new Error(describeFailure(vendor, seed, played));
        for (const [ending, times] of Object.entries(played.endings)) endings[ending] = (endings[ending] ?? 0) + times;
      }

      console.info(`${vendor}: ${count} worlds from seed ${FIRST_SEED}: ${JSON.stringify(endings)}`);
      if (count >= 500) {
        for (const ending of ["entered", "left", "timed-out", "killed", "superseded"])
          expect(endings[ending]).toBeGreaterThan(10);
      }
    },
    30_000 + count * SLOWEST_MS,
  );

  it("plays the same world for the same seed", async () => {
    await prepare();
    for (let seed = FIRST_SEED; seed < FIRST_SEED + 5; seed++) {
      const [first, second] = [await play(seed), await play(seed)];

      expect(second.trace).toEqual(first.trace);
    }
  });

  function play(seed: number): Promise<Played> {
    return playSchedule(drawSchedule(seed, vendor), connect);
  }
}

function describeFailure(vendor: Vendor, seed: number, { violations, trace }: Played): string {
  const { families, ...rest } = drawSchedule(seed, vendor);
  const told = trace.filter((line) => !line.includes("still waiting") || line.includes("VIOLATION"));
  return [
    `seed ${seed} (${vendor}): ${violations[0]}`,
    ...violations.slice(1, 5),
    JSON.stringify({ ...rest, families: families.length }),
    ...told.slice(0, 400),
  ].join("\n");
}
