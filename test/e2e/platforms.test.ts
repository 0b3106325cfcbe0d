import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CiResult } from "../../src/commands/ci-ending.ts";
import { type Loopback, serveLoopback } from "../support/loopback.ts";
import { json, signalbox, start } from "./cli.ts";
import { GITHUB_EVENT, GITHUB_PUSH } from "./github-push.ts";
import { openSmallProject, type SmallProject, textOf } from "./small-project.ts";

let project: SmallProject;
beforeEach(() => {
  project = openSmallProject();
  project.addOrigin();
});
afterEach(() => project.remove());

/** GitHub's runner around the process: variables, the event's file, the command files. */
function onGitHub(
  eventName: string,
  event: unknown,
  overrides: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const file = (name: string) => join(project.dir, "..", name);
  writeFileSync(file("event.json"), JSON.stringify(event));
  return {
    ...project.env,
    ...GITHUB_PUSH,
    GITHUB_EVENT_NAME: eventName,
    GITHUB_EVENT_PATH: file("event.json"),
    GITHUB_SHA: project.git("rev-parse", "HEAD"),
    GITHUB_OUTPUT: file("output"),
    GITHUB_STEP_SUMMARY: file("summary"),
    ...overrides,
  };
}

const push = {
  ...GITHUB_EVENT,
  head_commit: { message: "Add orders", author: { name: "Dana" } },
};
const pullRequest = (headRepository: string) => ({
  repository: push.repository,
  pull_request: {
    number: 12,
    title: "FX",
    user: { login: "dana" },
    base: { ref: "main", sha: "a".repeat(40) },
    head: { ref: "feature/fx", sha: "b".repeat(40), repo: { full_name: headRepository } },
  },
});

