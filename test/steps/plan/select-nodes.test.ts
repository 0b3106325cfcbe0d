import { expect, it } from "vitest";
import type { DbtRun } from "../../../src/artifacts/dbt-run.ts";
import { describeFailure } from "../../../src/steps/plan/select-nodes.ts";

const failed = (command: string, lastWords: string | null) =>
  describeFailure({ command, lastWords, exitCode: 2 } as unknown as DbtRun);

it.each<[command: string, lastWords: string | null, hint: RegExp]>([
  ["parse", "Compilation Error: no such ref", /^correct the project: dbt parse has to pass/],
  [
    "parse",
    "Credentials in profile invalid: Runtime Error\n  Could not find adapter type snowflake!",
    /^install dbt-snowflake/,
  ],
  [
    "deps",
    "External connection exception occurred: HTTPSConnectionPool(host='hub.getdbt.com')",
    /^dbt deps has to pass: it downloads/,
  ],
  ["parse", "Could not find adapter type $(x)!", /^correct the project/],
])("why there is no plan comes with what to do: dbt %s, %j", (command, lastWords, hint) => {
  expect(failed(command, lastWords)).toEqual({ message: lastWords, hint: expect.stringMatching(hint) });
});
