import type { IncomingMessage, ServerResponse } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { postUntilTaken } from "../../src/webhooks/post.ts";
import { createFakeClock } from "../support/fake-clock.ts";
import { type Loopback, serveLoopback } from "../support/loopback.ts";
import { never } from "../support/signals.ts";

describe("a post to a server that gives no whole answer", () => {
  let loopback: Loopback;
  let got = 0;
  const listen = async (serve: (request: IncomingMessage, response: ServerResponse) => void) => {
    got = 0;
    loopback = await serveLoopback((request, response) => {
      got += 1;
      serve(request, response);
    });
    return `${loopback.url}/hook`;
  };
  afterEach(() => loopback.close());

  it.each<[string, (request: IncomingMessage, response: ServerResponse) => void, string]>([
    ["hangs", () => {}, "timeout"],
    ["drips", (_, response) => void response.write("o"), "timeout"],
    ["cuts", (request) => void request.socket.destroy(), "ECONNRESET|UND_ERR_SOCKET|EPIPE"],
  ])("%s: it is tried again, and may have arrived", async (_, serve, code) => {
    const url = await listen(serve);

    const clock = createFakeClock({ auto: true });

    const posted = await postUntilTaken(url, () => ({ body: "{}", headers: {} }), {
      fetch: globalThis.fetch,
      clock,
      signal: never(),
      address: "webhook.url",
      timeoutMs: 300,
      deadlineMs: 3_000,
    });

    expect(posted).toMatchObject({ result: "failed", mayHaveArrived: true });
    expect(posted.result === "failed" ? posted.code : "").toMatch(new RegExp(`^(?:${code})$`));
    expect(got).toBe(2);
  });
});
