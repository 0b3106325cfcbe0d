import { cleanText } from "../text/clean.ts";
import type { Advice } from "./advice.ts";
import { proposeCi } from "./decide.ts";
import type { Answers, Facts } from "./facts.ts";
import type { Change } from "./files.ts";
import { dbtCommand } from "./install.ts";
import type { Todo } from "./todo.ts";

/** What was found and what follows from it, as steps of the log. */
export function describeFound(facts: Facts, answers: Answers): readonly (readonly [string, string])[] {
  const { ci, project, baseBranch, check, deploy } = answers;
  const { profiles, packages, dir } = project;
  const proposed = proposeCi(facts);
  const targets = profiles?.targets.map(({ name }) => name).join(", ") || "none";
  const remote = facts.remote === null ? "no remote" : `${facts.remote.host}/${facts.remote.path}`;
  const channels = [answers.errorChannel, answers.warnChannel].filter((id) => id !== null);
  const steps = [
    ["project", `${project.name ?? "dbt"} in ${dir === "." ? "the top folder" : dir}`],
    ["profile", profiles === null ? "no profiles.yml was found" : `${profiles.file}: targets ${targets}`],
    ["dbt", `${dbtCommand(packages).join(" ")} (${packages?.file ?? "nothing tells what installs it"})`],
    ["git", `${remote}, base branch ${baseBranch}`],
    ["ci", ci === proposed.value ? `${ci}: ${proposed.why}` : ci],
    ["targets", `${check} for pull requests, ${deploy} for production`],
    ["slack", channels.length === 0 ? "no channels yet" : `channels ${channels.join(", ")}`],
  ] as const;
  return steps.map(([name, text]) => [name, clean(text)]);
}

export interface InitReport {
  readonly changes: readonly Change[];
  readonly advice: readonly Advice[];
  readonly todos: readonly Todo[];
  readonly native: readonly string[];
}

const WORDS: Readonly<Record<Change["kind"], string>> = {
  write: "wrote",
  append: "appended",
  same: "unchanged",
  kept: "kept",
};

/** Lines for a terminal: each file, what should be mended, what is left for a person. */
export function renderReport({ changes, advice, todos, native }: InitReport): readonly string[] {
  const isDone = changes.every(({ kind }) => kind === "same" || kind === "kept");
  return [
    ...changes.flatMap(changeLines),
    ...advice.flatMap(({ text, paste }) => [
      "",
      ...labelled("warning", text),
      ...paste.map((line) => `            ${clean(line)}`),
    ]),
    "",
    ...(isDone
      ? ["Nothing was written: every file is there already. Still to do by a person, unless done:"]
      : ["Three things are left for a person:"]),
    ...todos.flatMap(({ title, lines }, index) => [
      `  ${index + 1}. ${clean(title)}`,
      ...lines.map((line) => `     ${clean(line)}`),
    ]),
    "",
    ...native.map((line, index) => `${index === 0 ? "Native first: " : "  "}${clean(line)}`),
  ];
}

function changeLines({ path, kind, text, difference }: Change): readonly string[] {
  const what =
    kind === "kept"
      ? `${path} as it is; from it to what init would write:`
      : kind === "append"
        ? `${path}: ${text.trim().split(/\s+/).join(", ")}`
        : path;
  return [...labelled(WORDS[kind], what), ...difference.map((line) => `            ${clean(line)}`)];
}

function labelled(label: string, text: string): readonly string[] {
  return [`${label.padEnd(10)}${clean(text)}`];
}

/** Names and lines of the repository's files are text from outside. */
function clean(text: string): string {
  return cleanText(text).replaceAll("\n", " ");
}
