import { describe, expect, it } from "vitest";
import { cleanArguments, readCleanLog } from "../../src/dbt/clean-macro.ts";

const line = (msg: string, name = "JinjaLogInfo") => JSON.stringify({ data: { msg }, info: { name, msg } });

describe("the macro that drops schemas", () => {
  it("is told to list, or to drop what is named", () => {
    expect(cleanArguments("ci_", null)).toEqual(["signalbox_clean", "--args", '{"prefix":"ci_","dry_run":true}']);
    expect(cleanArguments("ci_", ["ci_a_000000"])).toEqual([
      "signalbox_clean",
      "--args",
      '{"prefix":"ci_","only":["ci_a_000000"],"dry_run":false}',
    ]);
  });

  it.each<[msg: string, names: readonly string[] | null]>([
    ["signalbox_clean: would drop 2 schemas: ci_a_000000, ci_b_111111", ["ci_a_000000", "ci_b_111111"]],
    ["signalbox_clean: drops 1 schema: CI_A_000000", ["CI_A_000000"]],
    ["signalbox_clean: would drop 0 schemas", []],
    ["signalbox_clean: would drop 2 schemas: ci_a_000000", null],
    ["signalbox_clean: something else", null],
    ["Running with dbt=1.11.16", null],
  ])("that says %j has found %j", (msg, names) => {
    expect(readCleanLog([line("Found 1 model"), line(msg), line("done"), ""].join("\n"))).toEqual(names);
  });

  it("is heard by its own line alone: neither by SQL that quotes it nor by half a line", () => {
    const msg = "signalbox_clean: would drop 1 schema: ci_a_000000";

    expect(readCleanLog(line(msg, "SQLQuery"))).toBeNull();
    expect(readCleanLog(`${line(msg).slice(0, -3)}\n`)).toBeNull();
    expect(readCleanLog("")).toBeNull();
  });
});
