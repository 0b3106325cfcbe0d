import { createServer as createHttpServer, type Server as HttpServer } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createEmulator, type Emulator } from "emulate";
import fc from "fast-check";
import { HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Delivery } from "../../src/alerts/alert.ts";
import type { SlackMessage } from "../../src/render/slack.ts";
import { createSlackClient } from "../../src/slack/client.ts";
import { CODES } from "../../src/slack/codes.ts";
import { deliver, type Post } from "../../src/slack/deliver.ts";
import { type Clock, systemClock } from "../../src/support/clock.ts";
import { createFakeClock } from "../support/fake-clock.ts";
import { findFreePort, listenOn } from "../support/loopback.ts";
import { never } from "../support/signals.ts";

const TOKEN = "xoxb-0123456789-full";

function aPost(overrides: Partial<Post> = {}): Post {
  const message: SlackMessage = {
    text: "1 error in prod (shop): orders.id · not_null test",
    blocks: [{ type: "section", text: { type: "mrkdwn", text: "*1 error in prod*" } }],
  };
  return { key: "777/1/error/C0ERRORS01", channel: "C0ERRORS01", message, ...overrides };
}

async function deliverTo(
  url: string,
  posts: readonly Post[],
  clock: Clock = systemClock,
  { signal = never(), fallback = null, timeoutMs = 10_000 }: Settings = {},
) {
  return deliver(posts, { client: await createSlackClient(TOKEN, url, { timeoutMs }), clock, signal, fallback });
}

