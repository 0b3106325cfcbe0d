import { fstatSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { isatty } from "node:tty";
import type { CommandName } from "./settings/flags.ts";
import type { Context, Surroundings } from "./setup/context.ts";
import { systemClock } from "./support/clock.ts";
import { describeKnown, errorFields, SignalboxError } from "./support/errors.ts";
import { redactAll, redactor } from "./support/redact.ts";
import { secretValues } from "./support/secrets.ts";
import { toJson } from "./text/json.ts";
import { plainLine } from "./text/terminal-line.ts";

/** Each command's code is loaded when it is called: `--version` has to cost no more than Node itself. */
const LOADERS: Readonly<Record<CommandName, () => Promise<{ run: (context: Context) => Promise<number> }>>> = {
  ci: () => import("./commands/ci.ts"),
  queue: () => import("./commands/queue.ts"),
  plan: () => import("./commands/plan.ts"),
  build: () => import("./commands/build.ts"),
  report: () => import("./commands/report.ts"),
  notify: () => import("./commands/notify.ts"),
  state: () => import("./commands/state.ts"),
  status: () => import("./commands/status.ts"),
  clean: () => import("./commands/clean.ts"),
  init: () => import("./commands/init.ts"),
  doctor: () => import("./commands/doctor.ts"),
};

let isHungUp = false;
let lostOutput: Error | null = null;

/** argv → command → exit code. */
async function main(argv: readonly string[]): Promise<number> {
  const { env } = process;
  // More are known once the files of the project have been read.
  let secrets: readonly string[] | null = null;
  let hasAnswered = false;
  let hasPage = false;
  // With --json nothing else is written there: what has been is the one document.
  const stdout = {
    isTTY: process.stdout.isTTY,
    isFile: isFile(1),
    write: (text: string) => {
      hasAnswered = true;
      return process.stdout.write(text);
    },
  };
  try {
    if (argv.length === 1 && (argv[0] === "--version" || argv[0] === "-v")) {
      process.stdout.write(`${readVersion()}\n`);
      return 0;
    }
    const onSummary = () => {
      hasPage = true;
    };
    return await runCommand(argv, { ...processSurroundings(), stdout, onSummary }, (known) => {
      secrets = known;
    });
  } catch (thrown) {
    const { knownOf } = await import("./support/system-errors.ts");
    const error = knownOf(thrown);
    const redact = redactor(secrets ?? secretValues(env));
    const text = redact(describeError(error))
      .split("\n")
      .map((line) => redact(plainLine(line)))
      .join("\n");
    process.stderr.write(`${text}\n`);
    if (!hasPage) {
      const { writeFailurePage } = await import("./setup/failure-page.ts");
      await writeFailurePage(env, redact(describePage(error)));
    }
    if (asksForJson(argv, env) && !hasAnswered)
      process.stdout.write(toJson(redactAll({ schema: 1, error: errorFields(error) }, redact)));
    return error instanceof SignalboxError ? error.exitCode : 70;
  }
}

async function runCommand(
  argv: readonly string[],
  around: Surroundings,
  onSecrets: (secrets: readonly string[]) => void,
): Promise<number> {
  const [
    { parseArgv },
    { renderCommandHelp, renderTopHelp },
    { nameAsTyped },
    { openSettings, openWhatCanBeRead },
    { describeUnread },
    { findAbove },
    { createContext },
    { learnSecrets },
  ] = await Promise.all([
    import("./settings/argv.ts"),
    import("./settings/help.ts"),
    import("./settings/action-and-orb.ts"),
    import("./setup/open-settings.ts"),
    import("./setup/config-file.ts"),
    import("./support/files.ts"),
    import("./setup/context.ts"),
    import("./setup/known-secrets.ts"),
  ]);
  const parsed = parseArgv(argv);
  if (parsed.version) return say(`${readVersion()}\n`);
  if (parsed.command === null) {
    if (parsed.help || argv.length === 0) return say(renderTopHelp(readVersion()));
    throw new SignalboxError("configuration", "no command is named", {
      hint: `signalbox <command> [flags]; commands: ${Object.keys(LOADERS).join(", ")}`,
    });
  }
  if (parsed.help) return say(renderCommandHelp(parsed.command));

  const given = { ...parsed, command: parsed.command, env: around.env, now: around.clock.now() };
  const wanted = { cwd: around.cwd, asked: configAsked(), ignoresNearNames: parsed.command === "init" };
  const {
    settings,
    file: { name: configName, text },
    broken,
    isRead,
  } = await (parsed.command === "doctor" ? openWhatCanBeRead : openSettings)(given, wanted);
  const baseDir = dirname(resolve(around.cwd, configName));
  const secrets = await learnSecrets({ env: around.env, baseDir, dbt: settings.config.dbt });
  onSecrets(secrets);
  const { run } = await LOADERS[parsed.command]();
  const unread = text === null && broken === null ? await findAbove(around.cwd, configName) : null;
  const configFile = { name: configName, exists: isRead, unread, broken };
  const context = createContext(parsed.command, settings, configFile, around, secrets);
  const ignored = describeUnread(configFile, around.cwd);
  if (!["init", "doctor"].includes(parsed.command) && ignored !== null) context.log.warn("config", ignored);
  return context.outputs.exitCodeOf(await run(context));

  function say(lines: string): number {
    around.stdout.write(lines);
    return 0;
  }

  function configAsked() {
    const { config } = parsed.flags;
    if (typeof config === "string" && config !== "") return { name: config, where: "--config" };
    const name = around.env.SIGNALBOX_CONFIG ?? "";
    // What is wrong with a flag that has no value, or two, is told with everything else.
    if (config !== undefined || name === "") return null;
    return { name, where: nameAsTyped({ name: "config" }, around.env.SIGNALBOX_FACE) };
  }
}

function processSurroundings(): Omit<Surroundings, "onSummary"> {
  const controller = new AbortController();
  const stop = (name: "SIGINT" | "SIGTERM" | "SIGHUP", exitCode: 130 | 143) => {
    process.on(name, () => controller.abort(new SignalboxError("interrupted", `stopped by ${name}`, { exitCode })));
  };
  stop("SIGINT", 130);
  stop("SIGTERM", 143);
  // A terminal that is closed: without this, dbt would go on without us.
  stop("SIGHUP", 143);
  process.on("SIGHUP", () => {
    isHungUp = true;
  });
  return {
    env: process.env,
    cwd: process.cwd(),
    clock: systemClock,
    signal: controller.signal,
    openTerminal: () =>
      process.stdin.isTTY && process.stdout.isTTY ? { input: process.stdin, output: process.stdout } : null,
    stdout: process.stdout,
    stderr: Object.assign(process.stderr, { isFile: isFile(2) }),
    pid: process.pid,
    // performance.now() counts from the start of the process.
    startedAt: 0,
  };
}

function isFile(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isFile();
  } catch {
    return false;
  }
}

