import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readFailure } from "../../src/slack/failure.ts";
import { openProxiedFetch } from "../../src/support/proxied-fetch.ts";
import { postUntilTaken } from "../../src/webhooks/post.ts";
import { createFakeClock } from "./fake-clock.ts";

describe("a proxy that makes no tunnel", () => {
  let proxy: Server;
  let status = 200;
  beforeAll(async () => {
    proxy = createServer().on("connect", (_, socket) => socket.end(`HTTP/1.1 ${status} No\r\n\r\n`));
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  });
  afterAll(() => proxy.close());

  it.each<[status: number, kind: string, reaction: string]>([
    [403, "configuration", "stop"],
    [407, "configuration", "stop"],
    [408, "service", "wait"],
    [429, "service", "wait"],
    [502, "service", "wait"],
    [503, "service", "wait"],
  ])(
    "but answers %d: a %s error, on which a message to Slack has to %s, as nothing was sent",
    async (answered, kind, reaction) => {
      status = answered;
      const { port } = proxy.address() as AddressInfo;
      const fetch = await openProxiedFetch({ HTTPS_PROXY: `http://127.0.0.1:${port}` });

      const error: unknown = await fetch?.("https://slack.test/api/").catch((each: unknown) => each);

      expect(error).toMatchObject({
        name: "SignalboxError",
        kind,
        message: expect.stringContaining(`answered ${status}`),
      });
      expect(readFailure({ code: "slack_webapi_request_error", original: error }, "chat.postMessage")).toMatchObject({
        reaction,
        hint: expect.stringContaining(`answered ${status}`),
      });
    },
  );

  it.each<[status: number, code: string, hint: RegExp, tries: number]>([
    [403, "proxy_refused", /answered 403; ask who runs it to allow that host, or name it in NO_PROXY/, 1],
    [407, "proxy_refused", /answered 407; it wants a user and a password: HTTPS_PROXY=/, 1],
    [503, "no_tunnel", /the proxy answered 503; try again; is the proxy right\?/, 2],
  ])("but answers %d: a post to a webhook says so, and cannot have arrived", async (answered, code, hint, tries) => {
    status = answered;
    const { port } = proxy.address() as AddressInfo;
    const fetch = await openProxiedFetch({ HTTPS_PROXY: `http://127.0.0.1:${port}` });
    let tried = 0;
    const letter = () => {
      tried += 1;
      return { body: "{}", headers: {} };
    };

    const posted = await postUntilTaken("https://hooks.test/x", letter, {
      fetch: fetch ?? globalThis.fetch,
      clock: createFakeClock({ auto: true }),
      signal: new AbortController().signal,
      address: "webhook.url",
      deadlineMs: 12_000,
    });

    expect(posted).toMatchObject({ result: "failed", code, hint: expect.stringMatching(hint), mayHaveArrived: false });
    expect(tried).toBe(tries);
  });

  it("and says nothing is given up in time, its connection too: else the process would not end", async () => {
    const silent = createServer();
    const closed = new Promise<void>((resolve) =>
      silent.on("connect", (_, socket) => socket.on("end", resolve).resume()),
    );
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as AddressInfo;
    const fetch = await openProxiedFetch({ HTTPS_PROXY: `http://127.0.0.1:${port}` }, 300);

    const error: unknown = await fetch?.("https://slack.test/api/").catch((each: unknown) => each);
    await closed;

    expect(error).toMatchObject({ kind: "service", message: expect.stringContaining("the proxy did not answer") });
    expect(readFailure({ original: error }, "chat.postMessage").reaction).toBe("wait");
    silent.close();
  });

  it("of a kind that we cannot use stops the request, and nothing before it", async () => {
    const fetch = await openProxiedFetch({ HTTPS_PROXY: "socks5://dana:hunter2hunter2@127.0.0.1:1080" });

    await expect(fetch?.("https://slack.test/api/")).rejects.toMatchObject({
      kind: "configuration",
      message: expect.not.stringContaining("hunter2"),
    });
  });
});