interface Settings {
  readonly signal?: AbortSignal;
  readonly fallback?: string | null;
  readonly timeoutMs?: number;
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

describe("messages to a Slack whose answers get lost on the way", () => {
  const BOT = { user: "signalbox", type: "bot" } as const;
  let slack: Emulator;
  let proxy: HttpServer;
  /** How many answers of chat.postMessage are lost from now on; Slack has taken the message. */
  let toLose = 0;

  beforeAll(async () => {
    slack = await createEmulator({
      service: "slack",
      port: await findFreePort(),
      seed: {
        slack: {
          team: { name: "Acme", domain: "acme" },
          users: [{ name: "signalbox" }],
          channels: [{ name: "dbt-errors" }, { name: "dbt-fallback" }],
          tokens: [
            { token: TOKEN, ...BOT, scopes: ["chat:write", "channels:history", "channels:read"] },
            { token: "xoxb-without-history", ...BOT, scopes: ["chat:write", "channels:read"] },
          ],
          strict_scopes: true,
        },
      },
    });
    proxy = createHttpServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const answer = await fetch(`${slack.url}${request.url}`, {
        method: "POST",
        headers: {
          authorization: request.headers.authorization ?? "",
          "content-type": request.headers["content-type"] ?? "",
        },
        body: Buffer.concat(chunks),
      });
      const body = await answer.text();
      if (request.url?.endsWith("chat.postMessage") && body.includes('"ok":true') && toLose > 0) {
        toLose -= 1;
        response.socket?.destroy();
      } else response.setHeader("content-type", "application/json").end(body);
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  });
  afterAll(async () => {
    proxy.close();
    await slack.close();
  });

  const address = () => `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/api/`;
  async function channelId(name: string): Promise<string> {
    const { channels = [] } = await (await createSlackClient(TOKEN, address())).conversations.list();
    return channels.find((channel) => channel.name === name)?.id ?? "";
  }
  async function keysIn(channel: string): Promise<unknown[]> {
    const client = await createSlackClient(TOKEN, address());
    const { messages = [] } = await client.conversations.history({ channel, include_all_metadata: true });
    return messages.map(({ metadata }) => (metadata?.event_payload as { key?: unknown } | undefined)?.key);
  }
  const deliverAs = async (token: string, post: Post, fallback: string | null = null) =>
    deliver([post], {
      client: await createSlackClient(token, address()),
      clock: createFakeClock({ now: Date.now(), auto: true }),
      signal: never(),
      fallback,
    });

  it("are found there by their key, once", async () => {
    const channel = await channelId("dbt-errors");
    toLose = 1;

    const [delivery] = await deliverAs(TOKEN, aPost({ channel, key: "778/1/found" }));

    expect(delivery).toMatchObject({ result: "already-there", channel });
    expect((await keysIn(channel)).filter((key) => key === "778/1/found")).toHaveLength(1);
  });

  it("are posted once more, marked, where the token may not read the history", async () => {
    const channel = await channelId("dbt-errors");
    toLose = 1;

    const [delivery] = await deliverAs("xoxb-without-history", aPost({ channel, key: "778/1/blind" }));

    expect(delivery).toMatchObject({ result: "sent", ways: [expect.stringMatching(/possible repeat.*history/)] });
    expect((await keysIn(channel)).filter((key) => key === "778/1/blind")).toHaveLength(2);
  });

  it("go to the fallback where there is no such channel, and are found there too", async () => {
    const fallback = await channelId("dbt-fallback");

    const [sent] = await deliverAs(TOKEN, aPost({ channel: "C0NOWHERE1", key: "778/1/one" }), fallback);
    toLose = 1;
    const [found] = await deliverAs(TOKEN, aPost({ channel: "C0NOWHERE1", key: "778/1/two" }), fallback);

    expect(sent).toMatchObject({ result: "sent", channel: fallback });
    expect(found).toMatchObject({ result: "already-there", channel: fallback });
    expect((await keysIn(fallback)).sort()).toEqual(["778/1/one", "778/1/two"]);
  });
});

describe("what is asked of Slack, and what becomes of its answers", () => {
  const URL_OF_SLACK = "https://slack.test/api/";
  const server = setupServer();
  beforeAll(() => server.listen({ onUnhandledRequest: "error" }));
  afterEach(() => server.resetHandlers());
  afterAll(() => server.close());

  const formOf = async (request: Request | undefined) =>
    Object.fromEntries(new URLSearchParams(await request?.clone().text()));
  const textOf = async (request: Request) => (await formOf(request)).text;
  const ok = () => HttpResponse.json({ ok: true, channel: "C0ERRORS01", ts: "1764000000.000001" });
  const refuse = (error: string, more = {}) => HttpResponse.json({ ok: false, error, ...more });
  const limit = (seconds?: number | string) =>
    new HttpResponse(null, {
      status: 429,
      headers: seconds === undefined ? {} : { "retry-after": String(seconds) },
    });

  const found = (key: string) =>
    HttpResponse.json({
      ok: true,
      has_more: false,
      messages: [
        { ts: "1764000000.000008", metadata: { event_type: "signalbox_alert", event_payload: { key: "776/1/other" } } },
        { ts: "1764000000.000009", metadata: { event_type: "signalbox_alert", event_payload: { key } } },
      ],
    });

  /** The history of every channel answers in this order, the last answer for ever; the answer is what it was asked. */
  function remember(...answers: readonly (() => Response)[]): { looks: URLSearchParams[] } {
    const looks: URLSearchParams[] = [];
    server.use(
      http.post(`${URL_OF_SLACK}conversations.history`, async ({ request }) => {
        looks.push(new URLSearchParams(await request.clone().text()));
        const next = answers[Math.min(looks.length, answers.length) - 1];
        return next === undefined ? HttpResponse.error() : next();
      }),
    );
    return { looks };
  }

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
      parse: "none",
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
    expect(clock.monotonic()).toBe(20_000);
  });

  it("does not hammer Slack where a 429 says to wait for 0 s", async () => {
    const { requests } = answer(() => limit(0));
    const clock = createFakeClock({ auto: true });

    const deliveries = await deliverTo(URL_OF_SLACK, [aPost()], clock);

    expect(deliveries).toMatchObject([{ result: "failed", code: "ratelimited" }]);
    expect(requests.length).toBe(81);
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
    expect(clock.monotonic()).toBe(80_000);
  });

  const LOST: readonly [what: string, answer: () => Response, code: string][] = [
    ["500", () => new HttpResponse("oops", { status: 500 }), "http_500"],
    [
      "503 with a time to wait",
      () => new HttpResponse(null, { status: 503, headers: { "retry-after": "1" } }),
      "http_503",
    ],
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
    ["ok without a message", () => HttpResponse.json({ ok: true }), "not_slack"],
    [
      "what calls itself gzip",
      () => new HttpResponse("{}", { headers: { "content-type": "application/gzip" } }),
      "not_slack",
    ],
    ["a code that is none", () => refuse(`<!channel> ::error::${TOKEN}`), "not_slack"],
    ["internal_error", () => refuse("internal_error"), "internal_error"],
    ["fatal_error", () => refuse("fatal_error"), "fatal_error"],
  ];

