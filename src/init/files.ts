import { structuredPatch } from "diff";
import { TARGET_PLACEHOLDER } from "../settings/placeholder.ts";
import { addToCircleConfig, CONFIG_PATH, renderCircleConfig } from "./circleci-config.ts";
import { renderCleanMacro } from "./clean-macro.ts";
import { configOf } from "./decide.ts";
import { type Answers, configPathOf, type InitFacts, joinPath } from "./facts.ts";
import { renderWorkflow, workflowPath } from "./github-workflow.ts";
import { isCovered, renderSignalboxYml } from "./signalbox-yml.ts";
import { renderSlackApp, SLACK_APP_PATH } from "./slack-app.ts";

/** A file as init would have it. */
export interface WantedFile {
  /** From the top of the repository. */
  readonly path: string;
  readonly content: string;
  /** Whether the file, where it exists, says all of it in other words. */
  readonly isCovered: boolean;
  /** Whether the content is the file that exists and a line more, which may be added. */
  readonly isAddition: boolean;
}

export function wantedFiles(facts: InitFacts, answers: Answers): readonly WantedFile[] {
  const file = (path: string, content: string, isCovered = false): WantedFile => ({
    path,
    content,
    isCovered,
    isAddition: false,
  });
  const { project } = answers;
  const { existing } = configOf(facts, project);
  const macro = file(joinPath(project.dir, project.macroDir, "signalbox_clean.sql"), renderCleanMacro(answers));
  return [
    file(configPathOf(answers), renderSignalboxYml(answers), existing !== null && isCovered(existing, answers)),
    ciFile(facts, answers, file),
    file(SLACK_APP_PATH, renderSlackApp()),
    // It refuses production's target by its name, and is of no use without one.
    ...(answers.deploy === TARGET_PLACEHOLDER ? [] : [macro]),
    { ...file(".gitignore", withLeftBehind(facts.gitignore ?? "")), isAddition: true },
  ];
}

type MakeFile = (path: string, content: string, isCovered?: boolean) => WantedFile;

/** A file of the CI that calls signalbox for this project already is the file. */
function ciFile({ ciFiles }: InitFacts, answers: Answers, file: MakeFile): WantedFile {
  const own = answers.ci === "github" ? workflowPath(answers) : CONFIG_PATH;
  const files = ciFiles.filter(({ ci }) => ci === answers.ci);
  const isCalling = (text: string) => callsSignalbox(text, answers);
  const calling = files.find(({ path, text }) => path !== own && isCalling(text));
  if (answers.ci === "github") return file(calling?.path ?? own, renderWorkflow(answers), calling !== undefined);
  const existing = files[0]?.text;
  if (existing === undefined || files[0]?.why !== null) return file(own, renderCircleConfig(answers));
  return file(own, addToCircleConfig(existing, answers) ?? renderCircleConfig(answers), isCalling(existing));
}

/** A project with a signalbox.yml of its own is called by that file's path. */
function callsSignalbox(text: string, answers: Answers): boolean {
  if (!/\/signalbox@|\bsignalbox@\d|\bsignalbox\/(ci|queue)\b/.test(text)) return false;
  const path = configPathOf(answers);
  return answers.configDir === "."
    ? !text.includes("/signalbox.yml") || answers.ci === "circleci"
    : text.split(/["'\s]/).includes(path);
}

/** What a run leaves behind: the work folder, and the JUnit files. */
const LEFT_BEHIND = [".signalbox/", "test-results/"];

/** A .gitignore that leaves out what a run leaves behind, in the line ends that it has. */
function withLeftBehind(text: string): string {
  const plain = (line: string) => line.trim().replace(/^\//, "").replace(/\/$/, "");
  const lines = text.split(/\r?\n/).map(plain);
  const missing = LEFT_BEHIND.filter((line) => !lines.includes(plain(line)));
  if (missing.length === 0) return text;
  const end = text.includes("\r\n") ? "\r\n" : "\n";
  return `${text}${text === "" || text.endsWith("\n") ? "" : end}${missing.map((line) => line + end).join("")}`;
}

export interface Change {
  readonly path: string;
  /** kept: it exists and differs; it is left as it is. */
  readonly kind: "write" | "append" | "same" | "kept";
  /** What is written, or appended. */
  readonly text: string;
  /** Of a kept file: the lines of a unified diff, from the file to what init would have written. */
  readonly difference: readonly string[];
}

/** What to do about a file, given its text; null where it does not exist. */
export function changeOf(wanted: WantedFile, existing: string | null): Change {
  const { path, content } = wanted;
  const change = (kind: Change["kind"], text = "", difference: readonly string[] = []): Change => ({
    path,
    kind,
    text,
    difference,
  });
  if (existing === null) return change("write", content);
  if (wanted.isCovered || existing === content) return change("same");
  if (wanted.isAddition && content.startsWith(existing)) return change("append", content.slice(existing.length));
  return change("kept", "", differenceOf(existing, content));
}

/** What cannot be compared is left as it is. */
export function keptAsUnread({ path }: WantedFile, why: string): Change {
  return { path, kind: "kept", text: "", difference: [`it ${why}, and was not compared`] };
}

const CONTEXT_LINES = 1;
const MOST_LINES = 60;

function differenceOf(from: string, to: string): readonly string[] {
  const { hunks } = structuredPatch("", "", from, to, "", "", { context: CONTEXT_LINES });
  const lines = hunks.flatMap((hunk) => [
    `@@ -${hunk.oldStart},${hunk.oldLines} +${hunk.newStart},${hunk.newLines} @@`,
    ...hunk.lines,
  ]);
  const rest = lines.length - MOST_LINES;
  return rest <= 0 ? lines : [...lines.slice(0, MOST_LINES), `… ${rest} lines more`];
}
