import { dirname, resolve } from "node:path";
import { platformOf } from "../platforms/detect.ts";
import { createGitHubRunner } from "../platforms/github/runner.ts";
import { createPlainRunner } from "../platforms/plain-runner.ts";
import type { Runner } from "../platforms/ports.ts";
import { redactedRunner } from "../platforms/redacted-runner.ts";
import { createPaint, type Paint } from "../render/colors.ts";
import type { CommandName } from "../settings/flags.ts";
import type { Settings } from "../settings/resolve.ts";
import { type Children, createChildren } from "../support/claims.ts";
import type { Clock } from "../support/clock.ts";
import { describeKnown } from "../support/errors.ts";
import { createGit, type Git } from "../support/git.ts";
import { createLog, type Log } from "../support/log.ts";
import { once } from "../support/once.ts";
import { createOutputs, type Outputs } from "../support/outputs.ts";
import { type Fetch, openProxiedFetch } from "../support/proxied-fetch.ts";
import { type Redact, redactAll, redactor } from "../support/redact.ts";
import { createRemote, type Remote } from "../support/remote.ts";
import { createScreen } from "../support/screen.ts";
import type { Environment } from "../support/secrets.ts";
import { toJson } from "../text/json.ts";
import { createWorkFolder, type WorkFolder } from "../work/folder.ts";
import type { ConfigFile } from "./config-file.ts";
import { chooseDisplay, type ProgressDisplay } from "./progress-display.ts";

interface OutputStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  /** Of a terminal; 0 or absent where it does not say. */
  readonly columns?: number;
  /** It goes into a file, where no runner reads it and others may. */
  readonly isFile?: boolean;
}

/** The process around a command, handed in so that nothing else touches it. */
export interface Surroundings {
  readonly env: Environment;
  readonly cwd: string;
  readonly clock: Clock;
  /** Aborted by SIGINT, SIGTERM and SIGHUP, with a SignalboxError as its reason. */
  readonly signal: AbortSignal;
  /** Keyboard and screen of a person who can be asked; null where there is none. */
  readonly openTerminal: () => { readonly input: NodeJS.ReadStream; readonly output: NodeJS.WriteStream } | null;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Is called where the job's page gets a summary. */
  readonly onSummary: () => void;
  readonly pid: number;
  /** When the process began, by the clock's monotonic time: deadlines run from here. */
  readonly startedAt: number;
}

/** Made once for a command and handed down. */
export interface Context extends Surroundings {
  readonly command: CommandName;
  readonly settings: Settings;
  /** Folder of signalbox.yml (the working directory where there is none): what relative paths in it start from. */
  readonly baseDir: string;
  readonly configFile: ConfigFile;
  readonly git: Git;
  /** The remote of that clone. */
  readonly remote: Remote;
  readonly work: WorkFolder;
  /** What this process starts: each claim that it holds stands while that runs. */
  readonly children: Children;
  readonly runner: Runner;
  readonly log: Log;
  readonly display: ProgressDisplay;
  readonly outputs: Outputs;
  readonly paint: Paint;
  readonly color: boolean;
  readonly secrets: readonly string[];
  /** For every text that leaves this process: log, files, messages, answers. */
  readonly redact: Redact;
  /** Goes through the proxies of the environment; null: there are none. */
  readonly openFetch: () => Promise<Fetch | null>;
  /** The one result on stdout: lines for people, or the JSON document. */
  readonly result: (lines: readonly string[], json: unknown) => void;
}

export function createContext(
  command: CommandName,
  settings: Settings,
  configFile: ConfigFile,
  around: Surroundings,
  secrets: readonly string[],
): Context {
  const { env, cwd } = around;
  const { given } = settings;
  const wantsJson = given.json;
  // Standard output is the answer's, or that of the program which `queue -- command` starts.
  const progress = wantsJson || (command === "queue" && settings.rest.length > 0) ? around.stderr : around.stdout;
  const color =
    !given.noColor &&
    !env.NO_COLOR &&
    (progress.isTTY === true || env.FORCE_COLOR === "1" || env.GITHUB_ACTIONS === "true" || env.CIRCLECI === "true");
  const paint = createPaint(color);
  const redact = redactor(secrets);
  const display = chooseDisplay({
    ...{ wants: given.progress, json: wantsJson, quiet: given.quiet, noColor: given.noColor },
    ...{ isTerminal: progress.isTTY === true, platform: platformOf(env), env },
  });
  const screen = createScreen(
    (text) => void progress.write(text),
    () => progress.columns,
  );
  const { write } = screen;
  const openRunner = (to: (text: string) => void) =>
    platformOf(env) === "github" ? createGitHubRunner(env, to) : createPlainRunner(env);
  const redacted = redactedRunner(openRunner(write), redact);
  const runner: Runner = {
    ...redacted,
    summary: (markdown) => {
      around.onSummary();
      return redacted.summary(markdown);
    },
  };
  const log = createLog({
    ...{ write, redact, bold: paint.bold, yellow: paint.yellow, color, quiet: given.quiet },
    status: display === "line" ? screen.status : null,
  });
  // A runner is told of secrets by writing them: it takes that line away, and a file keeps it.
  const masks = [progress, around.stderr].find(({ isFile }) => isFile !== true);
  const toldRunner = masks === progress ? runner : masks === undefined ? null : openRunner((text) => masks.write(text));
  for (const secret of secrets) toldRunner?.mask(secret);
  const baseDir = dirname(resolve(cwd, configFile.name));
  let isForeignTold = false;
  const git = createGit(baseDir, env, null, (error) => {
    if (!isForeignTold) log.warn("git", describeKnown(error));
    isForeignTold = true;
  });
  return {
    ...around,
    command,
    settings,
    baseDir,
    configFile,
    git,
    remote: createRemote(git, around.signal),
    work: createWorkFolder(resolve(cwd, given.work), redact),
    children: createChildren(),
    runner,
    log,
    display,
    outputs: createOutputs((text) => {
      log.warn("output", text);
      runner.annotate([{ level: "warning", title: "Output not written", message: text, file: null, line: null }]);
    }),
    paint,
    color,
    secrets,
    redact,
    openFetch: once(() => openProxiedFetch(env)),
    result: (lines, json) => {
      if (wantsJson) around.stdout.write(toJson(redactAll(json, redact)));
      else for (const line of lines) log.result(line);
    },
  };
}
