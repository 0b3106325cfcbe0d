import { realpath } from "node:fs/promises";
import { showCommandLine } from "../../dbt/arguments.ts";
import type { ChangedLines } from "../../linters/changed-lines.ts";
import { changedFile, MOST_REMARKS, placeRemarks, type ToolPlace } from "../../linters/place-remarks.ts";
import { readToolEnd } from "../../linters/read-report.ts";
import { describeTool } from "../../render/tool-words.ts";
import { count, grouped } from "../../render/words.ts";
import type { SettingsPart } from "../../settings/resolve.ts";
import type { DbtProject } from "../../setup/dbt-project.ts";
import type { RunSettings } from "../../setup/run-settings.ts";
import type { ToolRun } from "../../severity/tool-findings.ts";
import { removeFile } from "../../support/files.ts";
import type { Log } from "../../support/log.ts";
import type { Outputs } from "../../support/outputs.ts";
import type { Remote } from "../../support/remote.ts";
import type { WorkFolder } from "../../work/folder.ts";
import { TOOLS_FILE, writeToolsFile } from "../../work/tools-file.ts";
import { findChanges } from "./changed-files.ts";
import { type StartParts, startOf, startTool, type Tool } from "./start-tool.ts";

export interface ToolsParts extends StartParts {
  readonly settings: SettingsPart<never, "findings">;
  readonly remote: Pick<Remote, "git">;
  readonly log: Pick<Log, "step" | "warn">;
  readonly outputs: Outputs;
  readonly work: Pick<WorkFolder, "path" | "writeJson">;
}

/** Of a command line in the log. */
const MOST_NAMED = 3;
/** Of the names of files in one start: far below what a system takes. */
const MOST_BYTES = 100_000;

/**
 * Runs the tools of `findings` on what a check's branch has changed, one after the other, and writes findings.json. Behind
 * the build: a templater may start dbt, which has the target folder and a warehouse's file to itself then.
 */
export async function runTools(
  parts: ToolsParts,
  runSettings: RunSettings,
  { project, folders, env }: Pick<DbtProject, "project" | "folders" | "env">,
): Promise<readonly ToolRun[]> {
  const { log, work, outputs, remote } = parts;
  const tools = parts.settings.config.findings;
  await removeFile(work.path(TOOLS_FILE));
  if (tools.length === 0 || runSettings.mode !== "check") return [];
  const changes = await findChanges(remote.git, runSettings, folders);
  if (changes.kind === "known" && changes.unnamed > 0)
    log.warn(
      "findings",
      `${count(changes.unnamed, "changed file")} with a name that no tool can be given: not looked at`,
    );
  const dirs = (dir: string) => Promise.all([dir, realpath(dir).catch(() => dir)]);
  const place = { projectDirs: await dirs(project.dir), tops: await dirs(folders.top), fromTop: folders.fromTop };
  const runs: ToolRun[] = [];
  for (const tool of tools) {
    const run =
      changes.kind === "unknown"
        ? failed(tool, `was not started: which lines this branch changed is not known: ${changes.why}`, 0)
        : await runTool(parts, tool, changes.lines, { ...place, env, cwd: project.dir });
    const words = describeTool({ ...run, found: run.remarks.length, cut: 0 });
    if (run.state === "failed") log.warn("findings", words);
    else log.step("findings", words);
    runs.push(run);
  }
  await outputs.write("the findings of other tools", () => writeToolsFile(work, runs));
  return runs;
}

interface ToolSurroundings extends ToolPlace {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

async function runTool(
  parts: ToolsParts,
  tool: Tool,
  changed: ChangedLines,
  around: ToolSurroundings,
): Promise<ToolRun> {
  const takesFiles = tool.run.includes("{files}");
  const paths = [...changed.keys()]
    .filter((path) => !takesFiles || /\.sql$/i.test(path))
    .map((path) => (around.fromTop === "" ? path : path.slice(around.fromTop.length + 1)));
  if (paths.length === 0) {
    const why = `no ${takesFiles ? "SQL " : ""}file of the project was changed`;
    return { ...NOTHING, tool: tool.name, severity: tool.severity, state: "not-started", why };
  }
  const begunAt = parts.clock.monotonic();
  const seconds = () => (parts.clock.monotonic() - begunAt) / 1000;
  const remarks: ToolRun["remarks"][number][] = [];
  let [elsewhere, filesLeftOut] = [0, 0];
  for (const batch of takesFiles ? batches(paths) : [paths]) {
    // One that begins with - would be an option.
    const start = startOf(
      tool,
      batch.map((path) => (path.startsWith("-") ? `./${path}` : path)),
      parts,
    );
    parts.log.step("findings", shownStart(tool, batch, start.argv));
    const end = await startTool(parts, tool, { ...start, ...around });
    if ("failure" in end) return failed(tool, end.failure, seconds());
    const report = readToolEnd(end, tool.format, parts.redact);
    if (report.kind === "unread") return failed(tool, report.why, seconds());
    const placed = placeRemarks(report, changed, around, parts.redact);
    if (placed.kind === "too-many" || remarks.length + placed.remarks.length > MOST_REMARKS)
      return failed(tool, `reports more than ${grouped(MOST_REMARKS)} findings on changed lines`, seconds());
    remarks.push(...placed.remarks);
    elsewhere += placed.elsewhere;
    if (takesFiles && report.files !== null) {
      const named = new Set(report.files.map((file) => changedFile(file, changed, around)));
      filesLeftOut += Math.max(0, batch.length - named.size + (named.has(null) ? 1 : 0));
    }
  }
  const files = paths.length - filesLeftOut;
  const facts = { tool: tool.name, severity: tool.severity, state: "ran", why: null } as const;
  return { ...facts, files, filesLeftOut, remarks, elsewhere, seconds: seconds() };
}

const NOTHING = { files: 0, filesLeftOut: 0, remarks: [], elsewhere: 0, seconds: 0 } as const;

function failed({ name, severity }: Tool, why: string, seconds: number): ToolRun {
  return { ...NOTHING, tool: name, severity, state: "failed", why, seconds };
}

function batches(paths: readonly string[]): readonly (readonly string[])[] {
  const all: string[][] = [];
  let bytes = MOST_BYTES;
  for (const path of paths) {
    bytes += Buffer.byteLength(path) + 1;
    if (bytes > MOST_BYTES) {
      all.push([]);
      bytes = Buffer.byteLength(path) + 1;
    }
    all.at(-1)?.push(path);
  }
  return all;
}

function shownStart({ run }: Tool, files: readonly string[], argv: readonly string[]): string {
  const more = files.length - MOST_NAMED;
  if (!run.includes("{files}") || more < 2) return showCommandLine(argv);
  const hidden = new Set(files.slice(MOST_NAMED));
  return `${showCommandLine(argv.filter((word) => !hidden.has(word)))} (+${grouped(more)} more)`;
}
