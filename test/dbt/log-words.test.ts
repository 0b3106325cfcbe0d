import { describe, expect, it } from "vitest";
import { wordsOfEvent } from "../../src/dbt/log-words.ts";

const event = (name: string, level: string, msg: string) => JSON.stringify({ data: {}, info: { name, level, msg } });

describe("a line of dbt 2's log", () => {
  it.each([
    ["a result", event("LogTestResult", "info", "    Passed [  0.04s] test  a"), ["    Passed [  0.04s] test  a"]],
    ["of several lines", event("CommandCompleted", "info", "\n==\nFinished"), ["", "==", "Finished"]],
    ["a warning", event("Generic", "warn", "[warning] [X (dbt1092)]: y"), ["[warning] [X (dbt1092)]: y"]],
    [
      "an error, without the addresses of its functions",
      event("Generic", "error", "[error] [X (dbt1048)]: y\n  --> a.sql:1:2\n   0: <unknown>\n   1: <unknown>\n"),
      ["[error] [X (dbt1048)]: y", "  --> a.sql:1:2"],
    ],
    ["a start, which its end tells", event("LogStartLine", "info", "Started test a"), []],
    ["what is for the file", event("NodeStart", "debug", "Began"), []],
    ["without words", event("Generic", "info", ""), []],
    ["no event", '{"unique_id":"model.a.b"}', null],
    ["no JSON", "error: unexpected argument '--nope' found", null],
    ["half a line", '{"info":{"name":"Gen', null],
  ])("%s", (_, line, expected) => {
    expect(wordsOfEvent(line)).toEqual(expected);
  });
});
