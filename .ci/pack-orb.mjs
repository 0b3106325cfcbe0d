// Prints the orb as one file, the object that `circleci orb pack orb` gives: @orb.yml, and each folder's files by name.
// CircleCI's CLI is not on any registry, and packing needs nothing of CircleCI.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse, stringify } from "yaml";

const ORB = fileURLToPath(new URL("../orb", import.meta.url));
/** What the release wrote beside the built files: `{ version, integrity }` of the package that npm has. */
const RELEASED = new URL("released.json", import.meta.url);
const FOLDERS = ["commands", "examples", "executors", "jobs"];

// --release: only what knows the hash of its package, which every other orb has to be given.
const integrity = readIntegrity();
if (integrity === "" && process.argv.includes("--release"))
  throw new Error(".ci/released.json has no integrity of package.json's version: the release workflow writes it");
process.stdout.write(stringify(packOrb(), { lineWidth: 0 }));

function readIntegrity() {
  if (!existsSync(RELEASED)) return "";
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  const released = JSON.parse(readFileSync(RELEASED, "utf8"));
  return released.version === version && /^sha512-[0-9A-Za-z+/]{86}==$/.test(released.integrity)
    ? released.integrity
    : "";
}

function packOrb() {
  const parts = FOLDERS.map((folder) => [folder, packFolder(join(ORB, folder))]);
  return { ...readYaml(join(ORB, "@orb.yml")), ...Object.fromEntries(parts) };
}

function packFolder(folder) {
  const names = readdirSync(folder).filter((name) => name.endsWith(".yml"));
  return Object.fromEntries(names.sort().map((name) => [name.slice(0, -".yml".length), readYaml(join(folder, name))]));
}

function readYaml(file) {
  return parse(readFileSync(file, "utf8"), (key, value) => {
    if (key === "integrity" && typeof value === "object") return { ...value, default: integrity };
    return key === "command" ? include(value) : value;
  });
}

/** `<<include(scripts/x.sh)>>` is the file's text, in which `<<` is escaped: CircleCI would read a parameter there. */
function include(value) {
  const name = /^<<\s*include\(([-\w/.]+)\)\s*>>$/.exec(value)?.[1];
  return name === undefined ? value : readFileSync(join(ORB, name), "utf8").replaceAll("<<", "\\<<");
}
