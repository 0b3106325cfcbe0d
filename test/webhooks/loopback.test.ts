import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { postUntilTaken } from "../../src/webhooks/post.ts";
import { createFakeClock } from "../support/fake-clock.ts";

const never = new AbortController().signal;

describe("a post to a server that gives no whole answer", () => {
  let loopback: Server;
  let got = 0;
  const listen = async (serve: (request: IncomingMessage, response: ServerResponse) => void) => {
    got = 0;
    loopback = createServer((request, response) => {
      got += 1;
      serve(request, response);
    });
    await new Promise<void>((resolve) => void loopback.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(loopback.address() as AddressInfo).port}/hook`;
  };
  afterEach(() => {
    loopback.closeAllConnections();
    loopback.close();
  });

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
      signal: never,
      address: "webhook.url",
      timeoutMs: 300,
      deadlineMs: 3_000,
    });

    expect(posted).toMatchObject({ result: "failed", mayHaveArrived: true });
    expect(posted.result === "failed" ? posted.code : "").toMatch(new RegExp(`^(?:${code})$`));
    expect(got).toBe(2);
  });
});