describe("on GitHub Actions", () => {
  it("a push to the base branch is a deploy: outputs, summary, and no command out of dbt's log", async () => {
    const env = onGitHub("push", push, { FAKE_DBT_SAYS: "::error::from dbt\n  ::add-mask::x\n##[error]y" });

    const ended = await signalbox(["ci", "--no-queue"], { cwd: project.dir, env });

    expect(ended.code).toBe(0);
    expect(ended.stdout).toContain("mode      deploy: push to main");
    const commands = ended.stdout
      .split("\n")
      .filter((line) => line.trimStart().startsWith("::") || line.includes("##["));
    expect(commands.map((line) => line.replace(/[0-9a-f]{32}/, "T"))).toEqual([
      "::add-mask::ghs_0123456789abcdef",
      "::group::dbt build",
      "::stop-commands::T",
      "::T::",
      "::endgroup::",
    ]);
    expect(readFileSync(env.GITHUB_OUTPUT ?? "", "utf8")).toMatch(/outcome<<(\S+)\npass\n\1\n/);
    expect(readFileSync(env.GITHUB_STEP_SUMMARY ?? "", "utf8")).toContain("1 passed");
  });

  it("dbt sees neither our secrets nor the runner's command files", async () => {
    const env = onGitHub("push", push, {
      SLACK_WEBHOOK_ERROR: "https://hooks.slack.com/services/T0/B0/secret",
      SLACK_WEBHOOK_WARN: "https://hooks.slack.com/services/T0/B1/secret",
      SIGNALBOX_WEBHOOK_SECRET: "webhook-secret-0123456789",
      CIRCLE_TOKEN: "CCIPAT_secret",
      INPUT_X: "x",
      ACTIONS_RUNTIME_TOKEN: "runtime-secret",
      DBT_KEY: "the warehouse's",
    });

    await signalbox(["ci", "--no-queue"], { cwd: project.dir, env });

    const seen = project.starts()[0]?.env ?? {};
    expect(
      Object.keys(seen).filter((name) =>
        /^(SLACK_|CIRCLE_TOKEN|SIGNALBOX_WEBHOOK|GITHUB_(TOKEN|OUTPUT|ENV|PATH|STEP_SUMMARY)|INPUT_|ACTIONS_.*TOKEN)/.test(
          name,
        ),
      ),
    ).toEqual([]);
    expect(seen.DBT_KEY).toBe("the warehouse's");
    expect(textOf(join(project.dir, ".signalbox"))).not.toContain("ghs_0123456789abcdef");
  });

  it("a pull request is a check in a schema of its own branch, and alerts nobody", async () => {
    project.git("switch", "--quiet", "--create", "feature/fx");
    const env = onGitHub("pull_request", pullRequest("acme/shop"), {
      SLACK_BOT_TOKEN: "xoxb-0123456789",
      GITHUB_HEAD_REF: "feature/fx",
    });

    const ended = await signalbox(["ci", "--no-queue", "--state", "nowhere", "--full", "--json"], {
      cwd: project.dir,
      env,
    });

    expect(json<CiResult>(ended)).toMatchObject({
      mode: "check",
      modeReason: "pull request #12 into main",
      notify: null,
      published: null,
    });
    expect(project.starts()[0]?.env.SIGNALBOX_SCHEMA).toMatch(/^ci_feature_fx_[0-9a-f]{6}$/);
    expect(project.starts()[0]?.argv).toContain("ci");
  });

  it("a fork is told in one line that nothing is published and nobody is alerted, whatever the flags say", async () => {
    const env = onGitHub("pull_request", pullRequest("mallory/shop"), { SLACK_BOT_TOKEN: "xoxb-0123456789" });
    const store = join(project.dir, "..", "store");

    const ended = await signalbox(["ci", "--mode", "deploy", "--no-queue", "--store", `dir:${store}`], {
      cwd: project.dir,
      env,
    });

    expect(ended.stdout).toContain("trust     the run comes from a fork: nothing is published, and no alert is sent");
    expect(ended.stdout).toContain("no state bundle: the run comes from a fork");
    expect(ended.stdout).not.toContain("notify ");
    expect(existsSync(store)).toBe(false);
    expect(ended.code).toBe(0);

    const notify = await signalbox(["notify", "--mode", "deploy"], {
      cwd: project.dir,
      env: { ...env, SIGNALBOX_ERROR_CHANNEL: "C012345678", SIGNALBOX_WARN_CHANNEL: "C012345678" },
    });
    expect(notify.stdout).toContain("the run comes from a fork: nobody is alerted");
  });

  it.each(["ci", "ci --dry-run", "plan", "plan --manifest m.json", "build", "clean"])(
    "%s is refused under pull_request_target, also with the base's own tree, before dbt is started",
    async (command) => {
      const env = onGitHub("pull_request_target", pullRequest("acme/shop"));

      const ended = await signalbox(command.split(" "), { cwd: project.dir, env });

      expect(ended.code).toBe(2);
      expect(ended.stderr).toContain("pull_request_target gives this job the base's secrets");
      expect(project.starts()).toEqual([]);
    },
  );

  it.each(["ci --mode check", "plan --mode check", "build --mode deploy", "clean"])(
    "%s refuses a stranger's head that a comment had checked out, before dbt is started",
    async (command) => {
      project.git("switch", "--quiet", "--detach");
      project.write({ "models/orders.sql": "{{ env_var('DBT_PASSWORD') }}\n" });
      project.git("commit", "--quiet", "--all", "--message", "A stranger's");
      const env = onGitHub("issue_comment", push, { GITHUB_SHA: project.git("rev-parse", "HEAD~1") });

      const ended = await signalbox(command.split(" "), { cwd: project.dir, env });

      expect(ended.code).toBe(2);
      expect(ended.stderr).toMatch(/issue_comment gives this job .* is (on no branch|not on main) of acme\/shop/);
      expect(project.starts()).toEqual([]);
    },
  );

  it("clean goes by the base branch that the default branch names, not by the stranger's file", async () => {
    project.git("switch", "--quiet", "--detach");
    project.write({
      "signalbox.yml": project.read("signalbox.yml").replace("base_branch: main", "base_branch: pr/12"),
    });
    project.git("commit", "--quiet", "--all", "--message", "A stranger's");
    project.git("update-ref", "refs/remotes/origin/pr/12", "HEAD");
    const env = onGitHub("issue_comment", push, { GITHUB_SHA: project.git("rev-parse", "HEAD~1") });

    const ended = await signalbox(["clean"], { cwd: project.dir, env });

    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain("is on no branch of acme/shop");
    expect(project.starts()).toEqual([]);
  });

  it("a branch that names itself the base branch is checked, and the log says why; the default branch's word counts", async () => {
    const config = project.read("signalbox.yml");
    const pushTo = async (branch: string, base: string) => {
      project.git("switch", "--quiet", "--create", branch);
      project.write({ "signalbox.yml": config.replace("base_branch: main", `base_branch: ${base}`) });
      project.git("commit", "--quiet", "--all", "--allow-empty", "--message", branch);
      project.git("push", "--quiet", "origin", branch);
      return signalbox(["ci", "--no-queue", "--full", "--store", "none"], {
        cwd: project.dir,
        env: onGitHub("push", push, { GITHUB_REF_NAME: branch }),
      });
    };

    const self = await pushTo("feature-x", "feature-x");
    // The team moves production to a branch of its own: the default branch says so.
    project.git("switch", "--quiet", "main");
    project.write({ "signalbox.yml": config.replace("base_branch: main", "base_branch: production") });
    project.git("commit", "--quiet", "--all", "--message", "production");
    project.git("push", "--quiet", "origin", "main");
    const production = await pushTo("production", "production");

    expect([self.code, production.code]).toEqual([0, 0]);
    expect(self.stdout).toContain("mode      check: branch feature-x is not main");
    expect(self.stdout + self.stderr).toContain(
      "base_branch: feature-x of this checkout is not used: the file of main counts, and it says main",
    );
    expect(production.stdout).toContain("mode      deploy: push to production");
    expect(production.stdout + production.stderr).not.toContain("is not used");
  });

  it("a pull request whose event's file is empty is a fork's: the log says why", async () => {
    const env = onGitHub("pull_request", {}, { GITHUB_HEAD_REF: "feature/fx", SLACK_BOT_TOKEN: "xoxb-0123456789" });
    writeFileSync(env.GITHUB_EVENT_PATH ?? "", "");

    const ended = await signalbox(["ci", "--no-queue", "--full"], { cwd: project.dir, env });

    expect(ended.code).toBe(0);
    expect(ended.stdout).toContain("trust     nothing tells whose code this is, so that it counts as a fork's");
  });

  it("with --json stdout is one document, and everything else is on stderr", async () => {
    const ended = await signalbox(["ci", "--no-queue", "--json"], { cwd: project.dir, env: onGitHub("push", push) });

    expect(json<CiResult>(ended)).toMatchObject({ schema: 1, outcome: "pass", exitCode: 0 });
    expect(ended.stderr).toContain("::group::dbt build");
  });
});

