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

const GROUPS = `  + Exception Group Traceback (most recent call last):
  |   File "/app/run.py", line 10, in <module>
  |     try: g()
  |          ^^^
  |   File "/app/run.py", line 9, in g
  |     raise ExceptionGroup(...)
  | ExceptionGroup: tables (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | Exception Group Traceback (most recent call last):
    |   File "/app/run.py", line 8, in g
    |     try: raise inner
    | ExceptionGroup: inner (2 sub-exceptions)
    +-+---------------- 1 ----------------
      | Traceback (most recent call last):
      |   File "/app/run.py", line 2, in f
      |     f()
      | KeyError: 'gone'
      +---------------- 2 ----------------
      | Traceback (most recent call last):
      |   File "/app/run.py", line 5, in <lambda>
      |     int("x")
      | ValueError: invalid literal
      +------------------------------------
    +---------------- 2 ----------------
    | OSError: disk
    | second line
    +------------------------------------`;

const JAVA = [
  "org.apache.spark.SparkException: Job aborted.",
  "\tat org.apache.spark.sql.X$.f(X.scala:12)",
  "\tat org.apache.spark.sql.Y.g(Y.scala:3) ~[spark.jar:3.5.1]",
  "Caused by: java.util.concurrent.ExecutionException: boom",
  "  of two lines",
  "\tat a.b.C.<init>(Unknown Source)",
  "\t... 20 more",
  "Caused by: java.lang.ArithmeticException: / by zero",
  "  second line of it",
  "\tat com.acme.Udf.divide(Udf.java:7)",
  "\tat com.acme.Udf$.apply(Udf.scala:12)",
  "\tat java.base/java.lang.Thread.run(Thread.java:829)",
  "\tat z.Z.z(Native Method)",
  "\t... 32 more",
];

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

  it("of several at once tells the group and each of its exceptions, without gutters", () => {
    const short = shortenCrash(GROUPS).split("\n");

    expect(short).toEqual([
      "ExceptionGroup: tables (2 sub-exceptions)",
      "- ExceptionGroup: inner (2 sub-exceptions)",
      "- KeyError: 'gone'",
      "- ValueError: invalid literal",
      "- OSError: disk",
      "  second line",
      "  at /app/run.py:10 in <module>: try: g()",
      "  at /app/run.py:9 in g: raise ExceptionGroup(...)",
      "  at /app/run.py:8 in g: try: raise inner",
    ]);
  });

  it("of several at once may be raised while another one is handled, and stands in dbt's indentation", () => {
    const chain = "During handling of the above exception, another exception occurred:";
    const first = traceback([frame("a.py", 1, "f")], "KeyError: 'gone'");
    const text = `${first}\n\n${chain}\n\n${GROUPS}\nafter`
      .split("\n")
      .map((line) => `    ${line}`)
      .join("\n");

    const short = shortenCrash(text).split("\n");

    expect(short[0]).toBe("ExceptionGroup: tables (2 sub-exceptions)");
    expect(short.filter((line) => /^\s*[|+]/.test(line))).toEqual([]);
    expect(short).toContain("    after");
    expect(short.filter((line) => line.startsWith("  at "))).toHaveLength(3);
  });

  it.each<[what: string, behind: readonly string[], kept: readonly string[]]>([
    [
      "the resource tracker",
      [
        "/usr/lib/python3.11/multiprocessing/resource_tracker.py:254: UserWarning: resource_tracker: There appear to be 1 leaked semaphore objects",
        "  warnings.warn('resource_tracker: There appear to be %d '",
      ],
      [],
    ],
    ["open files", ["sys:1: ResourceWarning: unclosed file <x>", "ResourceWarning: Enable tracemalloc"], []],
    ["a warning", ["/x/y.py:3: DeprecationWarning: old", "  import old"], ["/x/y.py:3: DeprecationWarning: old"]],
    [
      "an error in a finalizer",
      [
        "Exception ignored in: <function A.__del__ at 0x7f>",
        traceback([frame("d.py", 1, "__del__")], "AttributeError: x"),
      ],
      [],
    ],
  ])("ends with its own exception, whatever Python says after it: %s", (_, behind, kept) => {
    const text = [traceback([frame("a.py", 1, "f")], "OSError: disk"), ...behind].join("\n");

    expect(shortenCrash(text).split("\n")).toEqual(["OSError: disk", ...kept, "  at a.py:1 in f: f()"]);
  });

  it("in a finalizer is told where there is no other", () => {
    const text = ["Exception ignored in: <function A>", traceback([frame("d.py", 1, "g")], "AttributeError: x")].join(
      "\n",
    );

    expect(shortenCrash(text).split("\n")[0]).toBe("AttributeError: x");
  });

  it("of Java tells the exception, the cause that it began with, and the cause's nearest frames", () => {
    expect(shortenCrash(["Runtime Error in model m (models/m.sql)", ...JAVA].join("\n")).split("\n")).toEqual([
      "Runtime Error in model m (models/m.sql)",
      "org.apache.spark.SparkException: Job aborted.",
      "Caused by: java.lang.ArithmeticException: / by zero",
      "  second line of it",
      "  at com.acme.Udf.divide(Udf.java:7)",
      "  at com.acme.Udf$.apply(Udf.scala:12)",
      "  at java.base/java.lang.Thread.run(Thread.java:829)",
      "  (dbt's log has 56 more frames)",
    ]);
  });

  it("of Java in one of Python has three frames in all", () => {
    const frames = ["run", "sql", "get"].map((name, index) => frame(`${LIBRARY}/py4j/java.py`, index + 1, name));
    const [first, ...rest] = JAVA;
    const text = traceback(
      frames,
      ["py4j.protocol.Py4JJavaError: An error occurred.", `: ${first}`, ...rest].join("\n"),
    );

    const short = shortenCrash(text).split("\n");

    expect(short.slice(0, 3)).toEqual([
      "py4j.protocol.Py4JJavaError: An error occurred.",
      ": org.apache.spark.SparkException: Job aborted.",
      "Caused by: java.lang.ArithmeticException: / by zero",
    ]);
    expect(short.filter((line) => line.startsWith("  at "))).toEqual([
      "  at py4j/java.py:2 in sql: sql()",
      "  at py4j/java.py:3 in get: get()",
      "  at com.acme.Udf.divide(Udf.java:7)",
    ]);
  });

  it("is found in the lines of a log", () => {
    expect(crashIn(["a", "06:00:00  Traceback (most recent call last):", "b"])).toHaveLength(2);
    expect(crashIn(["a", "b"])).toBeNull();
  });
});
