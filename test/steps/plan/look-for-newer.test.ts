import { describe, expect, it } from "vitest";
import type { Origin } from "../../../src/selection/plan.ts";
import { planWithoutNews } from "../../../src/steps/plan/look-for-newer.ts";
import { SignalboxError } from "../../../src/support/errors.ts";
import { aConfig } from "../build-parts.ts";

const BUNDLE: Origin = { kind: "bundle", where: "/store/abc", distance: 0, commit: "abc", createdAt: null };
const why = "/store/abc has no sources.json";
const key = "modes.schedule.select";
const ASKING = { schedule: { select: "source_status:fresher+" } };

describe("a selector by newer data, where nobody can tell", () => {
  it.each<[what: string, keys: Readonly<Record<string, unknown>>, origin: Origin | null, says: RegExp]>([
    [
      "a flag alone asks",
      {},
      BUNDLE,
      /no sources\.json \(write source_status: into modes\.schedule\.select in signalbox\.yml: /,
    ],
    [
      "the file asks since then",
      { modes: ASKING },
      BUNDLE,
      /\(the bundle of the next deploy or schedule that builds everything has/,
    ],
    [
      "the user names the build",
      { modes: ASKING },
      { ...BUNDLE, kind: "path" },
      /\(put the sources\.json of that build beside/,
    ],
    ["the look failed", { modes: ASKING }, null, /no sources\.json; everything is built$/],
  ])("says what to do where %s", (_, keys, origin, says) => {
    expect(planWithoutNews(aConfig(keys), { why, origin, key })).toMatchObject({
      kind: "everything",
      warnings: [expect.stringMatching(says)],
    });
    const strict = aConfig({ ...keys, baseline: { on_missing: "fail" } });
    expect(() => planWithoutNews(strict, { why, origin, key })).toThrow(SignalboxError);
  });

  it("ends the run with what to do, with on_missing: fail", () => {
    const strict = aConfig({ baseline: { on_missing: "fail" } });

    expect(() => planWithoutNews(strict, { why, origin: BUNDLE, key })).toThrow(
      expect.objectContaining({
        message: expect.stringContaining(why),
        hint: expect.stringMatching(
          /^write source_status: into modes\.schedule\.select in signalbox\.yml: .*on_missing: full$/,
        ),
      }),
    );
  });
});
