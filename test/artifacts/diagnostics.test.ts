import { describe, expect, it } from "vitest";
import { type Diagnostic, describeDiagnostic, readDiagnostic } from "../../src/artifacts/diagnostics.ts";

const STACK = "\n   0: <unknown>\n   1: <unknown>\n   2: start_thread\n             at ./nptl/pthread_create.c:442:8\n";

/** Messages of dbt Fusion 2.0.0-preview.196. */
describe("what dbt 2 says of a project's code", () => {
  it.each<[what: string, message: string, id: string | null, wanted: Partial<Diagnostic> | null]>([
    [
      "its static analysis of a node",
      `[warning] [SyntaxInvalid (dbt0101)]: mismatched input ',' expecting one of <EOF>, ';'\n  --> models/bad/syn.sql:1:15 (target/compiled/shop/models/bad/syn.sql:1:15)${STACK}`,
      "model.shop.syn",
      {
        ...{ severity: "warn", name: "SyntaxInvalid", code: "dbt0101", id: "model.shop.syn" },
        text: "mismatched input ',' expecting one of <EOF>, ';'",
        place: { path: "models/bad/syn.sql", line: 1, column: 15 },
      },
    ],
    [
      "a file without a line",
      `[warning] [NoNodeForYamlKey (dbt1089)]: Unused schema.yml entry for model 'nowhere'\n  --> models/bad/_bad.yml${STACK}`,
      null,
      { severity: "warn", code: "dbt1089", place: { path: "models/bad/_bad.yml", line: null, column: null } },
    ],
    [
      "an error in yml",
      '[error] [UnusedConfigKey (dbt1060)]: While parsing config: Ignored unexpected key `"confg"`. YAML path: `confg`.\n  --> models/bad/_bad.yml:6:5\n',
      null,
      { severity: "error", name: "UnusedConfigKey", place: { path: "models/bad/_bad.yml", line: 6, column: 5 } },
    ],
    [
      "a macro's own warning",
      "[warning] [JinjaWarn (dbt1071)]: hey you\n  --> models/bad/a.sql:1:1",
      "model.shop.a",
      { text: "hey you", place: { path: "models/bad/a.sql", line: 1, column: 1 } },
    ],
    ["a node without a place", "[warning] [JinjaWarn (dbt1071)]: hey", "model.shop.a", { text: "hey", place: null }],
    [
      "what is about this machine, not about code",
      "[warning] [LicenseError (dbt1068)]: Strict static analysis requires logging into dbt.",
      null,
      null,
    ],
    [
      "a place in what was sent to the warehouse",
      "[error] [DbDriverFailed (dbt1308)]: Catalog Error\n  --> run/shop/models/staging/payments.sql:1:1\n",
      null,
      null,
    ],
    ["another message", "Loading profiles.yml", null, null],
    ["one that only looks like it", "x [warning] [A (dbt1)]: b\n  --> c", null, null],
    ["an empty place", "[warning] [A (dbt1)]: b\n  --> ", null, null],
    ["a place without an end", `[warning] [A (dbt1)]: b\n  --> ${"x".repeat(2000)}`, null, null],
    [
      "line 0",
      "[warning] [A (dbt1)]: b\n  --> c.sql:0:0",
      null,
      { place: { path: "c.sql", line: null, column: null } },
    ],
    [
      "Windows",
      "[warning] [A (dbt1)]: b\n  --> a\\c.sql:1:2",
      null,
      { place: { path: "a/c.sql", line: 1, column: 2 } },
    ],
  ])("%s", (_, message, id, wanted) => {
    const found = readDiagnostic(message, id);

    if (wanted === null) expect(found).toBeNull();
    else expect(found).toMatchObject(wanted);
    expect(found?.text ?? "").not.toMatch(/<unknown>|-->/);
  });

  it("is cut where it is long", () => {
    expect(readDiagnostic(`[warning] [A (dbt1)]: ${"x".repeat(5000)}`, "model.shop.a")?.text).toHaveLength(2001);
  });

  it.each<[place: Diagnostic["place"], words: string]>([
    [{ path: "a.sql", line: 3, column: 10 }, "A (dbt1): b\n  --> a.sql:3:10"],
    [{ path: "a.sql", line: null, column: null }, "A (dbt1): b\n  --> a.sql"],
    [null, "A (dbt1): b"],
  ])("is told with its place: %o", (place, words) => {
    expect(describeDiagnostic({ severity: "warn", name: "A", code: "dbt1", text: "b", id: null, place })).toBe(words);
  });
});
