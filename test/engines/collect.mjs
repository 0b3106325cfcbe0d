// `node test/engines/collect.mjs`: installs each kind of dbt and writes arguments.json, which command of which one takes
// which option. dbt 1 is asked for its parsers, dbt 2 is tried with each: both take options that their help leaves out.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { prepareEngine } from "../prepare.mjs";

const PLACE = fileURLToPath(new URL(".", import.meta.url));
/** The commands that signalbox starts. */
const COMMANDS = ["build", "parse", "ls", "source freshness", "run-operation", "deps"];
/** 1.12.1 and later download a package's wheel while they install; the final releases of dbt 2 do the same. */
const ENGINES = [
  ["1.8", "dbt-core==1.8.9"],
  ["1.9", "dbt-core==1.9.10"],
  ["1.10", "dbt-core==1.10.15"],
  ["1.11", "dbt-core==1.11.16"],
  ["1.12", "--only-binary=:all:", "dbt-core==1.12.0"],
  ["2.0", "--only-binary=:all:", "--pre", "dbt-core==2.0.0a4"],
  ["2.0-fusion", "--only-binary=:all:", "dbt==2.0.0rc196"],
];

const installed = ENGINES.map(([name, ...requirements]) => [name, prepareEngine(requirements)]);
const project = openProject();
/** options.get("--select").get("build"): names of engines, with a `!` where it is taken with a warning. */
const options = new Map();
for (const [name, bin] of installed.filter(([each]) => each.startsWith("1.")))
  for (const [command, taken] of Object.entries(parsersOf(join(bin, "python"))))
    for (const option of taken) note(option, command, name);
const known = new Set(options.keys());
for (const [name, bin] of installed.filter(([each]) => each.startsWith("2."))) {
  const dbt = join(bin, "dbt");
  for (const command of COMMANDS) {
    for (const option of helpOf(dbt, command)) known.add(option);
    for (const option of known) {
      const taken = tryOption(dbt, command, option);
      if (taken !== "refused") note(option, command, taken === "warned" ? `${name}!` : name);
    }
  }
}
rmSync(project, { recursive: true });
write();

/** The options of each command, those that its help hides too. */
function parsersOf(python) {
  const script = `
import json
from dbt.cli.main import cli
def options(words):
    command = cli
    for word in words: command = command.commands[word]
    return [name for each in command.params for name in [*each.opts, *each.secondary_opts] if name.startswith("-")]
print(json.dumps({name: options(name.split()) for name in ${JSON.stringify(COMMANDS)}}))`;
  const { stdout, stderr, status } = spawnSync(python, ["-c", script], { encoding: "utf8" });
  if (status !== 0) throw new Error(`${python} does not tell dbt's options: ${stderr}`);
  return JSON.parse(stdout);
}

function helpOf(dbt, command) {
  const { stdout } = spawnSync(dbt, [...command.split(" "), "--help"], { encoding: "utf8" });
  return stdout
    .split("\n")
    .filter((line) => /^ {2,6}-/.test(line))
    .flatMap((line) => line.split(/ {2,}/).find((part) => part.startsWith("-")) ?? [])
    .flatMap((part) => part.match(/(?<![\w-])--?[a-z][\w-]*/gi) ?? []);
}

function tryOption(dbt, command, option) {
  const start = (...more) => {
    const words = [...command.split(" "), ...(command === "run-operation" ? ["a_macro"] : []), ...more];
    const { stdout, stderr } = spawnSync(dbt, words, { cwd: project, encoding: "utf8" });
    return stdout + stderr;
  };
  let said = start(option);
  if (/unexpected argument|unrecognized subcommand/.test(said)) return "refused";
  if (/a value is required/.test(said)) said = start(option, "1");
  const positive = option.replace(/^--no-/, "--");
  return new RegExp(`${positive}\\b[^\\n]*no longer supported|deprecated[^\\n]*${positive}\\b`).test(said)
    ? "warned"
    : "taken";
}

function note(option, command, engine) {
  if (!options.has(option)) options.set(option, new Map());
  const commands = options.get(option);
  commands.set(command, [...new Set([...(commands.get(command) ?? []), engine])]);
}

function openProject() {
  const dir = mkdtempSync(join(tmpdir(), "signalbox-engines-"));
  writeFileSync(join(dir, "dbt_project.yml"), "name: p\nprofile: p\nflags: { send_anonymous_usage_stats: false }\n");
  writeFileSync(join(dir, "profiles.yml"), "p: { target: a, outputs: { a: { type: duckdb, path: a.duckdb } } }\n");
  return dir;
}

/** One line an option; `all` for all engines, so that what differs is seen. */
function write() {
  const names = installed.map(([name]) => name);
  const shown = (engines) => (engines.join(" ") === names.join(" ") ? "all" : engines.join(" "));
  const lines = [...options]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([option, commands]) => {
      const of = Object.fromEntries([...commands].map(([command, engines]) => [command, shown(engines)]));
      return `    ${JSON.stringify(option)}: ${JSON.stringify(of)}`;
    });
  const engines = JSON.stringify(names);
  writeFileSync(
    join(PLACE, "arguments.json"),
    `{\n  "engines": ${engines},\n  "options": {\n${lines.join(",\n")}\n  }\n}\n`,
  );
}
