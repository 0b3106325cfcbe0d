import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { beyondWords } from "../text/read-markdown.ts";
import { type Ended, json, signalbox } from "./cli.ts";
import { aModel, openSmallProject, type SmallProject } from "./small-project.ts";

const ESC = "\u001b";
/** The clipboard, a title, a link, a cleared screen, a device's string, in both codes, and letters that turn the line. */
const TERMINAL = [
  `${ESC}]52;c;cm0gLXJmIH4=\u0007`,
  `${ESC}]0;title${ESC}\\`,
  "\u009d8;;https://evil.example\u009chere\u009d8;;\u009c",
  `${ESC}[2J${ESC}[1;1H`,
  `${ESC}Pq#0${ESC}\\`,
  `${ESC}_apc${ESC}\\`,
  "\u0090x\u009c",
  "\u202egnp.exe\u2066\u200b",
  `${ESC}[8mhidden`,
  `${ESC}]2;not closed`,
].join("a");
const REFERENCES =
  "fixes #1, GH-2, acme/shop#3, @octocat, @acme/data a1b2c3d4e5f6a7b8 ![x](https://evil.example/p.png) <b> `c`";
const WORKFLOW = "\n::error file=x::injected\n##[error]injected\n##vso[task.setvariable variable=x]y";
const HOSTILE = `Database Error ${TERMINAL}\n${REFERENCES}${WORKFLOW}`;

/** What steers a terminal or an editor; a line break and a tab do not. */
const STEERS = /(?![\n\t])\p{Cc}|[\u2028\u2029\u200b\u202a-\u202e\u2066-\u2069\ufeff]/u;

