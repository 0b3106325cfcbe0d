import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * A program in dbt's place: a Node script that finds `flag("--target-path")`, `write(name, text)` (into the target folder),
 * `log(name, data)` (a line of dbt's JSON log) and `hang()` beside what Node has. The answer is its path.
 */
export async function writeFakeDbt(dir: string, body: string): Promise<string> {
  await mkdir(dir, { recursive: true });
  const program = join(dir, "dbt");
  await writeFile(program, `#!${process.execPath}\n${PRELUDE}\n${body}\n`);
  await chmod(program, 0o755);
  return program;
}

const PRELUDE = `
const fs = require("node:fs");
const { join } = require("node:path");
const argv = process.argv.slice(2);
const flag = (name) => argv[argv.indexOf(name) + 1];
const write = (name, text) => {
  fs.mkdirSync(flag("--target-path"), { recursive: true });
  fs.writeFileSync(join(flag("--target-path"), name), text);
};
const logFile = join(flag("--log-path"), "dbt.log");
const log = (name, data) => fs.appendFileSync(logFile, JSON.stringify({ data, info: { name, msg: "" } }) + "\\n");
const node = (name) => ({ node_info: { unique_id: "model.shop." + name, node_name: name } });
const hang = () => setInterval(() => {}, 1000);
`;
