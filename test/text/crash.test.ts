import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { crashIn, shortenCrash } from "../../src/text/crash.ts";

const LIBRARY = "/opt/venv/lib/python3.11/site-packages";

function frame(file: string, line: number, name: string, code = `${name}()`): string {
  return `  File "${file}", line ${line}, in ${name}\n    ${code}\n    ${"^".repeat(code.length)}`;
}

function traceback(frames: readonly string[], exception: string): string {
  return ["Traceback (most recent call last):", ...frames, exception].join("\n");
}

describe("a crash", () => {
  it("begins with the exception's own line, and shows three frames: a DuckDB file that another process has locked", () => {
    const frames = ["handle", "open", "initialize_db"].map((name, index) =>
      frame(`${LIBRARY}/dbt/adapters/duckdb/connections.py`, index + 1, name),
    );
    const lock = 'IO Error: Could not set lock on file "/x/prod.duckdb": Conflicting lock is held (PID 7)';
    const one = traceback([frame(`${LIBRARY}/dbt/main.py`, 9, "run"), ...frames], `_duckdb.IOException: ${lock}`);
    const chain = "During handling of the above exception, another exception occurred:";

    expect(shortenCrash(`${lock}\n${one}\n\n${chain}\n\n${one}\n`).split("\n")).toEqual([
      `_duckdb.IOException: ${lock}`,
      "  at dbt/adapters/duckdb/connections.py:1 in handle: handle()",
      "  at dbt/adapters/duckdb/connections.py:2 in open: open()",
      "  at dbt/adapters/duckdb/connections.py:3 in initialize_db: initialize_db()",
      "  (dbt's log has 1 more frame)",
    ]);
  });

  it("of a Python model keeps what dbt says around it, and the model's own lines before a library's", () => {
    const text = [
      "Runtime Error in model py (models/py.py)",
      "  Python model failed:",
      ...traceback(
        [
          frame(
            `${LIBRARY}/dbt/adapters/duckdb/environments/__init__.py`,
            286,
            "run_python_job",
            "df = module.model()",
          ),
          frame("/tmp/tmp1.py", 6, "model", "helper(1)"),
          frame("/tmp/tmp1.py", 2, "helper", "df.pivot()"),
          frame(`${LIBRARY}/pandas/core/frame.py`, 900, "pivot"),
          frame(`${LIBRARY}/pandas/core/reshape.py`, 50, "take", "raise KeyError(key)"),
        ],
        "KeyError: 'gone'",
      )
        .split("\n")
        .map((line) => `  ${line}`),
      "  ",
    ].join("\n");

    expect(shortenCrash(text).split("\n")).toEqual([
      "KeyError: 'gone'",
      "Runtime Error in model py (models/py.py)",
      "  Python model failed:",
      "  at /tmp/tmp1.py:6 in model: helper(1)",
      "  at /tmp/tmp1.py:2 in helper: df.pivot()",
      "  at pandas/core/reshape.py:50 in take: raise KeyError(key)",
      "  (dbt's log has 2 more frames)",
    ]);
  });

  it("names the exception that it began with, where the last one does not say it", () => {
    const cause = traceback([frame("a.py", 1, "f")], "KeyError: 'password'");
    const last = traceback([frame("b.py", 2, "g")], "RuntimeError: no connection");
    const text = `${cause}\n\nThe above exception was the direct cause of the following exception:\n\n${last}`;

    expect(shortenCrash(text)).toBe(
      "RuntimeError: no connection\ncaused by: KeyError: 'password'\n  at b.py:2 in g: g()",
    );
  });

  it("keeps an exception of several lines whole", () => {
    const text = traceback([frame("a.py", 1, "f")], "ValueError: first\n\n  second\nthird");

    expect(shortenCrash(text)).toBe("ValueError: first\n\n  second\nthird\n  at a.py:1 in f: f()");
  });

  it("of dbt 2 loses the addresses of its own functions, and nothing else", () => {
    const text = [
      "[error] [JinjaError (dbt1501)]: Failed to render SQL",
      "  --> models/broken.sql:1:8",
      "   0: <unknown>",
      "   1: start_thread",
      "             at ./nptl/pthread_create.c:442:8",
      "   2: clone3",
      "done",
    ];

    expect(shortenCrash(text.join("\n"))).toBe([text[0], text[1], text[6]].join("\n"));
  });

  it("is all that is looked for: any other text stays as it is", () => {
    const lines = fc.array(fc.constantFrom("Database Error", "  at line 3", "", "   0: not a backtrace", "  x: 1"));

    fc.assert(
      fc.property(lines, (words) => {
        expect(shortenCrash(words.join("\n"))).toBe(words.join("\n"));
      }),
    );
  });

  it("may be cut anywhere, in any order: what it says is never lost, and there are never more than three frames", () => {
    const piece = fc.constantFrom(
      "Traceback (most recent call last):",
      '  File "a.py", line 1, in f',
      "    f()",
      "    ^^^",
      "KeyError: 1",
      "",
      "During handling of the above exception, another exception occurred:",
      "  indented",
    );

    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (lines) => {
        const short = shortenCrash([...lines, "Traceback (most recent call last):", "Last: word"].join("\n"));
        expect(short.split("\n")[0]).toBe("Last: word");
        expect(short.split("\n").filter((line) => line.startsWith("  at ")).length).toBeLessThanOrEqual(3);
      }),
    );
  });

  it("is found in the lines of a log", () => {
    expect(crashIn(["a", "06:00:00  Traceback (most recent call last):", "b"])).toHaveLength(2);
    expect(crashIn(["a", "b"])).toBeNull();
  });
});
