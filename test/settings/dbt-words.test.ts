import { describe, expect, it } from "vitest";
import {
  choosingBehindDashes,
  readDbtOptions,
  refusedArgs,
  refusedBehindDashes,
} from "../../src/settings/dbt-words.ts";

const read = (...words: string[]) => readDbtOptions(words).map(({ name, values }) => [name, ...values].join(" "));

describe("dbt's options are read as dbt reads them", () => {
  it.each<[words: string[], options: string[]]>([
    [["--target", "prod"], ["target prod"]],
    [["--target=prod"], ["target prod"]],
    [["-t", "prod"], ["target prod"]],
    [["-tprod"], ["target prod"]],
    [
      ["-xtprod", "-f"],
      ["fail-fast", "target prod", "full-refresh"],
    ],
    [
      ["-xt", "prod"],
      ["fail-fast", "target prod"],
    ],
    [["-sorders"], ["select orders"]],
    [
      ["-m", "a", "b", "--threads", "4"],
      ["select a b", "threads 4"],
    ],
    [["--models=a b"], ["select a b"]],
    [["--model", "a"], ["select a"]],
    // click gives an option its word whatever it begins with.
    [["--vars", "--target"], ["vars --target"]],
    [["--select", "--target", "x"], ["select --target x"]],
    [["--exclude-resource-type", "test", "unit_test"], ["exclude-resource-types test unit_test"]],
    [
      ["--full-refresh", "--vars", "{a: -t}"],
      ["full-refresh", "vars {a: -t}"],
    ],
    [["--", "--target", "prod"], []],
    [["--target"], ["target"]],
    [["-"], []],
  ])("%j", (words, options) => {
    expect(read(...words)).toEqual(options);
  });
});

const REFUSED = [
  ...["--target", "-t", "--profile", "--profiles-dir", "--project-dir", "--target-path", "--log-path"],
  ...["--state", "--defer-state", "--defer", "--no-defer", "--favor-state", "--no-favor-state", "--no-write-json"],
  ...["--log-format-file", "--log-level-file"],
];
const CHOOSING = ["--select", "-s", "-m", "--model", "--models", "--selector", "--exclude", "--indirect-selection"];
const TYPES = ["--resource-type", "--resource-types", "--exclude-resource-type", "--exclude-resource-types"];
const FREE = [
  "--full-refresh",
  "-f",
  "--vars",
  "--threads",
  "--fail-fast",
  "-x",
  "--empty",
  "--sample",
  "--event-time-start",
];

describe("what the plan decides", () => {
  it.each([...REFUSED, ...CHOOSING])("is refused in dbt.args: %s", (word) => {
    expect(refusedArgs(["--full-refresh", word])).toEqual([
      { index: 1, word, wanted: expect.stringMatching(/^contradicts the plan: ./) },
    ]);
  });

  it.each(REFUSED)("is refused behind -- in every mode: %s", (word) => {
    expect(refusedBehindDashes([word])).toEqual([
      { where: `-- ${word}`, got: null, wanted: expect.stringContaining("contradicts the plan") },
    ]);
  });

  it.each([...CHOOSING, ...TYPES])("is refused behind -- only where the plan selects: %s", (word) => {
    expect(refusedBehindDashes([word])).toEqual([]);
    expect(choosingBehindDashes([word])).toHaveLength(1);
  });

  it.each(FREE)("does not take in %s", (word) => {
    const words = [word, "1"];

    expect([refusedArgs(words), refusedBehindDashes(words), choosingBehindDashes(words)]).toEqual([[], [], []]);
  });

  it.each(TYPES)("leaves %s to dbt.args, where the plan reads it", (word) => {
    expect(refusedArgs([word, "model"])).toEqual([]);
  });

  it("names the key to use instead", () => {
    const wanted = refusedArgs(["--target=prod", "--profile", "x", "--defer"]).map((problem) => problem.wanted);

    expect(wanted).toEqual([
      expect.stringContaining("modes.check.target"),
      expect.stringContaining("dbt.profile"),
      expect.stringContaining("modes.check.defer"),
    ]);
  });
});
