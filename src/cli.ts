import { fstatSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { isatty } from "node:tty";
import type { CommandName } from "./settings/flags.ts";
import type { Context, Surroundings } from "./setup/context.ts";
import { systemClock } from "./support/clock.ts";
import { SignalboxError } from "./support/errors.ts";

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
let isOver = false;
let lostOutput: Error | null = null;

/** dbt is killed after seven seconds, and there is a ticket to give back. */
const LONGEST_STOP_MS = 15_000;

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
    get columns() {
      return process.stdout.columns;
    },
    write: (text: string) => {
      hasAnswered = true;
      return process.stdout.write(text);
    },
  };
  const tell = async (thrown: unknown) => {
    const { tellFailure } = await import("./setup/tell-failure.ts");
    return tellFailure(thrown, { argv, env, secrets, hasPage, hasAnswered });
  };
  try {
    if (argv.length === 1 && (argv[0] === "--version" || argv[0] === "-v")) {
      process.stdout.write(`${readVersion()}\n`);
      return 0;
    }
    const onSummary = () => {
      hasPage = true;
    };
    const { around, stop } = processSurroundings();
    // What nothing of ours has caught: dbt is stopped as by a signal, and the error is told as others are, without a secret.
    let isFirst = true;
    process.on("uncaughtException", (error) => {
      // What follows from it while all is being stopped tells nothing more.
      if (!isFirst) return;
      isFirst = false;
      stop(error);
      setTimeout(async () => process.exit(await tell(error)), isOver ? 0 : LONGEST_STOP_MS);
    });
    return await runCommand(argv, { ...around, stdout, onSummary }, (known) => {
      secrets = known;
    });
  } catch (thrown) {
    return tell(thrown);
  } finally {
    isOver = true;
  }
}

async function runCommand(
  argv: readonly string[],
  around: Surroundings,
  onSecrets: (secrets: readonly string[]) => void,
): Promise<number> {
  const { parseArgv } = await import("./settings/argv.ts");
  const parsed = parseArgv(argv);
  if (parsed.version) return say(`${readVersion()}\n`);
  if (parsed.help || argv.length === 0) {
    const { renderCommandHelp, renderTopHelp } = await import("./settings/help.ts");
    return say(parsed.command === null ? renderTopHelp(readVersion()) : renderCommandHelp(parsed.command));
  }
  if (parsed.command === null)
    throw new SignalboxError("configuration", "no command is named", {
      hint: `signalbox <command> [flags]; commands: ${Object.keys(LOADERS).join(", ")}`,
    });
  const { command } = parsed;
  const [
    { run },
    { nameAsTyped },
    { openSettings, openWhatCanBeRead },
    { describeUnread },
    { findAbove },
    { createContext },
    { learnSecrets },
  ] = await Promise.all([
    LOADERS[command](),
    import("./settings/action-and-orb.ts"),
    import("./setup/open-settings.ts"),
    import("./setup/config-file.ts"),
    import("./support/files.ts"),
    import("./setup/context.ts"),
    import("./setup/known-secrets.ts"),
  ]);

  const given = { ...parsed, command, env: around.env, now: around.clock.now() };
  const wanted = { cwd: around.cwd, asked: configAsked(), ignoresNearNames: command === "init" };
  const {
    settings,
    file: { name: configName, text },
    broken,
    isRead,
  } = await (command === "doctor" ? openWhatCanBeRead : openSettings)(given, wanted);
  const baseDir = dirname(resolve(around.cwd, configName));
  const secrets = await learnSecrets({ env: around.env, baseDir, dbt: settings.config.dbt });
  onSecrets(secrets);
  const unread = text === null && broken === null ? await findAbove(around.cwd, configName) : null;
  const configFile = { name: configName, exists: isRead, unread, broken };
  const context = createContext(command, settings, configFile, around, secrets);
  const ignored = describeUnread(configFile, around.cwd);
  if (!["init", "doctor"].includes(command) && ignored !== null) context.log.warn("config", ignored);
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

/** `stop` ends what is under way, and what waits. */
function processSurroundings(): {
  readonly around: Omit<Surroundings, "onSummary">;
  readonly stop: (reason: unknown) => void;
} {
  const controller = new AbortController();
  const stopAt = (name: "SIGINT" | "SIGTERM" | "SIGHUP", exitCode: 130 | 143) => {
    process.on(name, () => controller.abort(new SignalboxError("interrupted", `stopped by ${name}`, { exitCode })));
  };
  stopAt("SIGINT", 130);
  stopAt("SIGTERM", 143);
  // A terminal that is closed: without this, dbt would go on without us.
  stopAt("SIGHUP", 143);
  process.on("SIGHUP", () => {
    isHungUp = true;
  });
  const around = {
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
  return { around, stop: (reason) => controller.abort(reason) };
}

function isFile(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isFile();
  } catch {
    return false;
  }
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