  describe.each(LOST)("where the answer is %s, the message may have arrived", (_, response, code) => {
    it("and is found by its key: it is there already, and not posted again", async () => {
      const { requests } = answer(response);
      const { looks } = remember(() => found(aPost().key));
      const clock = createFakeClock({ auto: true });
      const posted = clock.now() / 1000;

      const deliveries = await deliverTo(URL_OF_SLACK, [aPost()], clock);

      expect(deliveries).toEqual([
        { key: aPost().key, result: "already-there", channel: "C0ERRORS01", ts: "1764000000.000009" },
      ]);
      expect(requests).toHaveLength(1);
      expect(looks).toHaveLength(1);
      const look = Object.fromEntries(looks[0] ?? []);
      expect(look).toMatchObject({ channel: "C0ERRORS01", include_all_metadata: "true" });
      // Slack's clock and ours may differ by hours.
      expect(posted - Number(look.oldest)).toBe(24 * 3600);
    });

    it("and is not in the channel: it is posted again", async () => {
      const { requests } = answer(response, ok);
      remember(() => found("776/1/another"));

      const deliveries = await deliverTo(URL_OF_SLACK, [aPost()], createFakeClock({ auto: true }));

      expect(deliveries).toEqual([
        { key: aPost().key, result: "sent", channel: "C0ERRORS01", ts: "1764000000.000001" },
      ]);
      expect(await Promise.all(requests.map(textOf))).toEqual([aPost().message.text, aPost().message.text]);
    });

    it("and nobody can look: it is posted once more and says that it may be a repeat", async () => {
      const { requests } = answer(response, ok);
      const { looks } = remember(() => refuse("missing_scope", { needed: "channels:history", provided: "chat:write" }));

      const [delivery] = await deliverTo(URL_OF_SLACK, [aPost()], createFakeClock({ auto: true }));

      expect(delivery).toMatchObject({
        result: "sent",
        ways: [expect.stringMatching(new RegExp(`possible repeat.*${code}.*channels:history`))],
      });
      expect(looks).toHaveLength(1);
      expect(await Promise.all(requests.map(textOf))).toEqual([
        aPost().message.text,
        `${aPost().message.text} (may be a repeat)`,
      ]);
      expect((await formOf(requests[1])).blocks).toContain("This message may be a repeat");
    });

    it("and nobody can look, ever again: it is not posted a third time, and the delivery says where it may be", async () => {
      const { requests } = answer(response);
      remember(() => refuse("missing_scope", { needed: "channels:history", provided: "chat:write" }));

      const deliveries = await deliverTo(URL_OF_SLACK, [aPost()], createFakeClock({ auto: true }));

      expect(deliveries).toEqual([
        {
          key: aPost().key,
          result: "failed",
          code,
          hint: expect.stringContaining("may have arrived"),
          mayBeIn: { channel: "C0ERRORS01", since: expect.stringMatching(/^2026-01-05T07:/) },
        },
      ]);
      expect(requests).toHaveLength(2);
      expect(JSON.stringify(deliveries)).not.toContain(TOKEN);
      expect(JSON.stringify(deliveries).length).toBeLessThan(500);
    });
  });

  it("asks the history until the deadline where it does not answer just now, and does not post meanwhile", async () => {
    const { requests } = answer(() => refuse("internal_error"));
    const { looks } = remember(
      () => new HttpResponse(null, { status: 500 }),
      () => limit(5),
      () => refuse("service_unavailable"),
    );
    const clock = createFakeClock({ auto: true });

    const [delivery] = await deliverTo(URL_OF_SLACK, [aPost()], clock);

    expect(delivery).toMatchObject({ result: "failed", mayBeIn: { channel: "C0ERRORS01" } });
    expect(requests).toHaveLength(1);
    expect([looks.length, clock.monotonic()]).toEqual([7, 75_000]);
  });

  it("looks once more where something else than Slack answers, and then no more", async () => {
    const page = () => HttpResponse.html("<html>proxy</html>");
    answer(page);
    const once = remember(page, () => found(aPost().key));
    const [first] = await deliverTo(URL_OF_SLACK, [aPost()], createFakeClock({ auto: true }));
    expect(first).toMatchObject({ result: "already-there" });
    expect(once.looks).toHaveLength(2);

    server.resetHandlers();
    const posts = answer(page, ok);
    const always = remember(page);
    const [second] = await deliverTo(URL_OF_SLACK, [aPost()], createFakeClock({ auto: true }));

    expect(second).toMatchObject({ result: "sent", ways: [expect.stringContaining("possible repeat")] });
    expect([posts.requests.length, always.looks.length]).toEqual([2, 2]);
  });

