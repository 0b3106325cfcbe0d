import { describe, expect, it } from "vitest";
import type { NamedSelectors } from "../../../src/selection/named-selectors.ts";
import { assertNoSelectorAsks } from "../../../src/steps/plan/refuse-selectors.ts";

const FRESHER = { method: "source_status", value: "fresher" };
const selectors = (isDefault: boolean): NamedSelectors =>
  new Map([
    ["nightly", { isDefault, definition: FRESHER }],
    ["tagged", { isDefault: false, definition: "tag:nightly" }],
  ]);
const at = (where: string, text: string) => ({ where, text });

describe("a selector of selectors.yml that asks for newer data", () => {
  type Choosing = Parameters<typeof assertNoSelectorAsks>[1];
  it.each<[what: string, isDefault: boolean, choosing: Partial<Choosing>, says: RegExp | null]>([
    [
      "in select",
      false,
      { select: at("--select", "selector:nightly+") },
      /^--select is "selector:nightly\+": selects by source_status: through nightly of selectors\.yml$/,
    ],
    [
      "in exclude",
      false,
      { select: at("s", "a"), exclude: [at("modes.check.exclude", "selector:nightly")] },
      /^modes\.check\.exclude is/,
    ],
    [
      "in exclude, where everything is built",
      true,
      { exclude: [at("--exclude", "selector:nightly")] },
      /^--exclude is/,
    ],
    [
      "behind --",
      false,
      { rest: ["--selector", "nightly"] },
      /^-- --selector is "nightly": selects by source_status:$/,
    ],
    [
      "as the default one, where everything is built",
      true,
      {},
      /^selectors\.yml nightly is default: true: .*take default: true away/,
    ],
    ["as the default one, where something is selected", true, { select: at("s", "selector:tagged") }, null],
    ["as the default one, where something is left out", true, { exclude: [at("--exclude", "a")] }, null],
    ["as the default one, where another one stands behind --", true, { rest: ["--selector=tagged"] }, null],
    ["by nobody", false, { rest: ["--threads", "4"] }, null],
  ])("%s", (_, isDefault, choosing, says) => {
    const refuse = () => assertNoSelectorAsks(selectors(isDefault), { exclude: [], rest: [], ...choosing });

    if (says === null) expect(refuse).not.toThrow();
    else
      expect(refuse).toThrow(
        expect.objectContaining({
          kind: "configuration",
          message: expect.stringMatching(says),
          hint: expect.stringMatching(/write there what the selector says, such as source_status:fresher\+$/),
        }),
      );
  });
});
