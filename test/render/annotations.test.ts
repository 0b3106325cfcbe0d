import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { annotationsOf, escapeCommandValue, stopCommands, toWorkflowCommand } from "../../src/render/annotations.ts";
import type { Finding } from "../../src/severity/verdict.ts";
import { finding, hostile, hostileFinding, model, remark, subject, verdict } from "./build.ts";
import { commandsIn, parseCommand } from "./runner.ts";

const fromRoot = { projectDirFromRepo: "." };

describe("annotations", () => {
  it("stand on the file and line, named from the repository's root", () => {
    const [annotation] = annotationsOf(
      verdict({
        findings: [
          finding({ subject: subject({ line: 24, owner: "data-core" }), skipped: ["model.shop.a"], isNew: true }),
        ],
      }),
      { projectDirFromRepo: "./transform/dbt/" },
    );

    expect(annotation).toEqual({
      level: "error",
      title: "stg_orders.customer_id · not_null test",
      message: "36 failures, error if != 0\n1 failing test kept 1 node from running: a\nnew · owner data-core",
      file: "transform/dbt/models/staging/_staging.yml",
      line: 24,
    });
  });

  it("are on the run where a finding is about the run, and never without a message", () => {
    const [annotation] = annotationsOf(
      verdict({ findings: [finding({ subject: { kind: "run", what: "queue-timeout" }, message: "" })] }),
      fromRoot,
    );

    expect(annotation).toMatchObject({ file: null, line: null, message: "the queue timed out" });
  });

  it("are on the changed line that a tool remarks on", () => {
    const [annotation] = annotationsOf(verdict({ findings: [remark()] }), fromRoot);

    expect(annotation).toEqual({
      ...{ level: "warning", title: "stg_orders · sqlfluff LT01", file: "models/staging/stg_orders.sql", line: 5 },
      message: "Unexpected whitespace before comma ','.\nowner data-core",
    });
  });

  it("stand where dbt says that something is, each for itself", () => {
    const places = [
      { path: "models/a.sql", line: 3, column: 10, message: "SyntaxInvalid (dbt0101): mismatched input" },
      { path: "models/b.yml", line: null, column: null, message: "NoNodeForYamlKey (dbt1089): Unused" },
      { path: "../x.yml", line: 1, column: 1, message: "elsewhere" },
    ];
    const of = (overrides: Partial<Finding>) =>
      annotationsOf(verdict({ findings: [finding({ ...overrides, places })] }), { projectDirFromRepo: "." }).map(
        ({ file, line, column }) => [file, line, column],
      );
    const each = [
      ["models/a.sql", 3, 10],
      ["models/b.yml", null, null],
      [null, 1, 1],
    ];

    expect(of({ subject: { kind: "run", what: "dbt-failed" } })).toEqual(each);
    expect(of({ subject: model("a"), status: "warn", failureClass: "code", severity: "warn" })).toEqual(each);
    expect(of({ subject: model("a"), status: "error" })).toHaveLength(1);
  });

  it("are ten of a level: the tenth says how many more", () => {
    const many = (severity: "error" | "warn", length: number) =>
      Array.from({ length }, (_, index) => finding({ subject: model(`m${index}`), severity }));

    const annotations = annotationsOf(verdict({ findings: [...many("error", 12), ...many("warn", 10)] }), fromRoot);

    expect(annotations.map(({ level }) => level)).toEqual([...Array(10).fill("error"), ...Array(10).fill("warning")]);
    expect(annotations[8]?.title).toBe("m8 · model");
    expect(annotations[9]).toMatchObject({ title: "3 more errors", file: null });
    expect(annotations[19]?.title).toBe("m9 · model");
  });
});

describe("workflow commands", () => {
  it("are escaped as the runner unescapes them", () => {
    const command = toWorkflowCommand({
      level: "error",
      title: "a: b, 50%",
      message: "first\r\n100% ::error::x, y: z",
      file: "a,b.sql",
      line: 3,
    });

    expect(command).toBe("::error file=a%2Cb.sql,line=3,title=a%3A b%2C 50%25::first%0A100%25 ::error::x, y: z");
  });

  it("have a column behind their line", () => {
    const at = (line: number | null) =>
      toWorkflowCommand({ level: "warning", title: "t", message: "m", file: "a.sql", line, column: 10 });

    expect(at(3)).toBe("::warning file=a.sql,line=3,col=10,title=t::m");
    expect(at(null)).toBe("::warning file=a.sql,title=t::m");
  });

  it("have no line without a file", () => {
    expect(toWorkflowCommand({ level: "notice", title: "t", message: "m", file: null, line: 3 })).toBe(
      "::notice title=t::m",
    );
  });

  it("keep a value on one line", () => {
    expect(escapeCommandValue("a%0A\r\nb")).toBe("a%250A%0D%0Ab");
  });

  it("stop and start again with the same token", () => {
    expect(stopCommands("abc")).toEqual({ begin: "::stop-commands::abc", end: "::abc::" });
  });

  it("are one command with the file and level that were meant, whatever the texts are", () => {
    fc.assert(
      fc.property(fc.array(hostileFinding, { minLength: 1, maxLength: 3 }), (findings) => {
        for (const annotation of annotationsOf(verdict({ findings }), fromRoot)) {
          const command = toWorkflowCommand(annotation);
          const { name, properties } = parseCommand(command);

          expect(commandsIn(command)).toHaveLength(1);
          expect(command).not.toContain("##[");
          expect(name).toBe(annotation.level);
          expect(Object.keys(properties)).toEqual(annotation.file === null ? ["title"] : ["file", "line", "title"]);
          expect(properties.file ?? null).toBe(annotation.file);
          expect(properties.title).toBe(annotation.title.replaceAll("##[", "# #["));
        }
      }),
    );
  });

  it("give back the message that was put in", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(parseCommand(`::error::${escapeCommandValue(text)}`).message).toBe(text);
      }),
    );
  });
});