  it("reads the history page by page, and gives up on one without end", async () => {
    answer(() => refuse("internal_error"));
    const page = (cursor: string) =>
      HttpResponse.json({ ok: true, has_more: true, messages: [], response_metadata: { next_cursor: cursor } });
    const short = remember(
      () => page("two"),
      () => found(aPost().key),
    );
    const [first] = await deliverTo(URL_OF_SLACK, [aPost()], createFakeClock({ auto: true }));
    expect(first).toMatchObject({ result: "already-there" });
    expect(short.looks.map((look) => look.get("cursor"))).toEqual([null, "two"]);

    server.resetHandlers();
    const posts = answer(() => refuse("internal_error"), ok);
    const endless = remember(() => page("on"));
    const [second] = await deliverTo(URL_OF_SLACK, [aPost()], createFakeClock({ auto: true }));

    expect(second).toMatchObject({ result: "sent", ways: [expect.stringContaining("possible repeat")] });
    expect(endless.looks).toHaveLength(10);
    expect(posts.requests).toHaveLength(2);
  });

  it("is not in a channel that the token cannot see: nothing is marked as a repeat", async () => {
    const { requests } = answer(
      () => refuse("internal_error"),
      () => refuse("channel_not_found"),
      ok,
    );
    remember(() => refuse("channel_not_found"));

    const [delivery] = await deliverTo(URL_OF_SLACK, [aPost()], createFakeClock({ auto: true }), {
      fallback: "C0FALLBACK",
    });

    expect(delivery).toMatchObject({ result: "sent", ways: [expect.stringContaining("slack.fallback")] });
    expect((await formOf(requests[2])).text).not.toContain("repeat");
  });

  it("takes no message of another app's kind for ours, nor a history without messages for an empty one", async () => {
    const { requests } = answer(() => refuse("internal_error"), ok);
    remember(() =>
      HttpResponse.json({
        ok: true,
        messages: [null, { ts: "1.2" }, { ts: "1.3", metadata: { event_type: "x", event_payload: aPost() } }],
      }),
    );
    expect(await deliverTo(URL_OF_SLACK, [aPost()], createFakeClock({ auto: true }))).toMatchObject([
      { result: "sent", ts: "1764000000.000001" },
    ]);
    expect(requests).toHaveLength(2);

    server.resetHandlers();
    answer(() => refuse("internal_error"), ok);
    remember(() => HttpResponse.json({ ok: true }));
    expect(await deliverTo(URL_OF_SLACK, [aPost()], createFakeClock({ auto: true }))).toMatchObject([
      { result: "sent", ways: [expect.stringContaining("possible repeat")] },
    ]);
  });

  it("says that it may be a repeat from the first try where an earlier run's message cannot be looked up", async () => {
    const { requests } = answer(ok);

    const [delivery] = await deliverTo(URL_OF_SLACK, [aPost({ mayRepeat: true })]);

    expect(delivery).toMatchObject({ result: "sent", ways: [expect.stringContaining("possible repeat")] });
    expect(await Promise.all(requests.map(textOf))).toEqual([`${aPost().message.text} (may be a repeat)`]);
  });

  it("does not post again on 404, as a wrong --slack-url gives: nothing took the message", async () => {
    const { requests } = answer(() => new HttpResponse("not here", { status: 404 }));

    const deliveries = await deliverTo(URL_OF_SLACK, [aPost()], createFakeClock({ auto: true }));

    expect(deliveries).toEqual([
      { key: aPost().key, result: "failed", code: "http_404", hint: expect.stringContaining("--slack-url") },
    ]);
    expect(requests).toHaveLength(1);
  });

