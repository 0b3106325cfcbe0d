import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { NotifyResult } from "../../src/alerts/alert.ts";
import { aFinding, aSubject, aVerdict } from "../severity/build.ts";
import type { Fault } from "../slack/fake-slack.ts";
import { type ServedSlack, serveSlack } from "../slack/serve-slack.ts";
import { useTempDir } from "../support/temp-dir.ts";
import { writeVerdict } from "../work/write-verdict.ts";
import { json, laptop, signalbox, start } from "./cli.ts";
import { GITHUB_EVENT, GITHUB_PUSH } from "./github-push.ts";

const dir = useTempDir();
const file = (...names: string[]) => join(dir(), ...names);

describe("notify, with a Slack that loses answers", () => {
  let slack: ServedSlack;
  /** What happens to the answers of the next posts: the message is taken all the same. */
  let losses: Fault[];
  beforeEach(async () => {
    losses = [];
    slack = await serveSlack(["C0ERRORS01", "C0WARNINGS"]);
    slack.fault = (method) => (method === "chat.postMessage" ? (losses.shift() ?? null) : null);
    writeFileSync(
      file("signalbox.yml"),
      [
        "version: 1",
        "base_branch: main",
        "modes: { check: { target: ci } }",
        "slack: { error: C0ERRORS01, warn: C0WARNINGS }",
        "",
      ].join("\n"),
    );
    find("a");
  });
  afterEach(() => slack.close());

  /** Writes verdict.json: these tests fail, the others pass. */
  function find(...names: string[]) {
    const findings = names.map((name) => aFinding({ subject: aSubject({ id: `test.shop.${name}`, name }) }));
    const verdict = aVerdict(findings, {
      passed: ["a", "b"].filter((name) => !names.includes(name)).map((name) => `test.shop.${name}`),
    });
    writeVerdict(file("verdict.json"), verdict);
  }
  const env = (more: Record<string, string> = {}) =>
    laptop({ SLACK_BOT_TOKEN: "xoxb-1234567890-end-to-end", SIGNALBOX_SLACK_URL: slack.url, ...more });
  const WITH_LEDGER = ["notify", "--verdict", "verdict.json", "--ledger", "file:kept/ledger.json"];
  const run = (args = WITH_LEDGER, more = {}) => signalbox(args, { cwd: dir(), env: env(more) });
  /** Without the boards, which are in the channel of warnings. */
  const texts = () =>
    slack.messages.filter(({ channel }) => channel === "C0ERRORS01").map(({ text }) => text.split("\n")[0]);
  const boards = () => slack.messages.filter(({ channel }) => channel === "C0WARNINGS");

  it("finds a message whose answer was lost by its key, in the same run: nobody reads it twice", async () => {
    losses.push("reset");

    const first = await run([...WITH_LEDGER, "--json"]);
    const second = await run();

    expect(first.code).toBe(0);
    expect(json<NotifyResult>(first).deliveries).toMatchObject([
      { result: "already-there", ts: slack.messages[0]?.ts },
      { result: "sent", ts: boards()[0]?.ts },
    ]);
    expect(second.stdout).toMatch(/nothing to tell\n +1 error already told at \d\d:\d\d UTC: orders\.id\n/);
    expect(texts()).toHaveLength(1);
  });

  it("finds it in the next run where the first was killed before it knew, and answers with the recovery", async () => {
    losses.push("hang");
    const killed = start(WITH_LEDGER, { cwd: dir(), env: env() });
    await expect.poll(() => slack.messages.length, { timeout: 120_000 }).toBe(1);
    killed.child.kill("SIGKILL");
    await killed.ended;

    const next = await run();

    expect(next.stdout).toContain("has arrived: it is not told again");
    expect(texts()).toHaveLength(1);
    find();
    const good = await run();
    expect(good.stdout).toContain("recovered");
    expect(texts()).toEqual([expect.stringContaining("1 error"), expect.stringContaining("Recovered")]);
  });

  it("posts once more where the app may not read the history, and says so in the message and the log", async () => {
    slack.scopes = ["chat:write"];
    losses.push("reset");

    const first = await run();
    const second = await run();

    expect(first.code).toBe(0);
    expect(first.stdout).toMatch(/warning: .*possible repeat.*channels:history/);
    expect(second.stdout).toContain("nothing to tell");
    expect(texts()).toEqual([expect.not.stringContaining("repeat"), expect.stringContaining("(may be a repeat)")]);
  });

  it("remembers what two runs could not know, and marks it in the third", async () => {
    slack.scopes = ["chat:write"];
    losses.push("reset", "reset");

    const first = await run();
    const second = await run();
    const third = await run();

    expect([first.code, second.code, third.code]).toEqual([5, 0, 0]);
    expect(first.stdout).toMatch(/1 error.*NOT DELIVERED .*may have arrived.*the next run looks for it/);
    expect(second.stdout).toContain("cannot be looked up");
    expect(third.stdout).toContain("nothing to tell");
    expect(texts().map((text) => text?.includes("may be a repeat"))).toEqual([false, true, true]);
  });

  describe("and keeps the ledger itself", () => {
    const PLAIN = ["notify", "--verdict", "verdict.json"];

    it("tells an error once, edits the board, and answers when it is over", async () => {
      const [first, second] = [await run(PLAIN), await run([...PLAIN, "--json"])];

      expect([first.code, second.code]).toEqual([0, 0]);
      expect(first.stdout).toMatch(/notify {4}1 error → C0ERRORS01: sent\n/);
      expect(json<NotifyResult>(second)).toMatchObject({
        alerts: [{ kind: "board" }],
        deliveries: [{ result: "updated" }],
        ledger: { from: "slack", open: 1 },
      });
      expect(texts()).toHaveLength(1);
      find();
      const over = json<NotifyResult>(await run([...PLAIN, "--json"]));
      expect(over.alerts.find(({ kind }) => kind === "recovered")?.news).toEqual({ "test.shop.a": "recovered" });
      expect(slack.messages.at(-1)).toMatchObject({ thread: slack.messages[0]?.ts });
      expect(boards()).toHaveLength(1);
    });

    it("finds what a run told that was killed before the board was saved", async () => {
      losses.push("hang");
      const killed = start(PLAIN, { cwd: dir(), env: env() });
      await expect.poll(() => slack.messages.length, { timeout: 120_000 }).toBe(1);
      killed.child.kill("SIGKILL");
      await killed.ended;

      const next = await run(PLAIN);

      expect(next.code).toBe(0);
      expect(next.stdout).toMatch(/1 error already told at \d\d:\d\d UTC/);
      expect(texts()).toHaveLength(1);
      expect(boards()).toHaveLength(1);
    });

    it("sends as with none where the app may not read, and says which scope it lacks", async () => {
      slack.scopes = ["chat:write"];

      const [first, second] = [await run(PLAIN), await run(PLAIN)];

      expect([first.code, second.code]).toEqual([0, 0]);
      expect(first.stdout.match(/missing_scope/g)).toHaveLength(1);
      expect(first.stdout).toMatch(/needs the scope channels:history: add it and install the app again/);
      expect(texts()).toHaveLength(2);
    });
  });

  it("tells the same attempt of a CI run nothing twice, also without a ledger; another attempt hears it", async () => {
    const github = {
      ...GITHUB_PUSH,
      GITHUB_EVENT_PATH: file("event.json"),
    };
    writeFileSync(
      file("event.json"),
      JSON.stringify({ ...GITHUB_EVENT, ref: GITHUB_PUSH.GITHUB_REF, after: GITHUB_PUSH.GITHUB_SHA }),
    );
    const args = ["notify", "--verdict", "verdict.json", "--mode", "deploy", "--ledger", "none", "--json"];

    const first = json<NotifyResult>(await run(args, github));
    const again = json<NotifyResult>(await run(args, github));
    find("a", "b");
    await run(args, github);
    await run(args, { ...github, GITHUB_RUN_ATTEMPT: "2" });

    expect(first.deliveries).toMatchObject([{ result: "sent" }]);
    expect(again.deliveries).toMatchObject([{ result: "already-there", ts: slack.messages[0]?.ts }]);
    expect(texts()).toEqual(["1 error", "2 errors", "2 errors"].map((text) => expect.stringContaining(text)));
  });

  it("keeps a damaged ledger aside, tells everything and says so, and remembers from then on", async () => {
    mkdirSync(file("kept"));
    writeFileSync(file("kept", "ledger.json"), `{"schema": 1, "ledgers": [{"sco`);

    const first = await run();
    const second = await run();

    expect(first.code).toBe(0);
    expect(first.stdout).toMatch(/warning: the ledger .*ledger\.json is not JSON.*every open problem is told/);
    expect(first.stdout).toMatch(/the damaged ledger is kept as .*\.damaged-\d{8}T\d{6}Z/);
    expect(second.stdout).toContain("nothing to tell");
    expect(texts()).toHaveLength(1);
    const [damaged = ""] = readdirSync(file("kept")).filter((name) => name.includes(".damaged-"));
    expect(readFileSync(file("kept", damaged), "utf8")).toBe(`{"schema": 1, "ledgers": [{"sco`);
  });

  it("leaves a damaged ledger where it is in a dry run", async () => {
    mkdirSync(file("kept"));
    writeFileSync(file("kept", "ledger.json"), "");

    const ended = await run([...WITH_LEDGER, "--dry-run"]);

    expect(ended.code).toBe(0);
    expect(ended.stdout).toContain("is empty");
    expect(readdirSync(file("kept"))).toEqual(["ledger.json"]);
    expect(slack.calls).toEqual([]);
  });

  it("sends where the ledger cannot be written, and is loud about it once", async () => {
    writeFileSync(file("kept"), "a file where the folder should be");

    const ended = await run();

    expect(ended.code).toBe(0);
    expect(ended.stdout.match(/cannot be written: E[A-Z]+/g)).toHaveLength(1);
    expect(texts()).toHaveLength(1);
    expect(existsSync(file(".signalbox", "alerts.json"))).toBe(true);
  });
});
