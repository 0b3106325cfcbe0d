import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { packOrb, readStep } from "../orb/packed.ts";
import { useTempDir } from "../support/temp-dir.ts";

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
}

interface Job {
  readonly needs?: string | readonly string[];
  readonly permissions?: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}

const workflows = readdirSync(".github/workflows").map(
  (name) => [name, parse(readFileSync(`.github/workflows/${name}`, "utf8")) as { jobs: Record<string, Job> }] as const,
);
const jobs = workflows.flatMap(([file, { jobs: all }]) =>
  Object.entries(all).map(([name, job]) => ({ name: `${file}: ${name}`, job })),
);
const releaseJobs = Object.entries(workflows.find(([file]) => file === "release.yml")?.[1].jobs ?? {});
const runs = ({ steps }: Job) => steps.flatMap(({ run }) => (run === undefined ? [] : [run]));

describe("the workflows", () => {
  it.each(jobs)("$name has its rights named, and takes all actions by their hash", ({ job }) => {
    expect(job.permissions).toBeDefined();
    for (const { uses } of job.steps) expect(uses ?? "./").toMatch(/^(?:\.\/|[\w-]+\/[\w-]+@[0-9a-f]{40})$/);
  });

  it.each(jobs)("$name puts no text of an event or a secret into a script", ({ job }) => {
    for (const run of runs(job)) expect(run).not.toContain("${{");
  });
});

describe("a release", () => {
  const writers = releaseJobs.filter(([, { permissions = {} }]) => Object.values(permissions).includes("write"));

  it("has one job that writes an identity, one that writes tags, and none that does both", () => {
    expect(writers.map(([name, { permissions }]) => [name, permissions])).toEqual([
      ["publish", { "id-token": "write" }],
      ["tag", { contents: "write" }],
    ]);
  });

  it.each(writers)("%s starts nothing of the project and none of its packages", (_, job) => {
    for (const run of runs(job))
      expect(run).not.toMatch(/\bnpm (?!publish\b)|\bnpx\b|\bnode\b|\.\/(?!packed\/)|\bpip\b/);
    for (const run of runs(job).filter((each) => each.includes("npm publish")))
      expect(run).toContain("--ignore-scripts");
  });

  it.each(writers)("%s compares the hash of what was tested before anything else is done with it", (_, job) => {
    const names = job.steps.map(({ name, uses }) => name ?? uses?.split("@", 1)[0]);

    expect([job.needs].flat()).toContain("pack");
    expect(names.indexOf("Compare the hashes")).toBe(names.indexOf("actions/download-artifact") + 1);
  });
});

const SECRET = "marker-0123456789abcdef";
const FORMS = [SECRET, ...[0, 1, 2].map((shift) => base64Core(`${"x".repeat(shift)}${SECRET}`, shift))];

/** What base64 makes of a text wherever it stands in another one: without the characters that its neighbours change. */
function base64Core(text: string, shift: number): string {
  return Buffer.from(text)
    .toString("base64")
    .slice(shift === 0 ? 0 : 4, -4);
}