  const LIMITED = [20_000, [9, 80_000]] as const;
  const OUT = [6000, [8, 78_000]] as const;
  it.each<[code: string, pausesMs: number, requestsAndEndMs: readonly [number, number]]>([
    ["rate_limited", ...LIMITED],
    ["ratelimited", ...LIMITED],
    ["service_unavailable", ...OUT],
    ["request_timeout", ...OUT],
    ["team_added_to_org", ...OUT],
  ])(
    "waits on %s with HTTP 200 and posts again without looking, since nothing was posted",
    async (code, pausesMs, requestsAndEndMs) => {
      const { requests } = answer(
        () => refuse(code),
        () => refuse(code),
        ok,
      );
      const clock = createFakeClock({ auto: true });

      const deliveries = await deliverTo(URL_OF_SLACK, [aPost()], clock);

      expect(deliveries).toMatchObject([{ result: "sent" }]);
      expect(deliveries[0]).not.toHaveProperty("ways");
      expect(requests).toHaveLength(3);
      expect(clock.monotonic()).toBe(pausesMs);

      server.resetHandlers();
      const endless = answer(() => refuse(code));
      const start = clock.monotonic();
      const [failed] = await deliverTo(URL_OF_SLACK, [aPost()], clock);
      expect(failed).toMatchObject({ result: "failed", code });
      expect(failed).not.toHaveProperty("mayBeIn");
      expect([endless.requests.length, clock.monotonic() - start]).toEqual(requestsAndEndMs);
    },
  );

