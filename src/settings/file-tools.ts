import { z } from "zod";
import { section } from "./file-sections.ts";
import { commandLine, limit, oneOf } from "./values.ts";

/** To YAML `{files}` is a mapping of one key, unless it stands in quotes. */
function withHoles(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  return value.map((word: unknown) => {
    const [key, ...others] = typeof word === "object" && word !== null ? Object.keys(word) : [];
    return key !== undefined && others.length === 0 && HOLES.includes(`{${key}}`) ? `{${key}}` : word;
  });
}

const HOLES = ["{files}", "{output}"];

function assertHoles(words: readonly string[], context: z.core.$RefinementCtx): void {
  const message = "{files} has to be a word of its own, once: each file becomes one";
  const named = words.filter((word) => word.includes("{files}"));
  if (named.some((word) => word !== "{files}") || named.length > 1) context.addIssue({ code: "custom", message });
  if (words[0]?.includes("{"))
    context.addIssue({ code: "custom", message: "begins with a place for files: wanted a program" });
}

const tool = section({
  name: z
    .string("wanted a name such as sqlfluff")
    .regex(/^[a-z0-9][a-z0-9_-]{0,39}$/, "wanted a name such as sqlfluff: lower case, digits, - and _, 40 at most")
    .describe("What its findings are called in logs, reports and rules."),
  run: z
    .preprocess(withHoles, commandLine)
    .superRefine(assertHoles)
    .describe(
      "How it is started in the project's folder, as a list of words. {files} becomes the changed SQL files; {output} the file for its report, which else is what it prints.",
    ),
  format: oneOf(["sqlfluff", "sarif"]).describe("Its report: sqlfluff (its --format json), or sarif (SARIF 2.1.0)."),
  severity: oneOf(["error", "warn"])
    .default("warn")
    .describe(
      "The most that a finding of it counts as, warn without it; what the tool itself calls a warning or a note is a warning.",
    ),
  timeout: limit.default(600).describe("How long it may take, 10m without it. A tool that is too late fails the run."),
});

/** `findings` of signalbox.yml: tools that look at what was changed, beside dbt. */
export const tools = z.array(tool, "wanted a list").superRefine((all, context) => {
  for (const [index, { name }] of all.entries())
    if (all.findIndex((each) => each.name === name) < index)
      context.addIssue({ code: "custom", path: [index, "name"], message: "is the name of another tool above" });
});
