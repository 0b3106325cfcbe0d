import { readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { resolve } from "node:path";
import { isatty } from "node:tty";
import type { CommandName } from "./settings/flags.ts";
import type { Context, Surroundings } from "./setup/context.ts";
import { systemClock } from "./support/clock.ts";
import { describeKnown, errorFields, SignalboxError } from "./support/errors.ts";
import { redactor, secretValues } from "./support/secrets.ts";
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
};

let isHungUp = false;

/** argv → command → exit code. */
async function main(argv: readonly string[]): Promise<number> {
  const { env } = process;
  const around = processSurroundings();
  let hasAnswered = false;
  // With --json nothing else is written there: what has been is the one document.
  const stdout = {
    isTTY: process.stdout.isTTY,
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
    return await runCommand(argv, { ...around, stdout });
  } catch (thrown) {
    const { knownOf } = await import("./support/system-errors.ts");
    const error = knownOf(thrown);
    const redact = redactor(secretValues(env));
    const text = describeError(error)
      .split("\n")
      .map((line) => redact(plainLine(line)))
      .join("\n");
    process.stderr.write(`${text}\n`);
    if (asksForJson(argv, env) && !hasAnswered)
      process.stdout.write(redact(toJson({ schema: 1, error: errorFields(error) })));
    return error instanceof SignalboxError ? error.exitCode : 70;
  }
}

async function runCommand(argv: readonly string[], around: Surroundings): Promise<number> {
  const [
    { parseArgv },
    { resolve: resolveSettings },
    { renderCommandHelp, renderTopHelp },
    { nameAsTyped },
    { findAbove, readFileIfAny },
    { createContext, describeUnread },
  ] = await Promise.all([
    import("./settings/argv.ts"),
    import("./settings/resolve.ts"),
    import("./settings/help.ts"),
    import("./settings/action-and-orb.ts"),
    import("./support/files.ts"),
    import("./setup/context.ts"),
  ]);
  const parsed = parseArgv(argv);
  if (parsed.version) return say(`${readVersion()}\n`);
  if (parsed.command === null) return say(renderTopHelp(readVersion()), parsed.help || argv.length === 0 ? 0 : 2);
  if (parsed.help) return say(renderCommandHelp(parsed.command));

  const asked = parsed.flags.config ?? (around.env.SIGNALBOX_CONFIG || undefined);
  const configName = typeof asked === "string" && asked !== "" ? asked : "signalbox.yml";
  const text = await readFileIfAny(resolve(around.cwd, configName));
  if (text === null && configName === asked) {
    const where =
      parsed.flags.config === undefined ? nameAsTyped({ name: "config" }, around.env.SIGNALBOX_FACE) : "--config";
    throw new SignalboxError("configuration", `${where} is ${JSON.stringify(configName)}: there is no such file`, {
      hint: "name an existing file, or leave it out",
    });
  }
  if (text === null && asked === undefined && parsed.command !== "init") await refuseNearName(around.cwd);
  const settings = resolveSettings({
    command: parsed.command,
    flags: parsed.flags,
    words: parsed.words,
    rest: parsed.rest,
    env: around.env,
    file: { name: configName, text },
    now: around.clock.now(),
  });
  const { run } = await LOADERS[parsed.command]();
  const unread = text === null ? await findAbove(around.cwd, configName) : null;
  const context = createContext(parsed.command, settings, { name: configName, exists: text !== null, unread }, around);
  const ignored = describeUnread(context);
  if (ignored !== null && parsed.command !== "init") context.log.warn("config", ignored);
  return run(context);

  function say(lines: string, exitCode = 0): number {
    around.stdout.write(lines);
    return exitCode;
  }
}

/** A configuration under another name would be passed over in silence. */
async function refuseNearName(cwd: string): Promise<void> {
  const names = await readdir(cwd).catch(() => []);
  const near = names.find((name) => /^\.?signalbox\.(?:ya?ml|json|toml)$/i.test(name));
  if (near === undefined) return;
  if (near === "signalbox.yml")
    throw new SignalboxError("configuration", "signalbox.yml is a link to a file that is not there", {
      hint: "correct the link, or name the file with --config",
    });
  const isYaml = /ya?ml$/i.test(near);
  throw new SignalboxError("configuration", `${near} is not read: the file is called signalbox.yml`, {
    hint: isYaml ? `rename it, or name it: --config ${near}` : "write it as YAML: signalbox init makes one",
  });
}

function processSurroundings(): Surroundings {
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
    stderr: process.stderr,
    pid: process.pid,
    // performance.now() counts from the start of the process.
    startedAt: 0,
  };
}

/** Whether the answer is to be JSON, also where the command line cannot be read for another reason. */
function asksForJson(argv: readonly string[], env: NodeJS.ProcessEnv): boolean {
  const end = argv.indexOf("--");
  const own = end < 0 ? argv : argv.slice(0, end);
  const isYes = (value: string | undefined) => /^(true|1|yes|on)$/i.test(value ?? "");
  const flag = own.findLast((word) => word === "--json" || word.startsWith("--json="));
  if (flag !== undefined) return flag === "--json" || isYes(flag.slice("--json=".length));
  return isYes(env.SIGNALBOX_JSON);
}

/** One or two lines for what a person can mend; the stack for a bug of ours. */
function describeError(error: unknown): string {
  if (error instanceof SignalboxError) return `signalbox: ${describeKnown(error)}`;
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `signalbox: internal error, please report it with these lines:\n${stack}`;
}

/** dist/ and src/ lie beside package.json. */
function readVersion(): string {
  const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };
  return manifest.version;
}

// `signalbox … | head` closes our output early, and so does a terminal that is closed (EIO): that is no error, and dbt has
// to be stopped all the same.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
  });
}
const hasTerminal = [0, 1, 2].some(isatty);
process.exitCode = await main(process.argv.slice(2));
// Node aborts where it is to reset a terminal that is gone: then the signal that said so ends it, now that all is done.
// https://github.com/nodejs/node/blob/v20.19.0/src/node.cc (ResetStdio)
if (hasTerminal && isHungUp) {
  process.removeAllListeners("SIGHUP");
  process.kill(process.pid, "SIGHUP");
}