  it("does not wait 90 s for every message where Slack was out for the first", async () => {
    const { requests } = answer(() => refuse("service_unavailable"));
    const clock = createFakeClock({ auto: true });
    const posts = Array.from({ length: 10 }, (_, index) => aPost({ key: String(index) }));

    await deliverTo(URL_OF_SLACK, posts, clock);

    expect([clock.monotonic(), requests.length]).toEqual([204_000, 44]);

    server.resetHandlers();
    answer(() => refuse("service_unavailable"), ok);
    expect(await deliverTo(URL_OF_SLACK, posts.slice(0, 1), clock)).toMatchObject([{ result: "sent" }]);
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

  const POINTED = {
    errors: [
      "no more than 3000 characters [json-pointer:/blocks/3/text/text]",
      "unknown ::error:: [json-pointer:<!here>]",
    ],
    response_metadata: { messages: ["[ERROR] unsupported type [json-pointer:/blocks/7]"] },
  };
  const aRichPost = () =>
    aPost({
      message: {
        text: "2 errors in prod (shop): orders.id\n• one\n• two\n<https://ci.test/1|Open the run>",
        blocks: [
          { type: "section", text: { type: "mrkdwn", text: "For <!subteam^S0DATACORE> <@U0SOMEBODY>" } },
          { type: "section", text: { type: "mrkdwn", text: "*2 errors in prod*" } },
        ],
      },
    });

  it.each(["invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "invalid_arguments"])(
    "posts plain text with its link and mentions where the blocks are refused (%s), and says at which place",
    async (code) => {
      const { requests } = answer(() => refuse(code, POINTED), ok);

      const [delivery] = await deliverTo(URL_OF_SLACK, [aRichPost()]);

      expect(delivery).toMatchObject({
        result: "sent",
        ways: [`as plain text: Slack refused the rest (${code} at /blocks/3/text/text, /blocks/7)`],
      });
      const form = await formOf(requests[1]);
      expect(form).not.toHaveProperty("blocks");
      expect(form.text).toBe(`${aRichPost().message.text}\nFor <!subteam^S0DATACORE> <@U0SOMEBODY>`);
      expect(form.metadata).toContain(aPost().key);
    },
  );

  it("posts the first line and the link where even the plain text is too long, and no more after that", async () => {
    const { requests } = answer(
      () => refuse("invalid_blocks"),
      () => refuse("msg_too_long"),
      ok,
    );
    const [delivery] = await deliverTo(URL_OF_SLACK, [aRichPost()]);
    expect(delivery).toMatchObject({
      result: "sent",
      ways: [
        "as plain text: Slack refused the rest (invalid_blocks)",
        "with its first line only: Slack refused the rest (msg_too_long)",
      ],
    });
    expect((await formOf(requests[2])).text).toBe(
      "2 errors in prod (shop): orders.id\n<https://ci.test/1|Open the run>",
    );

    server.resetHandlers();
    const never = answer(() => refuse("msg_too_long"));
    const [failed] = await deliverTo(URL_OF_SLACK, [aRichPost()]);
    expect(failed).toMatchObject({ result: "failed", code: "msg_too_long" });
    expect(never.requests).toHaveLength(3);
  });

  it.each([
    "metadata_too_large",
    "metadata_must_be_sent_from_app",
    "invalid_metadata_format",
    "invalid_metadata_schema",
    "invalid_metadata_of_the_future",
  ])("posts without metadata on %s, and says so", async (code) => {
    const { requests } = answer(() => refuse(code), ok);

    const [delivery] = await deliverTo(URL_OF_SLACK, [aPost()]);

    expect(delivery).toMatchObject({ result: "sent", ways: [expect.stringMatching(`without metadata.*${code}`)] });
    const form = await formOf(requests[1]);
    expect(form).not.toHaveProperty("metadata");
    expect(form.blocks).toBe(JSON.stringify(aPost().message.blocks));
  });

  it("cannot look for a message that went without metadata: it is posted once more, marked", async () => {
    const { requests } = answer(
      () => refuse("metadata_too_large"),
      () => refuse("internal_error"),
      () => refuse("fatal_error"),
    );

    const [delivery] = await deliverTo(URL_OF_SLACK, [aPost()]);

    expect(delivery).toMatchObject({ result: "failed", code: "fatal_error" });
    expect(delivery).toMatchObject({ mayBeIn: { channel: "C0ERRORS01", isKeyless: true } });
    expect(requests).toHaveLength(3);
  });

  it("keeps its place in the queue no longer than five minutes, however many messages Slack does not take", async () => {
    const posts = Array.from({ length: 200 }, (_, index) => aPost({ key: String(index) }));
    for (const [out, endMs] of [
      [() => refuse("service_unavailable"), 274_000],
      [() => limit(20), 280_000],
    ] as const) {
      server.resetHandlers();
      answer(out);
      const clock = createFakeClock({ auto: true });

      const deliveries = await deliverTo(URL_OF_SLACK, posts, clock);

      expect(deliveries.map(({ key }) => key)).toEqual(posts.map(({ key }) => key));
      expect(deliveries.at(-1)).toMatchObject({ result: "failed", hint: expect.stringContaining("next run") });
      expect(clock.monotonic()).toBe(endMs);
    }
  });

  it.each([
    { ok: "false", ts: "1.2" },
    { ok: 1, ts: "1.2" },
    { ok: true, ts: "\u001b[31m" },
    { ok: true, ts: 1.2 },
  ])("takes %j for no answer of Slack's", async (body) => {
    const { requests } = answer(() => HttpResponse.json(body), ok);
    remember(() => HttpResponse.json({ ok: true, messages: [] }));

    const [delivery] = await deliverTo(URL_OF_SLACK, [aPost()], createFakeClock({ auto: true }));

    expect(delivery).toMatchObject({ result: "sent", ts: "1764000000.000001" });
    expect(requests).toHaveLength(2);
  });

  const REFUSING = [
    "is_archived",
    "channel_not_found",
    "not_in_channel",
    "restricted_action",
    "restricted_action_read_only_channel",
    "restricted_action_thread_only_channel",
    "restricted_action_non_threadable_channel",
    "restricted_action_thread_locked",
    "restricted_action_of_the_future",
    "channel_is_limited_access",
    "ekm_access_denied",
  ];
  it.each(REFUSING)(
    "posts in slack.fallback what a channel refuses with %s, and says for whom it was",
    async (code) => {
      const { requests } = answer(() => refuse(code), ok);

      const [delivery] = await deliverTo(URL_OF_SLACK, [aPost()], systemClock, { fallback: "C0FALLBACK" });

      expect(delivery).toMatchObject({
        result: "sent",
        ways: [expect.stringMatching(`^in slack.fallback C0FALLBACK: C0ERRORS01 refused it .${code}.: `)],
      });
      const form = await formOf(requests[1]);
      expect(form.channel).toBe("C0FALLBACK");
      expect(form.text).toBe(`${aPost().message.text}\nMeant for <#C0ERRORS01> (${code})`);
      expect(form.blocks).toContain(`<#C0ERRORS01> (${code})`);
    },
  );

  it.each<[what: string, fallback: string | null, requests: number]>([
    ["there is no fallback", null, 1],
    ["the fallback is the channel itself", "C0ERRORS01", 1],
    ["the fallback refuses it too", "C0FALLBACK", 2],
  ])("does not deliver where %s", async (_, fallback, count) => {
    const { requests } = answer(() => refuse("is_archived"));

    const [delivery] = await deliverTo(URL_OF_SLACK, [aPost()], systemClock, { fallback });

    expect(delivery).toMatchObject({ result: "failed", code: "is_archived" });
    expect(requests).toHaveLength(count);
  });

  const EDIT = { address: { kind: "edit", ts: "1764000000.000001" } } as const;
  const ANSWER = { address: { kind: "thread", ts: "1764000000.000001" }, home: "C0HOME0001" } as const;
  const edited = (code: string) => server.use(http.post(`${URL_OF_SLACK}chat.update`, () => refuse(code)));

  it.each(["message_not_found", "cant_update_message", "edit_window_closed", "is_archived", "channel_not_found"])(
    "leaves a message as it is where its edit is refused for good (%s), but for one that keeps the ledger",
    async (code) => {
      edited(code);
      const posts = [aPost(EDIT), aPost({ ...EDIT, eventType: "signalbox_board" })];

      const [left, failed] = await deliverTo(URL_OF_SLACK, posts, systemClock, { fallback: "C0FALLBACK" });

      expect(left).toMatchObject({ result: "left", ts: EDIT.address.ts, ways: [expect.stringContaining(code)] });
      expect(failed).toMatchObject({ result: "failed", code });
    },
  );

  it("tries an edit again where Slack fails", async () => {
    edited("service_unavailable");

    const [delivery] = await deliverTo(URL_OF_SLACK, [aPost(EDIT)], createFakeClock({ auto: true }));

    expect(delivery).toMatchObject({ result: "failed", code: "service_unavailable" });
  });

  it.each<[what: string, codes: readonly string[], channels: readonly string[]]>([
    ["in its channel, where its message is gone", ["cannot_reply_to_message"], ["C0ERRORS01"]],
    ["in its channel, where the thread is closed", ["restricted_action_thread_locked"], ["C0ERRORS01"]],
    ["in today's channel, where the old one is archived", ["is_archived"], ["C0HOME0001"]],
    ["in the fallback, where today's refuses it, too", ["is_archived", "not_in_channel"], ["C0HOME0001", "C0FALLBACK"]],
    [
      "in today's channel, where the old one takes nothing",
      ["thread_not_found", "is_archived"],
      ["C0ERRORS01", "C0HOME0001"],
    ],
  ])("posts an answer as a message of its own %s", async (_, codes, channels) => {
    const { requests } = answer(...codes.map((code) => () => refuse(code)), ok);

    const [delivery] = await deliverTo(URL_OF_SLACK, [aPost(ANSWER)], systemClock, { fallback: "C0FALLBACK" });

    expect(delivery).toMatchObject({ result: "sent" });
    const forms = await Promise.all(requests.map(formOf));
    expect(forms.map(({ channel }) => channel)).toEqual(["C0ERRORS01", ...channels]);
    expect(forms.map((form) => "thread_ts" in form)).toEqual([true, ...channels.map(() => false)]);
  });

  it("takes each way once, whatever Slack answers in whatever order", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...Object.keys(CODES)), { minLength: 1, maxLength: 30 }),
        async (codes) => {
          server.resetHandlers();
          const { requests } = answer(...codes.map((code) => () => refuse(code)));
          remember(() => refuse("missing_scope"));
          const clock = createFakeClock({ auto: true });

          const [delivery] = await deliverTo(URL_OF_SLACK, [aPost()], clock, { fallback: "C0FALLBACK" });

          expect(delivery?.result).toBe("failed");
          expect(clock.monotonic()).toBeLessThan(ALL_TRIES_END_MS);
          expect(requests.length).toBeLessThan(25);
        },
      ),
      { numRuns: 30 },
    );
  });

  it("names the scope that is needed and those that the token has", async () => {
    answer(() => refuse("missing_scope", { needed: "chat:write", provided: "channels:read,users:read" }));

    const [delivery] = await deliverTo(URL_OF_SLACK, [aPost()]);

    expect(delivery).toMatchObject({
      hint: expect.stringContaining("(needed: chat:write, provided: channels:read,users:read)"),
    });
  });

  it("has one delivery for each post, in their order, whatever happens to each", async () => {
    answer(
      ok,
      () => refuse("is_archived"),
      () => new HttpResponse(null, { status: 404 }),
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
      { signal: controller.signal },
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
    const seen = { posts: 0, looks: 0 };
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.once("data", (data) => {
        const isPost = data.toString("latin1").startsWith("POST /api/chat.postMessage ");
        if (isPost) seen.posts += 1;
        else seen.looks += 1;
        onRequest(socket, seen.posts);
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
  ])("after it took the message, and does not let anybody look, gets it once where it %s", async (_, cut) => {
    const port = await findFreePort();
    const { server, seen } = serve(cut);
    await listenOn(server, port);

    const deliveries = await deliverTo(`http://127.0.0.1:${port}/api/`, [aPost()], createFakeClock({ auto: true }));

    expect(deliveries).toMatchObject([
      { result: "failed", hint: expect.stringContaining("may have arrived"), mayBeIn: { channel: "C0ERRORS01" } },
    ]);
    expect(seen.posts).toBe(1);
    expect(seen.looks).toBe(7);
    expect(JSON.stringify(deliveries)).not.toContain(TOKEN);
  });

  /** Ends when the client has gone. */
  const keepWriting = (socket: Socket, text: string, everyMs: number) => {
    const timer = setInterval(() => socket.write(text), everyMs);
    socket.on("close", () => clearInterval(timer));
  };
  it.each<[what: string, code: string, onRequest: (socket: Socket) => void]>([
    ["takes the request and says nothing", "timeout", () => {}],
    [
      "sends its headers and then a byte now and then",
      "timeout",
      (socket) => {
        socket.write("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99999\r\n\r\n{");
        keepWriting(socket, " ", 50);
      },
    ],
    [
      "drips the body of an error",
      "timeout",
      (socket) => {
        socket.write("HTTP/1.1 500 Oops\r\ncontent-length: 99999\r\n\r\n");
        keepWriting(socket, "x", 50);
      },
    ],
    [
      "drips its headers",
      "timeout",
      (socket) => {
        socket.write("HTTP/1.1 200 OK\r\n");
        keepWriting(socket, "x-slow: 1\r\n", 50);
      },
    ],
    [
      "answers without end",
      "answer_too_long",
      (socket) => {
        socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
        const chunk = Buffer.concat([Buffer.from("100000\r\n"), Buffer.alloc(2 ** 20, " "), Buffer.from("\r\n")]);
        const more = () => {
          while (!socket.destroyed && socket.write(chunk));
        };
        socket.on("drain", more);
        more();
      },
    ],
  ])("is not waited for where it %s", async (_, code, onRequest) => {
    const port = await findFreePort();
    const { server, seen } = serve(onRequest);
    await listenOn(server, port);
    const begun = performance.now();

    // The looks go the same way, until the fake clock's deadline: some 7 requests in all.
    const deliveries = await deliverTo(`http://127.0.0.1:${port}/api/`, [aPost()], createFakeClock({ auto: true }), {
      timeoutMs: code === "timeout" ? 150 : 10_000,
    });

    expect(deliveries).toMatchObject([{ result: "failed", code, mayBeIn: { channel: "C0ERRORS01" } }]);
    expect(seen.posts).toBe(1);
    // On a busy machine too; none of these servers ends within a minute by itself.
    if (code === "timeout") expect(performance.now() - begun).toBeLessThan((seen.posts + seen.looks) * 150 + 30_000);
  });

  it("is tried again while the connection is refused: nothing was sent", async () => {
    const port = await findFreePort();
    const { server, seen } = serve(sayOk);
    let pauses = 0;
    const clock: Clock = {
      ...createFakeClock(),
      sleep: async () => {
        pauses += 1;
        if (pauses === 3) await listenOn(server, port);
      },
    };

    const deliveries = await deliverTo(`http://127.0.0.1:${port}/api/`, [aPost()], clock);

    expect(deliveries).toMatchObject([{ result: "sent" }]);
    expect({ pauses, requests: seen.posts }).toEqual({ pauses: 3, requests: 1 });
  });

  it("is given up where the connection is refused until the deadline", async () => {
    const port = await findFreePort();
    const clock = createFakeClock({ auto: true });

    const deliveries = await deliverTo(`http://127.0.0.1:${port}/api/`, [aPost()], clock);

    expect(deliveries).toEqual([
      {
        key: aPost().key,
        result: "failed",
        code: "ECONNREFUSED",
        hint: expect.stringMatching(/^Slack could not be reached: nothing listens there/),
      },
    ]);
    expect(clock.monotonic()).toBe(78_000);
  });
});