describe("a dbt that writes what an attacker wants", () => {
  let project: SmallProject;
  beforeEach(() => {
    project = openSmallProject();
    project.addOrigin();
  });
  afterEach(() => project.remove());

  const env = (overrides: Readonly<Record<string, string>> = {}) => ({
    ...project.env,
    FAKE_DBT_SAYS: HOSTILE,
    FAKE_DBT_EXIT: "1",
    FAKE_DBT_STATUS: "error",
    FAKE_DBT_ROWS: JSON.stringify([{ message: HOSTILE }]),
    ...overrides,
  });
  const build = (overrides: Readonly<Record<string, string>> = {}, ...args: string[]) =>
    signalbox(["ci", "--mode", "deploy", "--no-queue", "--no-publish", ...args], {
      cwd: project.dir,
      env: env(overrides),
    });
  const kept = () =>
    [".signalbox", "test-results"].flatMap((folder) =>
      readdirSync(join(project.dir, folder), { recursive: true, withFileTypes: true })
        // dbt's own files are kept as they are.
        .filter((entry) => entry.isFile() && !entry.parentPath.includes(".signalbox/dbt"))
        .map((entry) => [entry.name, readFileSync(join(entry.parentPath, entry.name), "utf8")] as const),
    );

  it("steers no terminal, and no reader of a file", async () => {
    const ended = await build();

    expect(ended.code).toBe(1);
    expect(ended.stdout).toContain("Database Error");
    expect(`${ended.stdout}${ended.stderr}`).not.toMatch(STEERS);
    const files = kept();
    expect(files.map(([name]) => name)).toEqual(
      expect.arrayContaining(["verdict.json", "summary.md", "dbt.xml", "ci.json"]),
    );
    for (const [name, text] of files) expect(STEERS.exec(text)?.[0], name).toBeUndefined();
  });

  it("colours its own lines at most, and closes them", async () => {
    const says = `${ESC}[31mERROR${ESC}]52;c;x\u0007 creating`;

    const coloured = await build({ FAKE_DBT_SAYS: says, NO_COLOR: "", FORCE_COLOR: "1" });
    const plain = await build({ FAKE_DBT_SAYS: says, NO_COLOR: "", FORCE_COLOR: "1" }, "--no-color");

    expect(coloured.stdout).toContain(`${ESC}[31mERROR creating${ESC}[0m\n`);
    expect(coloured.stdout.replace(/\u001b\[[0-9;]*m/g, "")).not.toMatch(STEERS);
    expect(plain.stdout).toContain("ERROR creating\n");
    expect(plain.stdout).not.toMatch(STEERS);
  });

  it("refers to nothing in the summary", async () => {
    await build();

    const page = kept().find(([name]) => name === "summary.md")?.[1] ?? "";
    expect(page).toContain("acme/shop#3");
    expect(beyondWords(page)).toEqual([]);
  });

  it("gives GitHub's runner no command, and annotates no file outside of the repository", async () => {
    const nodes = Object.fromEntries(
      ["/etc/passwd", "../../etc/passwd", "..\\..\\x.sql", "C:\\x.sql", "models/a,b%0A::error::x:.sql"].map(
        (path, index) => {
          const node = { ...aModel(`m${index}`), original_file_path: path };
          return [node.unique_id, node];
        },
      ),
    );
    const rows = Object.keys(nodes).map((unique_id) => ({ unique_id, message: HOSTILE }));
    await build({ FAKE_DBT_NODES: JSON.stringify(nodes), FAKE_DBT_ROWS: JSON.stringify(rows) });

    const ended = await signalbox(["report"], { cwd: project.dir, env: env({ GITHUB_ACTIONS: "true" }) });

    const files = [
      ...outsideGroups(ended.stdout)
        .join("\n")
        .matchAll(/^::error (?:file=([^,]*),)?/gm),
    ].map(([, file]) => file);
    expect(files.filter((file) => file !== undefined)).toEqual(["models/a%2Cb%250A%3A%3Aerror%3A%3Ax%3A.sql"]);
    expect(files).toHaveLength(5);
    expect(ended.stdout).not.toMatch(/##[a-z]*\[/);
    expect(ended.stdout).not.toMatch(STEERS);
  });

  it.each([
    ["a command", [HOSTILE]],
    ["an option", [`--${HOSTILE}`]],
    ["a file", ["report", HOSTILE]],
    ["a configuration", ["plan", "--config", HOSTILE]],
    ["a selector", ["plan", "--select", HOSTILE]],
    ["a commit", ["state", "fetch", "--commit", HOSTILE]],
  ])("is told of in an error as words: %s", async (_, args) => {
    for (const json of [[], ["--json"]]) {
      const ended = await signalbox([...args, ...json], { cwd: project.dir, env: env() });

      expect([1, 2, 3]).toContain(ended.code);
      expect(`${ended.stdout}${ended.stderr}`).not.toMatch(STEERS);
      expect(ended.stderr).not.toMatch(/^\s*::|##[a-z]*\[/m);
    }
  });

  it("makes report read no file outside of the project by a link, and none that has no end", async () => {
    const outside = join(project.dir, "../outside.yml");
    writeFileSync(outside, "models:\n  - name: m0\n");
    mkdirSync(join(project.dir, "models"), { recursive: true });
    symlinkSync(outside, join(project.dir, "models/link.yml"));
    symlinkSync("/dev/zero", join(project.dir, "models/endless.yml"));
    const nodes = Object.fromEntries(
      ["models/link.yml", "models/endless.yml"].map((path, index) => {
        const node = { ...aModel(`m${index}`), original_file_path: path };
        return [node.unique_id, node];
      }),
    );
    const rows = Object.keys(nodes).map((unique_id) => ({ unique_id }));

    const ended = await build({ FAKE_DBT_NODES: JSON.stringify(nodes), FAKE_DBT_ROWS: JSON.stringify(rows) }, "--json");

    expect(linesOf(ended)).toEqual([null, null]);
  });
});

describe("what signalbox starts", () => {
  let project: SmallProject;
  beforeEach(() => {
    project = openSmallProject();
    project.addOrigin();
  });
  afterEach(() => project.remove());

  it("has no token among its arguments", async () => {
    const secret = "marker-0123456789abcdef";
    const [bin, log] = [join(project.dir, "../noting"), join(project.dir, "../argv.log")];
    mkdirSync(bin);
    const git = spawnSync("sh", ["-c", "command -v git"], { encoding: "utf8" }).stdout.trim();
    for (const [name, then] of [
      ["git", `exec ${git} "$@"`],
      ["aws", "exit 1"],
      ["gcloud", "exit 1"],
      ["gsutil", "exit 1"],
    ] as const)
      writeFileSync(join(bin, name), `#!/bin/bash\necho "${name} $*" >>'${log}'\n${then}\n`, { mode: 0o755 });
    const tokens = [
      "GITHUB_TOKEN",
      "GH_TOKEN",
      "CIRCLE_TOKEN",
      "SLACK_BOT_TOKEN",
      "AWS_SECRET_ACCESS_KEY",
      "AWS_SESSION_TOKEN",
    ];
    const env = {
      ...project.env,
      PATH: `${bin}:${project.env.PATH}`,
      ...Object.fromEntries(tokens.map((name) => [name, secret])),
    };

    await signalbox(["ci", "--mode", "check", "--no-queue", "--no-notify"], { cwd: project.dir, env });
    for (const store of ["s3://bucket/dbt", "gs://bucket/dbt"])
      await signalbox(["state", "fetch", "--store", store], { cwd: project.dir, env });

    const noted = readFileSync(log, "utf8");
    expect(noted).toMatch(/^git .*ls-remote/m);
    expect(noted).toMatch(/^aws s3/m);
    expect(noted).toMatch(/^g(?:cloud|sutil) /m);
    expect(noted).not.toContain(secret);
    expect(noted).not.toContain(Buffer.from(secret).toString("base64").slice(0, -4));
    expect(JSON.stringify(project.starts().map(({ argv }) => argv))).not.toContain(secret);
  });
});

function linesOf(ended: Ended): readonly unknown[] {
  const { verdict } = json<{ verdict: { findings: { subject: { line: number | null } }[] } }>(ended);
  return verdict.findings.map(({ subject }) => subject.line);
}

/** The log's lines that the runner looks for commands in: not those between stop-commands and its token. */
function outsideGroups(log: string): readonly string[] {
  let token: string | null = null;
  return log.split("\n").filter((line) => {
    if (token !== null) {
      if (line === `::${token}::`) token = null;
      return false;
    }
    token = /^::stop-commands::(\w+)$/.exec(line)?.[1] ?? null;
    return token === null;
  });
}