describe("on CircleCI", () => {
  let server: Loopback;
  let asked: string[];
  let vcs: Readonly<Record<string, string>> | undefined;
  beforeEach(async () => {
    [asked, vcs] = [[], undefined];
    server = await serveLoopback((request, response) => {
      asked.push(`${request.method} ${request.url} ${request.headers["circle-token"]}`);
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ id: "p-1", vcs, trigger: { type: "scheduled_pipeline" } }));
    });
  });
  afterEach(() => server.close());

  const onCircle = (overrides: Readonly<Record<string, string | undefined>> = {}) =>
    Object.fromEntries(
      Object.entries({
        ...project.env,
        CI: "true",
        CIRCLECI: "true",
        CIRCLE_WORKFLOW_ID: "w-1",
        CIRCLE_PIPELINE_ID: "p-1",
        CIRCLE_PROJECT_USERNAME: "acme",
        CIRCLE_PROJECT_REPONAME: "shop",
        CIRCLE_BRANCH: "main",
        CIRCLE_SHA1: project.git("rev-parse", "HEAD"),
        CIRCLE_TOKEN: "CCIPAT_0123456789",
        SIGNALBOX_CIRCLE_URL: server.url,
        SIGNALBOX_OUTPUT: join(project.dir, "..", "output"),
        ...overrides,
      }).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );

  it("one call tells that a pipeline was scheduled", async () => {
    const ended = await signalbox(["ci", "--no-queue"], { cwd: project.dir, env: onCircle() });

    expect(ended.stdout).toContain("mode      schedule: scheduled on main");
    expect(asked).toEqual(["GET /api/v2/pipeline/p-1 CCIPAT_0123456789"]);
    expect(readFileSync(join(project.dir, "..", "output"), "utf8")).toContain("outcome=pass\n");
    expect(ended.code).toBe(0);
  });

  it("a pipeline of the GitHub App that runs a fork's commit alerts nobody and publishes nothing", async () => {
    vcs = {
      origin_repository_url: "https://github.com/mallory/shop",
      target_repository_url: "https://github.com/acme/shop",
    };
    const store = join(project.dir, "..", "store");

    const ended = await signalbox(["ci", "--no-queue", "--store", `dir:${store}`], {
      cwd: project.dir,
      env: onCircle(),
    });

    expect(ended.stdout).toContain("mode      check: main of mallory/shop, a fork");
    expect(ended.stdout).toContain("trust     the run comes from a fork: nothing is published, and no alert is sent");
    expect([ended.code, existsSync(store)]).toEqual([0, false]);
    expect(asked).toHaveLength(1);
  });

  it.each([
    ["a fork", "https://github.com/mallory/shop", "the run comes from a fork"],
    ["nobody knows whom", undefined, "nothing tells whose code this is, so that it counts as a fork's"],
  ])("a deploy that is asked for is refused for the code of %s, before dbt is started", async (_, origin, why) => {
    vcs =
      origin === undefined ? undefined : { origin_repository_url: origin, target_repository_url: "https://x.org/a/b" };
    project.write({ "models/orders.sql": "select 666\n" });
    project.git("commit", "--quiet", "--all", "--message", "A stranger's");

    const ended = await signalbox(["ci", "--no-queue", "--mode", "deploy"], { cwd: project.dir, env: onCircle() });

    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain(
      `${why}, and ${project.git("rev-parse", "--short=12", "HEAD")} is not on main of acme/shop`,
    );
    expect(project.starts()).toEqual([]);
  });

  it("without a token a run on the remote's main is trusted, and another branch counts as a fork's", async () => {
    const env = { CIRCLE_TOKEN: undefined, SIGNALBOX_STORE: "none" };

    const main = await signalbox(["ci", "--no-queue", "--mode", "deploy"], { cwd: project.dir, env: onCircle(env) });
    project.git("switch", "--quiet", "--create", "feature");
    const branch = await signalbox(["ci", "--no-queue", "--full"], {
      cwd: project.dir,
      env: onCircle({ ...env, CIRCLE_BRANCH: "feature" }),
    });

    expect([main.code, branch.code]).toEqual([0, 0]);
    expect(main.stdout).not.toContain("trust  ");
    expect(branch.stdout).toContain("trust     nothing tells whose code this is, so that it counts as a fork's");
  });

  it("without a token the mode cannot be told, and is not guessed", async () => {
    const ended = await signalbox(["ci"], { cwd: project.dir, env: onCircle({ CIRCLE_TOKEN: undefined }) });

    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain(
      "CIRCLE_TOKEN is not set: only CircleCI's API tells a scheduled pipeline from a push",
    );
    expect(project.starts()).toEqual([]);
  });
});

