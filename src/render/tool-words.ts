import type { ToolFacts, Verdict } from "../severity/verdict.ts";
import { cleanLine } from "../text/clean.ts";
import { count, duration, grouped } from "./words.ts";

const MOST_WORDS = 600;

/** What became of each tool of `findings`, a line each. */
export function describeTools({ tools = [] }: Pick<Verdict, "tools">): readonly string[] {
  return tools.map(describeTool);
}

/** `sqlfluff: 4 findings on the lines that this branch changed, 6 on others (not counted), 2 files, 1.2 s`. */
export function describeTool({
  tool,
  state,
  why,
  files,
  filesLeftOut,
  found,
  elsewhere,
  cut,
  seconds,
}: ToolFacts): string {
  if (state === "failed") return `${tool} ${cleanLine(why ?? "", MOST_WORDS)}`;
  if (state === "not-started") return `${tool} is not started: ${cleanLine(why ?? "", MOST_WORDS)}`;
  const facts = [
    `${found === 0 ? "no findings" : count(found, "finding")} on the lines that this branch changed`,
    cut === 0 ? null : `${grouped(cut)} of them are not listed, the mildest`,
    elsewhere === 0 ? null : `${grouped(elsewhere)} elsewhere (not counted)`,
    count(files, "file"),
    filesLeftOut === 0 ? null : `${count(filesLeftOut, "more file")} that its own settings leave out`,
    duration(seconds),
  ];
  return `${tool}: ${facts.filter((fact) => fact !== null).join(", ")}`;
}
