import { TARGET_PLACEHOLDER } from "../settings/placeholder.ts";
import { cleanText } from "../text/clean.ts";
import type { Advice } from "./advice.ts";
import { ownProjects, proposeCi, proposeProject } from "./decide.ts";
import { type Answers, configPathOf, type InitFacts, type ProjectFacts } from "./facts.ts";
import type { Change } from "./files.ts";
import { dbtCommand } from "./install.ts";
import type { Todo } from "./todo.ts";

type ReportStep = readonly [name: string, text: string];
const MOST_PROJECTS = 8;

/** What was found, before anything is asked: steps of the log. */
export function describeFound(facts: InitFacts): readonly ReportStep[] {
  const proposed = proposeProject(facts);
  const projects = proposed === null ? ownProjects(facts) : [proposed];
  const remote = facts.remote === null ? "no remote" : `${facts.remote.host}/${facts.remote.path}`;
  const ci = proposeCi(facts);
  const others = facts.projects.length - projects.length;
  const more = projects.length - MOST_PROJECTS;
  return cleaned([
    ...projects.slice(0, MOST_PROJECTS).flatMap(describeProject),
    ...(more > 0 ? [["project", `${more} more`] as const] : []),
    ...(others > 0 ? [["project", `${others} more in this repository, left as they are`] as const] : []),
    ["git", `${remote}, base branch ${facts.existing?.baseBranch ?? facts.baseBranch.name}`],
    ["ci", `${ci.value}: ${ci.why}`],
    ...facts.unread.slice(0, MOST_PROJECTS).map(({ path, why }) => ["not read", `${path} ${why}`] as const),
  ]);
}

function describeProject({ name, dir, profiles, packages }: ProjectFacts): ReportStep[] {
  const targets = profiles?.targets.map((target) => target.name).join(", ") || "none";
  return [
    ["project", `${name ?? "dbt"} in ${dir === "." ? "the top folder" : dir}`],
    ["profile", profiles === null ? "no profiles.yml was found" : `${profiles.file}: targets ${targets}`],
    ["dbt", `${dbtCommand(packages).join(" ")} (${packages?.file ?? "nothing tells what installs it"})`],
  ];
}

/** What is written down: proposed, or answered. */
export function describeAnswers(answers: Answers): readonly ReportStep[] {
  const { check, deploy, ci } = answers;
  const channels = [answers.errorChannel, answers.warnChannel].filter((id) => id !== null);
  const production = deploy === TARGET_PLACEHOLDER ? "production's is still to be chosen" : `${deploy} for production`;
  return cleaned([
    ["targets", `${check} for pull requests, ${production}`],
    ["files", `${configPathOf(answers)}, for ${ci === "github" ? "GitHub Actions" : "CircleCI"}`],
    ["slack", channels.length === 0 ? "no channels yet" : `channels ${channels.join(", ")}`],
  ]);
}

function cleaned(steps: readonly ReportStep[]): readonly ReportStep[] {
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
