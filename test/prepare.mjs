// Installs what a fresh clone lacks, saying so: npm packages, the built CLI, a Python environment with dbt and DuckDB.
// `npm run setup` does just that. Plain Node without packages: it runs before there are any.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));
const REQUIREMENTS = join(ROOT, "examples/shop/requirements.txt");
const OLDEST_PYTHON = [3, 10];

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  preparePackages();
  prepareDbt();
  prepareBuild();
}

/** npm packages as package-lock.json names them. */
export function preparePackages() {
  assertNode();
  const installed = modifiedAt(join(ROOT, "node_modules/.package-lock.json"));
  if (installed > 0 && installed >= modifiedAt(join(ROOT, "package-lock.json"))) return;
  step("npm packages: installing (about 15 s, once)", () =>
    run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]),
  );
}

/** dist/, made from src/. */
export function prepareBuild() {
  const rolldown = join(ROOT, "node_modules/rolldown/bin/cli.mjs");
  step("signalbox: building dist/", () =>
    run(process.execPath, [rolldown, "-c", ".config/rolldown.config.ts", "--logLevel", "warn"]),
  );
}

/** A virtual environment with the pinned dbt; the answer is the folder that holds `dbt`. */
export function prepareDbt() {
  try {
    return prepareEnvironment("dbt and DuckDB", readFileSync(REQUIREMENTS, "utf8"), ["-r", REQUIREMENTS]);
  } catch (error) {
    return fail(error.message);
  }
}

/** The same with another dbt: words for pip. */
export function prepareEngine(requirements) {
  return prepareEnvironment(requirements.at(-1), requirements.join(" "), requirements);
}

/** A preview of dbt 2 that comes as a wheel; later ones download it while they install. */
const DBT_2 = "dbt==2.0.0rc196";
/** DuckDB's own library is the driver that dbt 2 would download. */
const DUCKDB = "@duckdb/node-bindings-linux-x64@1.5.6-r.1";

/** dbt 2 and what it needs in its environment; null where it cannot be had, and why on standard error. */
export function prepareDbt2() {
  if (process.platform !== "linux" || process.arch !== "x64") {
    process.stderr.write(
      `· dbt 2: skipped, its driver for DuckDB is for linux-x64, not ${process.platform}-${process.arch}\n`,
    );
    return null;
  }
  try {
    return { bin: prepareEngine(["--only-binary=:all:", DBT_2]), env: { ADBC_DRIVER_PATH: prepareDriver() } };
  } catch (error) {
    process.stderr.write(`· dbt 2: skipped, it could not be installed: ${error.message}\n`);
    return null;
  }
}

/** The folder with duckdb.toml, which names the library. https://arrow.apache.org/adbc/current/format/driver_manifests.html */
function prepareDriver() {
  const place = join(ROOT, ".cache", `duckdb-driver-${digest(DUCKDB)}`);
  if (existsSync(join(place, "duckdb.toml"))) return place;
  step(`DuckDB's driver for dbt 2: downloading into ${place.slice(ROOT.length)} (24 MB, once)`, () => {
    rmSync(place, { recursive: true, force: true });
    mkdirSync(place, { recursive: true });
    const packed = tryRun("npm", ["pack", "--silent", "--pack-destination", place, DUCKDB]).trim().split("\n").at(-1);
    tryRun("tar", ["xzf", join(place, packed), "-C", place, "package/libduckdb.so"]);
    rmSync(join(place, packed));
    const library = join(place, "package/libduckdb.so");
    const manifest = `manifest_version = 1
name = "DuckDB"
[ADBC]
version = "1.1.0"
[Driver]
entrypoint = "duckdb_adbc_init"
[Driver.shared]
linux_amd64 = ${JSON.stringify(library)}
`;
    writeFileSync(join(place, "duckdb.toml.tmp"), manifest);
    renameSync(join(place, "duckdb.toml.tmp"), join(place, "duckdb.toml"));
  });
  return place;
}

function prepareEnvironment(title, pins, requirements) {
  const place = join(ROOT, ".cache", `dbt-${digest(pins)}`);
  const bin = join(place, process.platform === "win32" ? "Scripts" : "bin");
  if (existsSync(join(place, "ready"))) return bin;

  const python = findPython();
  step(`${title}: installing into ${place.slice(ROOT.length)} (about 20 s, once)`, () => {
    rmSync(place, { recursive: true, force: true });
    mkdirSync(join(ROOT, ".cache"), { recursive: true });
    tryRun(
      python,
      ["-m", "venv", place],
      "Python's venv is missing: on Debian and Ubuntu, apt-get install python3-venv",
    );
    const pip = join(bin, "python");
    // uv installs in a tenth of pip's time; pip serves where it has no build for this machine.
    const hasUv =
      spawnSync(pip, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv"], { stdio: "ignore" })
        .status === 0;
    if (hasUv) tryRun(pip, ["-m", "uv", "pip", "install", "--quiet", "--python", pip, ...forUv(requirements)]);
    else tryRun(pip, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...requirements]);
    writeFileSync(join(place, "ready.tmp"), pins);
    renameSync(join(place, "ready.tmp"), join(place, "ready"));
  });
  return bin;
}

function forUv(requirements) {
  return requirements.map((word) => (word === "--pre" ? "--prerelease=allow" : word));
}

function digest(text) {
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}

/** The environment with the prepared dbt first on the PATH. */
export function withDbt(env, bin) {
  return { ...env, PATH: `${bin}${delimiter}${env.PATH ?? ""}` };
}

function assertNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  fail(`Node ${process.versions.node} is too old: signalbox needs 20.19 or later`);
}

function findPython() {
  for (const name of ["python3", "python"]) {
    const found = spawnSync(name, ["-c", "import sys; print(*sys.version_info[:2])"], { encoding: "utf8" });
    if (found.status !== 0) continue;
    const [major, minor] = found.stdout.trim().split(" ").map(Number);
    if (major > OLDEST_PYTHON[0] || (major === OLDEST_PYTHON[0] && minor >= OLDEST_PYTHON[1])) return name;
  }
  return fail("Python 3.10 or later was not found: dbt needs it. Install it, so that python3 is on the PATH");
}

function run(program, args) {
  try {
    return tryRun(program, args);
  } catch (error) {
    return fail(error.message);
  }
}

/** What the program prints. Throws where it fails. */
function tryRun(program, args, hint) {
  const { status, error, stdout } = spawnSync(program, args, {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "inherit"],
    encoding: "utf8",
  });
  if (status === 0) return stdout;
  process.stderr.write(stdout ?? "");
  const why = error?.message ?? `exit ${status}`;
  throw new Error(`${program} ${args.slice(0, 4).join(" ")} failed (${why})${hint ? `\n${hint}` : ""}`);
}

function step(title, work) {
  const startedAt = Date.now();
  process.stderr.write(`· ${title}\n`);
  work();
  process.stderr.write(`  done in ${((Date.now() - startedAt) / 1000).toFixed(1)} s\n`);
}

function modifiedAt(path) {
  return existsSync(path) ? statSync(path).mtimeMs : 0;
}

function fail(message) {
  process.stderr.write(`\n${message}\n`);
  process.exit(1);
}