describe("on a CI that is not known", () => {
  it("the queue is skipped aloud, unless a folder for tickets is named", async () => {
    const env = { ...project.env, CI: "true" };

    const skipped = await signalbox(["queue", "--json"], { cwd: project.dir, env });
    const queued = await signalbox(["queue", "--json", "--ticket-dir", "../tickets"], { cwd: project.dir, env });

    expect(skipped.code).toBe(0);
    expect(json(skipped)).toMatchObject({ decision: "skipped" });
    expect(skipped.stderr).toContain("nothing keeps two runs of main apart");
    expect(json(queued)).toMatchObject({ decision: "entered" });
  });
});

describe("a run of ci that does not get its turn", () => {
  it("times out with a finding about the run, infrastructure's exit code, and dbt not started", async () => {
    const env = { ...project.env, SIGNALBOX_TICKET_DIR: join(project.dir, "..", "tickets") };
    const ahead = start(["queue", "--", "sleep", "300"], { cwd: project.dir, env });
    await ahead.prints(/entered at once/);

    const ended = await signalbox(["ci", "--mode", "deploy", "--timeout", "1s", "--json"], { cwd: project.dir, env });
    ahead.child.kill("SIGINT");
    await ahead.ended;

    expect(json<CiResult>(ended)).toMatchObject({ outcome: "failed", exitCode: 4, queue: { decision: "timed-out" } });
    expect(ended.code).toBe(4);
    expect(readFileSync(join(project.dir, ".signalbox/verdict.json"), "utf8")).toContain("queue-timeout");
    expect(project.starts()).toEqual([]);
  });
});