describe("no token stands in the arguments of a process", () => {
  const dir = useTempDir();
  const PRETEND = ["git", "npm", "npx", "node", "pip", "python", "python3", "openssl", "circleci", "tar", "curl", "gh"];

  /** Runs a script with programs that only note how they were started. */
  function startedBy(script: string, env: Readonly<Record<string, string>>): readonly string[] {
    const bin = join(dir(), "bin");
    const log = join(dir(), "argv.log");
    mkdirSync(join(dir(), "work/.ci"), { recursive: true });
    mkdirSync(bin, { recursive: true });
    for (const name of PRETEND) {
      writeFileSync(
        join(bin, name),
        `#!/bin/bash\nprintf '%s\\0' "${name}" "$@" | tr '\\0\\n' '  ' >>'${log}'\necho >>'${log}'\n`,
      );
      chmodSync(join(bin, name), 0o755);
    }
    for (const name of ["bash", "env", "base64", "cat", "mkdir", "chmod", "rm", "tr"]) {
      const found = spawnSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).stdout.trim();
      if (!existsSync(join(bin, name))) symlinkSync(found, join(bin, name));
    }
    spawnSync("/bin/bash", ["-eo", "pipefail", "-c", script], {
      cwd: join(dir(), "work"),
      env: { PATH: bin, HOME: dir(), GITHUB_OUTPUT: join(dir(), "output"), GITHUB_ACTION_PATH: dir(), ...env },
    });
    return existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : [];
  }

  const secretEnv = (env: Readonly<Record<string, unknown>> = {}) =>
    Object.fromEntries(
      Object.entries(env).map(([name, value]) => [
        name,
        /secrets\.|github\.token|token/i.test(String(value)) ? SECRET : "1.2.3",
      ]),
    );
  const action = parse(readFileSync("action.yml", "utf8")) as { runs: { steps: readonly Step[] } };
  const circle = parse(readFileSync(".circleci/config.yml", "utf8")) as {
    jobs: Record<string, { steps: readonly unknown[] }>;
  };
  const scripts: readonly (readonly [name: string, script: string, env: Readonly<Record<string, string>>])[] = [
    ...[...jobs, { name: "action.yml", job: action.runs }].flatMap(({ name, job }) =>
      job.steps.flatMap(({ name: step, run, env }) =>
        run === undefined ? [] : [[`${name}: ${step ?? run}`, run, secretEnv(env)] as const],
      ),
    ),
    ...Object.entries(circle.jobs).flatMap(([name, { steps }]) =>
      steps
        .map(readStep)
        .flatMap(([kind, { command }]) =>
          kind === "run"
            ? [
                [
                  `.circleci: ${name}`,
                  String(command),
                  { CIRCLE_TOKEN: SECRET, CIRCLE_TAG: "v1.2.3", ORB_NAME: "acme/signalbox" },
                ] as const,
              ]
            : [],
        ),
    ),
    ...Object.entries(packOrb().commands).flatMap(([name, { steps = [] }]) =>
      steps.map(readStep).map(
        ([, { command }]) =>
          [
            `orb: ${name}`,
            String(command),
            {
              CIRCLE_TOKEN: SECRET,
              SLACK_BOT_TOKEN: SECRET,
              ORB_COMMAND: name,
              ORB_VERSION: "1.2.3",
              ORB_INTEGRITY: `sha512-${"A".repeat(86)}==`,
            },
          ] as const,
      ),
    ),
  ];

  it.each(scripts)("%s", (_, script, env) => {
    const started = startedBy(script, env);

    for (const line of started) for (const form of FORMS) expect(line).not.toContain(form);
  });

  it.each([
    ["git push --force origin refs/tags/v1", "release.yml: tag: Make the tag with dist/"],
    ["npm publish ./packed/signalbox-1.2.3.tgz", "release.yml: publish: Publish to npm"],
    ["circleci orb publish packed/orb.yml acme/signalbox@1.2.3", ".circleci: publish"],
  ])("the pretend programs are started: %s", (words, name) => {
    const [, script = "", env = {}] = scripts.find(([each]) => each === name) ?? [];

    expect(startedBy(script, env).some((line) => line.startsWith(words))).toBe(true);
  });

  it.each<[version: string, npm: string, tags: readonly string[]]>([
    ["1.2.3", "latest", ["v1.2.3", "v1"]],
    ["10.0.0", "latest", ["v10.0.0", "v10"]],
    ["0.1.0", "latest", ["v0.1.0", "v0"]],
    ["1.2.3-rc.1", "next", ["v1.2.3-rc.1"]],
    ["2.0.0-0", "next", ["v2.0.0-0"]],
  ])("version %s is npm's %s, and moves the tags %j alone", (version, npm, tags) => {
    const startWith = (name: string) => {
      const [, script = "", env = {}] = scripts.find(([each]) => each === name) ?? [];
      rmSync(join(dir(), "argv.log"), { force: true });
      return startedBy(script, { ...env, VERSION: version });
    };
    const published = startWith("release.yml: publish: Publish to npm");
    const tagged = startWith("release.yml: tag: Make the tag with dist/");

    expect(published).toEqual([expect.stringMatching(new RegExp(`^npm publish \\S+ --tag ${npm} --provenance `))]);
    const ending = (words: string) =>
      tagged.filter((line) => line.startsWith(words)).map((line) => line.trim().split(/[ /]/).at(-1));
    expect(ending("git push")).toEqual(tags);
    expect(ending("git tag")).toEqual(tags);
  });

  it.each([
    ["1.2.3", true],
    ["1.2.3-rc.1", true],
    ["1.2.3+build", false],
    ["v1.2.3", false],
    ["1.2", false],
    ["1.2.3 && x", false],
    ["", false],
  ])("a version %j is released: %s", (version, isOne) => {
    const [, script = ""] = scripts.find(([each]) => each === "release.yml: pack: Compare the versions") ?? [];

    // node, which pretends, is asked for the version of package.json only where this is one.
    expect(startedBy(script, { VERSION: version }).length > 0).toBe(isOne);
  });

  it("and a token in an argument would be found, also in base64", () => {
    for (const script of ['git -c "a=$TOKEN"', 'git "$(printf \'x-access-token:%s\' "$TOKEN" | base64 --wrap=0)"']) {
      const text = startedBy(script, { TOKEN: SECRET }).join("\n");

      expect(FORMS.some((form) => text.includes(form))).toBe(true);
    }
  });
});
