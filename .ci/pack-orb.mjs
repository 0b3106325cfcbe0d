// Prints the orb as one file, the object that `circleci orb pack orb` gives: @orb.yml, and each folder's files by name.
// CircleCI's CLI is not on any registry, and packing needs nothing of CircleCI.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse, stringify } from "yaml";

const ORB = process.argv[2] ?? fileURLToPath(new URL("../orb", import.meta.url));
const FOLDERS = ["commands", "examples", "executors", "jobs"];

process.stdout.write(stringify(packOrb(), { lineWidth: 0 }));

function packOrb() {
  const parts = FOLDERS.map((folder) => [folder, packFolder(join(ORB, folder))]);
  return { ...readYaml(join(ORB, "@orb.yml")), ...Object.fromEntries(parts) };
}

function packFolder(folder) {
  const names = readdirSync(folder).filter((name) => name.endsWith(".yml"));
  return Object.fromEntries(names.sort().map((name) => [name.slice(0, -".yml".length), readYaml(join(folder, name))]));
}

function readYaml(file) {
  return parse(readFileSync(file, "utf8"), (key, value) => (key === "command" ? include(value) : value));
}

/** `<<include(scripts/x.sh)>>` is the file's text, in which `<<` is escaped: CircleCI would read a parameter there. */
function include(value) {
  const name = /^<<\s*include\(([-\w/.]+)\)\s*>>$/.exec(value)?.[1];
  return name === undefined ? value : readFileSync(join(ORB, name), "utf8").replaceAll("<<", "\\<<");
}
