import { createHmac } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { aFinding, aSubject, aVerdict } from "../severity/build.ts";
import { type Loopback, serveLoopback } from "../support/loopback.ts";
import { useTempDir } from "../support/temp-dir.ts";
import { writeVerdict } from "../work/write-verdict.ts";
import { laptop, signalbox } from "./cli.ts";

const SECRET = "webhook-secret-0123456789";
const dir = useTempDir();

describe("notify, with webhooks", () => {
  let server: Loopback;
  let got: { readonly path: string; readonly signature: string | undefined; readonly body: string }[] = [];
  let status = 200;
  const url = (path: string) => `${server.url}${path}`;

  beforeEach(async () => {
    got = [];
    status = 200;
    server = await serveLoopback(async (request, response) => {
      let body = "";
      for await (const chunk of request.setEncoding("utf8")) body += chunk;
      const signature = request.headers["x-signalbox-signature"];
      got.push({ path: request.url ?? "", signature: signature?.toString(), body });
      response.writeHead(status, { location: url("/elsewhere") }).end(status === 200 ? "ok" : "no_service");
    });
    configure(url("/incidents"));
    find("a");
  });
  afterEach(() => server.close());

  function configure(webhook: string) {
    writeFileSync(
      join(dir(), "signalbox.yml"),
      `version: 1\nbase_branch: main\nmodes: { check: { target: ci } }\nwebhook: { url: "${webhook}" }\n`,
    );
  }
  /** Writes verdict.json: these tests fail, the others pass. */
  function find(...names: string[]) {
    const findings = names.map((name) => aFinding({ subject: aSubject({ id: `test.shop.${name}`, name }) }));
    const passed = ["a", "b"].filter((name) => !names.includes(name)).map((name) => `test.shop.${name}`);
    writeVerdict(join(dir(), "verdict.json"), aVerdict(findings, { passed }));
  }
  const run = (more: Record<string, string> = {}) =>
    signalbox(["notify", "--verdict", "verdict.json", "--ledger", "file:kept/ledger.json"], {
      cwd: dir(),
      env: laptop({
        SLACK_WEBHOOK_ERROR: url("/error-1f2e3d4c"),
        SLACK_WEBHOOK_WARN: url("/warn-5b6a7988"),
        SIGNALBOX_WEBHOOK_SECRET: SECRET,
        ...more,
      }),
    });
  const said = () =>
    got.map(({ path, body }) => [path, JSON.parse(body).status ?? JSON.parse(body).text.split("\n")[0]]);

  it("tells an error and its recovery, in Slack and to the signed webhook, which knows both by one key", async () => {
    const first = await run();
    find();
    const second = await run();
    const third = await run();

    expect([first.code, second.code, third.code]).toEqual([0, 0, 0]);
    expect(said()).toEqual([
      ["/incidents", "firing"],
      ["/error-1f2e3d4c", expect.stringMatching(/^1 error in /)],
      ["/warn-5b6a7988", expect.stringMatching(/^1 error open in /)],
      ["/incidents", "resolved"],
      ["/error-1f2e3d4c", expect.stringMatching(/^Recovered in /)],
    ]);
    const incidents = got.filter(({ path }) => path === "/incidents");
    expect(new Set(incidents.map(({ body }) => JSON.parse(body).deduplicationKey)).size).toBe(1);
    for (const { body, signature } of incidents)
      expect(signature).toBe(`sha256=${createHmac("sha256", SECRET).update(body).digest("hex")}`);
    for (const { stdout, stderr } of [first, second, third])
      expect(`${stdout}${stderr}`).not.toMatch(/1f2e3d4c|5b6a7988|webhook-secret/);
  });

  it("is loud where one does not take it, follows no redirect, and ends with 5", async () => {
    status = 302;

    const { code, stdout } = await run();

    expect(code).toBe(5);
    expect(stdout).toMatch(/webhook +warning: 1 error NOT DELIVERED to the webhook \(no_service\): .*not sent on/);
    expect(stdout).toMatch(/1 error → SLACK_WEBHOOK_ERROR: NOT DELIVERED \(no_service\)/);
    expect(got.map(({ path }) => path)).not.toContain("/elsewhere");
  });

  it("is loud where its secret is missing in a job that tells Slack, and draws where nobody is told", async () => {
    const told = await run({ SIGNALBOX_WEBHOOK_SECRET: "" });
    const drawn = await run({ SIGNALBOX_WEBHOOK_SECRET: "", SLACK_WEBHOOK_ERROR: "", SLACK_WEBHOOK_WARN: "" });

    expect([told.code, drawn.code]).toEqual([5, 0]);
    expect(told.stdout).toMatch(
      /warning: 1 error NOT DELIVERED to the webhook \(no_secret\): SIGNALBOX_WEBHOOK_SECRET/,
    );
    expect(drawn.stdout).not.toContain("NOT DELIVERED");
    expect(got.map(({ path }) => path)).not.toContain("/incidents");
  });

  it.each<[string, Record<string, string>, RegExp]>([
    [
      "a webhook that is not https",
      { SLACK_WEBHOOK_WARN: "http://hooks.test/5b6a7988" },
      /SLACK_WEBHOOK_WARN is no address that begins with https/,
    ],
    ["one webhook of two", { SLACK_WEBHOOK_WARN: "" }, /SLACK_WEBHOOK_WARN is missing/],
  ])("refuses %s before anything is sent, and does not show it", async (_, env, message) => {
    const { code, stdout, stderr } = await run(env);

    expect(code).toBe(2);
    expect(`${stdout}${stderr}`).toMatch(message);
    expect(`${stdout}${stderr}`).not.toContain("5b6a7988");
    expect(got).toEqual([]);
  });

  it("refuses an address in signalbox.yml that is not https", async () => {
    configure("http://example.test/hook");

    const { code, stderr } = await run();

    expect(code).toBe(2);
    expect(stderr).toMatch(/signalbox\.yml:\d+ webhook\.url .*https:\/\//);
    expect(got).toEqual([]);
  });
});
