import { existsSync, readFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { createEmulator, type Emulator } from "emulate";
import { HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Delivery } from "../../src/alerts/alert.ts";
import type { SlackMessage } from "../../src/render/slack.ts";
import { createSlackClient, deliver, type Post } from "../../src/slack/deliver.ts";
import { type Clock, systemClock } from "../../src/support/clock.ts";
import { createFakeClock } from "../support/fake-clock.ts";

const TOKEN = "xoxb-0123456789-full";
const never = new AbortController().signal;

function aPost(overrides: Partial<Post> = {}): Post {
  const message: SlackMessage = {
    text: "1 error in prod (shop): orders.id · not_null test",
    blocks: [{ type: "section", text: { type: "mrkdwn", text: "*1 error in prod*" } }],
  };
  return { key: "777/1/error/C0ERRORS01", channel: "C0ERRORS01", message, ...overrides };
}

async function deliverTo(url: string, posts: readonly Post[], clock: Clock = systemClock, signal = never) {
  return deliver(await createSlackClient(TOKEN, url), posts, clock, signal);
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  await listen(server, 0);
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
}

describe("messages to a Slack that works", () => {
  let slack: Emulator;

  beforeAll(async () => {
    slack = await createEmulator({
      service: "slack",
      port: await findFreePort(),
      seed: {
        slack: {
          team: { name: "Acme", domain: "acme" },
          users: [{ name: "signalbox" }],
          channels: [{ name: "dbt-errors" }, { name: "dbt-warnings" }, { name: "old", is_archived: true }],
          tokens: [
            {
              token: TOKEN,
              user: "signalbox",
              type: "bot",
              scopes: ["chat:write", "channels:history", "channels:read"],
            },
          ],
          strict_scopes: true,
        },
      },
    });
  });
  afterAll(() => slack.close());

  const url = () => `${slack.url}/api/`;
  const open = () => createSlackClient(TOKEN, url());
  async function channelIds(): Promise<Record<string, string>> {
    const { channels = [] } = await (await open()).conversations.list();
    return Object.fromEntries(channels.map(({ name, id }) => [name ?? "", id ?? ""]));
  }
  async function readChannel(channel: string) {
    const { messages = [] } = await (await open()).conversations.history({ channel, include_all_metadata: true });
    return messages.map(({ text, ts, metadata, blocks }) => ({ text, ts, metadata, blocks: blocks?.length }));
  }

  it("arrive in their channels, with the alert's key as metadata, and their deliveries say where they stand", async () => {
    const ids = await channelIds();
    const [errors = "", warnings = ""] = [ids["dbt-errors"], ids["dbt-warnings"]];
    const warn = { text: "2 warnings in prod", blocks: aPost().message.blocks };

    const deliveries = await deliverTo(url(), [
      aPost({ channel: errors, key: "777/1/error" }),
      aPost({ channel: warnings, key: "777/1/warn", message: warn }),
    ]);

    const [inErrors] = await readChannel(errors);
    const [inWarnings] = await readChannel(warnings);
    expect(deliveries).toEqual([
      { key: "777/1/error", result: "sent", channel: errors, ts: inErrors?.ts },
      { key: "777/1/warn", result: "sent", channel: warnings, ts: inWarnings?.ts },
    ]);
    expect(inErrors).toMatchObject({ text: aPost().message.text, blocks: 1 });
    expect(inErrors?.metadata).toEqual({ event_type: "signalbox_alert", event_payload: { key: "777/1/error" } });
    expect(inWarnings).toMatchObject({ text: "2 warnings in prod" });
    expect(inWarnings?.metadata).toEqual({ event_type: "signalbox_alert", event_payload: { key: "777/1/warn" } });
  });

  it("go on where one of them is refused", async () => {
    const { "dbt-errors": errors = "" } = await channelIds();

    const deliveries = await deliverTo(url(), [
      aPost({ channel: "C0NOWHERE1", key: "one" }),
      aPost({ channel: errors, key: "two" }),
    ]);

    expect(deliveries).toMatchObject([
      { key: "one", result: "failed", code: "channel_not_found" },
      { key: "two", result: "sent" },
    ]);
  });
});

describe("what is asked of Slack, and what becomes of its answers", () => {
  const URL_OF_SLACK = "https://slack.test/api/";
  const server = setupServer();
  beforeAll(() => server.listen({ onUnhandledRequest: "error" }));
  afterEach(() => server.resetHandlers());
  afterAll(() => server.close());

  const ok = () => HttpResponse.json({ ok: true, channel: "C0ERRORS01", ts: "1764000000.000001" });
  const refuse = (error: string, more = {}) => HttpResponse.json({ ok: false, error, ...more });
  const limit = (seconds?: number | string) =>
    new HttpResponse(null, {
      status: 429,
      headers: seconds === undefined ? {} : { "retry-after": String(seconds) },
    });

  /** Slack answers in this order, the last answer for ever; the answer is what it was asked. */
  function answer(...answers: readonly (() => Response)[]): { requests: Request[] } {
    const requests: Request[] = [];
    server.use(
      http.post(`${URL_OF_SLACK}chat.postMessage`, ({ request }) => {
        requests.push(request.clone());
        const next = answers[Math.min(requests.length, answers.length) - 1];
        return next === undefined ? HttpResponse.error() : next();
      }),
    );
    return { requests };
  }

  const ALL_TRIES_END_MS = 90_000;

  it("carries the message, the key, no unfurling, and the token in its header alone", async () => {
    const { requests } = answer(ok);

    await deliverTo(URL_OF_SLACK, [aPost()]);

    const [request] = requests;
    const body = (await request?.text()) ?? "";
    const form = Object.fromEntries(new URLSearchParams(body));
    expect(form).toEqual({
      channel: "C0ERRORS01",
      text: aPost().message.text,
      blocks: JSON.stringify(aPost().message.blocks),
      metadata: JSON.stringify({ event_type: "signalbox_alert", event_payload: { key: aPost().key } }),
      unfurl_links: "false",
      unfurl_media: "false",
    });
    expect(request?.headers.get("authorization")).toBe(`Bearer ${TOKEN}`);
    expect(body).not.toContain(TOKEN);
  });

  it("waits as long as a 429 says, then posts", async () => {
    const { requests } = answer(() => limit(30), ok);
    const clock = createFakeClock({ auto: true });

    const deliveries = await deliverTo(URL_OF_SLACK, [aPost()], clock);

    expect(deliveries).toMatchObject([{ result: "sent", ts: "1764000000.000001" }]);
    expect(requests).toHaveLength(2);
    expect(clock.monotonic()).toBe(30_000);
  });

  it("waits for a 429 that does not say how long, since nothing was posted", async () => {
    const { requests } = answer(
      () => limit(),
      () => limit("soon"),
      ok,
    );
    const clock = createFakeClock({ auto: true });

    const deliveries = await deliverTo(URL_OF_SLACK, [aPost()], clock);

    expect(deliveries).toMatchObject([{ result: "sent" }]);
    expect(requests).toHaveLength(3);
    expect(clock.monotonic()).toBeGreaterThan(0);
  });

  it("does not hammer Slack where a 429 says to wait for 0 s", async () => {
    const { requests } = answer(() => limit(0));
    const clock = createFakeClock({ auto: true });

    const deliveries = await deliverTo(URL_OF_SLACK, [aPost()], clock);

    expect(deliveries).toMatchObject([{ result: "failed", code: "ratelimited" }]);
    expect(requests.length).toBeLessThanOrEqual(90);
  });

  it("gives up at once on a 429 for longer than the deadline, and after it on one that never ends", async () => {
    const long = answer(() => limit(3600));
    const clock = createFakeClock({ auto: true });
    const first = await deliverTo(URL_OF_SLACK, [aPost()], clock);
    expect(first).toEqual([
      { key: aPost().key, result: "failed", code: "ratelimited", hint: expect.stringContaining("rate limit") },
    ]);
    expect(long.requests).toHaveLength(1);
    expect(clock.monotonic()).toBe(0);

    server.resetHandlers();
    const endless = answer(() => limit(40));
    const second = await deliverTo(URL_OF_SLACK, [aPost()], clock);

    expect(second).toMatchObject([{ result: "failed", code: "ratelimited" }]);
    expect(endless.requests).toHaveLength(3);
    expect(clock.monotonic()).toBeLessThan(ALL_TRIES_END_MS);
  });

  it.each<[what: string, answer: () => Response, code: string]>([
    ["500", () => new HttpResponse("oops", { status: 500 }), "http_500"],
    [
      "503 with a time to wait",
      () => new HttpResponse(null, { status: 503, headers: { "retry-after": "1" } }),
      "http_503",
    ],
    ["404, as a wrong --slack-url gives", () => new HttpResponse("not here", { status: 404 }), "http_404"],
    [
      "a redirect",
      () => new HttpResponse(null, { status: 302, headers: { location: "https://elsewhere.test/" } }),
      "no_answer",
    ],
    ["an error of the network", () => HttpResponse.error(), "no_answer"],
    [
      "HTML with 200, as a proxy's page",
      () => HttpResponse.html(`<html>${"x".repeat(9999)}${TOKEN}</html>`),
      "not_slack",
    ],
    ["nothing at all with 200", () => new HttpResponse(""), "not_slack"],
    ["null with 200", () => HttpResponse.json(null), "no_answer"],
    ["JSON that is not Slack's", () => HttpResponse.json({ hello: "world" }), "not_slack"],
    ["a code that is none", () => refuse(`<!channel> ::error::${TOKEN}`), "not_slack"],
  ])("does not post again on %s, since the message may have arrived", async (_, response, code) => {
    const { requests } = answer(response);
    const clock = createFakeClock({ auto: true });

    const deliveries = await deliverTo(URL_OF_SLACK, [aPost()], clock);

    expect(deliveries).toEqual([{ key: aPost().key, result: "failed", code, hint: expect.any(String) }]);
    expect(requests).toHaveLength(1);
    expect(JSON.stringify(deliveries)).not.toContain(TOKEN);
    expect(JSON.stringify(deliveries).length).toBeLessThan(400);
  });

  it.each<[code: string, hint: string]>([
    ["not_in_channel", "/invite @signalbox"],
    ["channel_not_found", "the id is wrong, or the channel is private"],
    ["is_archived", "archived"],
    ["invalid_auth", "SLACK_BOT_TOKEN is not valid"],
    ["not_authed", "SLACK_BOT_TOKEN is not valid"],
    ["token_revoked", "install the app again"],
    ["token_expired", "install the app again"],
    ["account_inactive", "deactivated"],
    ["missing_scope", "chat:write"],
    ["restricted_action", "ask an admin"],
  ])("tells what to do about %s, and does not try again", async (code, hint) => {
    const { requests } = answer(() => refuse(code));

    const [delivery] = await deliverTo(URL_OF_SLACK, [aPost()], createFakeClock({ auto: true }));

    expect(delivery).toEqual({ key: aPost().key, result: "failed", code, hint: expect.stringContaining(hint) });
    expect(requests).toHaveLength(1);
  });

  it("names the scope that is needed and those that the token has", async () => {
    answer(() => refuse("missing_scope", { needed: "chat:write", provided: "channels:read,users:read" }));

    const [delivery] = await deliverTo(URL_OF_SLACK, [aPost()]);

    expect(delivery).toMatchObject({
      hint: expect.stringContaining("(needed: chat:write, provided: channels:read,users:read)"),
    });
  });

  const spec = new URL("../../../shared/specs/slack/chat.postMessage.json", import.meta.url);
  it("has a code and a sentence for every error that Slack documents", async (context) => {
    if (!existsSync(spec)) {
      console.warn(`skipped: ${spec.pathname} is not here`);
      return context.skip();
    }
    const { errors } = JSON.parse(readFileSync(spec, "utf8")) as { errors: Record<string, unknown> };
    const codes = Object.keys(errors);
    answer(...codes.map((code) => () => refuse(code)));

    const deliveries = await deliverTo(
      URL_OF_SLACK,
      codes.map((key) => aPost({ key })),
    );

    expect(codes.length).toBeGreaterThan(30);
    expect(deliveries.map((delivery) => (delivery.result === "failed" ? delivery.code : delivery.result))).toEqual(
      codes,
    );
    for (const delivery of deliveries) expect(delivery).toMatchObject({ hint: expect.stringMatching(/\S{3}/) });
  });

  it("has one delivery for each post, in their order, whatever happens to each", async () => {
    answer(
      ok,
      () => refuse("is_archived"),
      () => new HttpResponse(null, { status: 500 }),
      ok,
    );
    const keys = ["a", "b", "c", "d"];

    const deliveries = await deliverTo(
      URL_OF_SLACK,
      keys.map((key) => aPost({ key })),
    );

    expect(deliveries.map(({ key, result }) => `${key} ${result}`)).toEqual([
      "a sent",
      "b failed",
      "c failed",
      "d sent",
    ]);
  });

  it("keeps the deliveries that there are when it is stopped while it waits", async () => {
    const { requests } = answer(ok, () => limit(60));
    const controller = new AbortController();
    const clock = createFakeClock();

    const delivering = deliverTo(
      URL_OF_SLACK,
      ["a", "b", "c"].map((key) => aPost({ key })),
      clock,
      controller.signal,
    );
    while (clock.sleepers() === 0) await clock.advance(0);
    controller.abort(new Error("SIGINT"));

    expect(await delivering).toMatchObject([
      { key: "a", result: "sent" },
      { key: "b", result: "failed", code: "interrupted" },
      { key: "c", result: "failed", code: "interrupted" },
    ] satisfies Partial<Delivery>[]);
    expect(requests).toHaveLength(2);
    expect(clock.sleepers()).toBe(0);
  });
});

describe("a Slack that cannot be talked to", () => {
  const sockets = new Set<Socket>();
  const servers = new Set<Server>();
  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    for (const server of servers) server.close();
    sockets.clear();
    servers.clear();
  });

  function serve(onRequest: (socket: Socket, request: number) => void) {
    const seen = { requests: 0 };
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.once("data", () => {
        seen.requests += 1;
        onRequest(socket, seen.requests);
      });
    });
    servers.add(server);
    return { server, seen };
  }
  const OK = JSON.stringify({ ok: true, channel: "C0ERRORS01", ts: "1764000000.000001" });
  const sayOk = (socket: Socket) =>
    socket.end(
      `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${OK.length}\r\nconnection: close\r\n\r\n${OK}`,
    );

  it.each<[what: string, cut: (socket: Socket) => void]>([
    ["resets the connection", (socket) => socket.resetAndDestroy()],
    ["hangs up without an answer", (socket) => socket.end()],
    [
      "breaks off in the middle of its answer",
      (socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"),
    ],
    ["answers with what is no HTTP", (socket) => socket.end("220 mail.acme.test ESMTP\r\n")],
  ])("after it took the message is not asked twice where it %s", async (_, cut) => {
    const port = await findFreePort();
    const { server, seen } = serve(cut);
    await listen(server, port);

    const deliveries = await deliverTo(`http://127.0.0.1:${port}/api/`, [aPost()], createFakeClock({ auto: true }));

    expect(deliveries).toMatchObject([
      { result: "failed", hint: expect.stringContaining("may have arrived, so it is not posted again") },
    ]);
    expect(seen.requests).toBe(1);
    expect(JSON.stringify(deliveries)).not.toContain(TOKEN);
  });

  it("is tried again while the connection is refused: nothing was sent", async () => {
    const port = await findFreePort();
    const { server, seen } = serve(sayOk);
    let pauses = 0;
    const clock: Clock = {
      ...createFakeClock(),
      sleep: async () => {
        pauses += 1;
        if (pauses === 3) await listen(server, port);
      },
    };

    const deliveries = await deliverTo(`http://127.0.0.1:${port}/api/`, [aPost()], clock);

    expect(deliveries).toMatchObject([{ result: "sent" }]);
    expect({ pauses, requests: seen.requests }).toEqual({ pauses: 3, requests: 1 });
  });

  it("is given up where the connection is refused until the deadline", async () => {
    const port = await findFreePort();
    const clock = createFakeClock({ auto: true });

    const deliveries = await deliverTo(`http://127.0.0.1:${port}/api/`, [aPost()], clock);

    expect(deliveries).toEqual([
      { key: aPost().key, result: "failed", code: "ECONNREFUSED", hint: "Slack could not be reached" },
    ]);
    expect(clock.monotonic()).toBeGreaterThan(60_000);
    expect(clock.monotonic()).toBeLessThan(90_000);
  });
});