/** Whether the answer is to be JSON, also where the command line cannot be read for another reason. */
function asksForJson(argv: readonly string[], env: NodeJS.ProcessEnv): boolean {
  const end = argv.indexOf("--");
  const own = end < 0 ? argv : argv.slice(0, end);
  const index = own.findLastIndex((word) => word === "--json" || word.startsWith("--json="));
  if (index < 0) return /^(true|1|yes|on)$/i.test(env.SIGNALBOX_JSON?.trim() ?? "");
  // As the parser reads it: of the words behind a flag without "=" it takes these two. What is no answer is one to JSON.
  const value = own[index]?.slice("--json=".length) || (own[index + 1] === "false" ? "false" : "");
  return !/^(false|0|no|off)$/i.test(value);
}

/** One or two lines for what a person can fix; the stack for a bug of ours. */
function describeError(error: unknown): string {
  if (error instanceof SignalboxError) return `signalbox: ${describeKnown(error)}`;
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `signalbox: internal error, please report it with these lines:\n${stack}`;
}

/** The same for the job's page, without the stack. */
function describePage(error: unknown): string {
  if (error instanceof SignalboxError) return describeKnown(error);
  return `signalbox: internal error, please report it with the log: ${error instanceof Error ? error.message : String(error)}`;
}

/** dist/ and src/ lie beside package.json. */
function readVersion(): string {
  const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };
  return manifest.version;
}

// `signalbox … | head` closes our output early, and so does a terminal that is closed (EIO): that is no error, and dbt has
// to be stopped all the same. Elsewhere the result is lost (a full disk): whoever asked for it has to know.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE" && error.code !== "EIO" && stream === process.stdout) lostOutput ??= error;
  });
}
process.on("exit", () => {
  if (lostOutput === null) return;
  process.stderr.write(`signalbox: standard output cannot be written: ${lostOutput.message}\n`);
  process.exitCode ||= 2;
});
const hasTerminal = [0, 1, 2].some(isatty);
process.exitCode = await main(process.argv.slice(2));
// A connection that is given up while it is being made keeps the process for as long as Node waits for it (10 s).
const leave = () => {
  if (process.stdout.writableLength + process.stderr.writableLength === 0) process.exit();
};
setInterval(leave, 200).unref();
// Node aborts where it is to reset a terminal that is gone: then the signal that said so ends it, now that all is done.
// https://github.com/nodejs/node/blob/v20.19.0/src/node.cc (ResetStdio)
if (hasTerminal && isHungUp) {
  process.removeAllListeners("SIGHUP");
  process.kill(process.pid, "SIGHUP");
}
