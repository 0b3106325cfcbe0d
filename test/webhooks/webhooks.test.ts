import { createHmac } from "node:crypto";
import { HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Clock } from "../../src/support/clock.ts";
import { sendIncidents } from "../../src/webhooks/incidents.ts";
import { postUntilTaken } from "../../src/webhooks/post.ts";
import { deliverIncoming, INCOMING } from "../../src/webhooks/slack-incoming.ts";
import { createFakeClock } from "../support/fake-clock.ts";
import { never } from "../support/signals.ts";

const URL_ = "https://hooks.test/services/T0/B0/secret";
const SECRET = "webhook-secret-0123456789";

interface Request_ {
  readonly url: string;
  readonly headers: Headers;
  readonly body: string;
}

const server = setupServer();
beforeAll(() => server.listen({ onUnhandledRequest: "error" }));
afterEach(() => server.resetHandlers());
afterAll(() => server.close());

/** Answers in turn, and as the last one from then on. */
function answer(...answers: readonly (() => Response)[]): Request_[] {
  const seen: Request_[] = [];
  server.use(
    http.post("https://hooks.test/*", async ({ request }) => {
      seen.push({ url: request.url, headers: request.headers, body: await request.text() });
      return (answers[Math.min(seen.length, answers.length) - 1] ?? (() => HttpResponse.error()))();
    }),
  );
  return seen;
}

const taken = () => new HttpResponse("ok");
const status =
  (code: number, body = "", headers = {}) =>
  () =>
    new HttpResponse(body, { status: code, headers });
const cut = () => HttpResponse.error();

function options(clock: Clock = createFakeClock({ auto: true })) {
  return { fetch: globalThis.fetch, clock, signal: never(), address: "webhook.url" };
}

const letter = () => ({ body: "{}", headers: {} });

describe("a post to a webhook", () => {
  it.each<[string, readonly (() => Response)[], string, number]>([
    ["is taken", [taken], "sent", 1],
    ["waits where it is one too many", [status(429, "", { "retry-after": "3" }), taken], "sent", 2],
    ["is made again where the server failed", [status(503), status(500), taken], "sent", 3],
    ["is made again where the answer was lost", [cut, taken], "sent", 2],
    ["is not made again where it is refused", [status(400, "invalid_token")], "invalid_token", 1],
    ["is not made again where nobody is there", [status(404, "<html>not found</html>")], "http_404", 1],
    ["follows no redirect", [status(302, "", { location: "https://elsewhere.test/" })], "http_302", 1],
    ["ends where nothing helps", [status(503)], "http_503", 8],
  ])("%s", async (_, answers, result, tries) => {
    const seen = answer(...answers);

    const posted = await postUntilTaken(URL_, letter, options());

    expect(posted.result === "sent" ? "sent" : posted.code).toBe(result);
    expect(seen).toHaveLength(tries);
  });

  it("says that a redirect is not followed, and never the address or the answer", async () => {
    answer(status(307, `moved ${SECRET}`, { location: "https://elsewhere.test/" }));

    const posted = await postUntilTaken(URL_, letter, options());

    expect(posted).toMatchObject({ result: "failed", hint: expect.stringContaining("a secret is not sent on") });
    expect(JSON.stringify(posted)).not.toMatch(/secret\b.*0123|services|elsewhere/);
  });

  it("is stopped by the signal", async () => {
    const seen = answer(taken);

    const posted = await postUntilTaken(URL_, letter, { ...options(), signal: AbortSignal.abort() });

    expect(posted).toMatchObject({ result: "failed", code: "interrupted" });
    expect(seen).toEqual([]);
  });
});

describe("an incident's webhook", () => {
  const letters = [
    { key: "signalbox-1", body: { status: "firing", deduplicationKey: "signalbox-1" } },
    { key: "signalbox-2", body: { status: "resolved", deduplicationKey: "signalbox-2" } },
  ];

  it("is signed with the secret over the very bytes, and sends no secret along", async () => {
    const seen = answer(taken);

    const sent = await sendIncidents(letters, { url: URL_, preset: "signalbox", secret: SECRET }, options());

    expect(sent.map(({ key, result }) => [key, result])).toEqual([
      ["signalbox-1", "sent"],
      ["signalbox-2", "sent"],
    ]);
    for (const { headers, body } of seen) {
      const signature = createHmac("sha256", SECRET).update(body).digest("hex");
      expect(headers.get("x-signalbox-signature")).toBe(`sha256=${signature}`);
      expect(JSON.stringify([...headers])).not.toContain(SECRET);
    }
  });

  it("of incident.io has its token, and a lost answer sends the same once more", async () => {
    const seen = answer(cut, taken);

    await sendIncidents(letters.slice(0, 1), { url: URL_, preset: "incident.io", secret: SECRET }, options());

    expect(seen.map(({ body }) => body)).toEqual([JSON.stringify(letters[0]?.body), JSON.stringify(letters[0]?.body)]);
    expect(seen[0]?.headers.get("authorization")).toBe(`Bearer ${SECRET}`);
    expect(seen[0]?.headers.has("x-signalbox-signature")).toBe(false);
  });

  it("that is out does not keep a run for ever", async () => {
    answer(status(503));
    const many = Array.from({ length: 50 }, (_, index) => ({ key: `${index}`, body: {} }));
    const clock = createFakeClock({ auto: true });

    const sent = await sendIncidents(many, { url: URL_, preset: "signalbox", secret: SECRET }, options(clock));

    expect(sent).toHaveLength(50);
    expect(sent.at(-1)).toMatchObject({ result: "failed", code: "out_of_time" });
    expect(clock.monotonic()).toBe(234_000);
  });
});

describe("Slack's incoming webhooks", () => {
  const urls = { error: "https://hooks.test/error", warn: "https://hooks.test/warn" };
  const post = (channel: string) => ({
    key: `1/1/${channel}`,
    channel,
    message: {
      text: "1 error in prod (shop): orders.id",
      blocks: [{ type: "section" as const, text: { type: "mrkdwn" as const, text: "For <@U0DANA12345>" } }],
    },
  });

  it("take errors and warnings apart", async () => {
    const seen = answer(taken);

    const deliveries = await deliverIncoming([post(INCOMING.error), post(INCOMING.warn)], urls, options());

    expect(deliveries.map(({ result }) => result)).toEqual(["sent", "sent"]);
    expect(new Set(deliveries.map((delivery) => ("ts" in delivery ? delivery.ts : ""))).size).toBe(2);
    expect(seen.map(({ url }) => url)).toEqual([urls.error, urls.warn]);
    expect(JSON.parse(seen[0]?.body ?? "")).toMatchObject({ unfurl_links: false, blocks: [{ type: "section" }] });
  });

  it("get plain text where Slack does not take the blocks, with the mentions", async () => {
    const seen = answer(status(400, "invalid_blocks"), taken);

    const [delivery] = await deliverIncoming([post(INCOMING.error)], urls, options());

    expect(delivery).toMatchObject({ result: "sent", ways: [expect.stringContaining("invalid_blocks")] });
    expect(JSON.parse(seen[1]?.body ?? "")).toEqual({
      text: "1 error in prod (shop): orders.id\nFor <@U0DANA12345>",
      unfurl_links: false,
      unfurl_media: false,
    });
  });

  it("say that a message may be a repeat where an answer was lost, as nobody can look", async () => {
    const seen = answer(cut, taken);

    await deliverIncoming([post(INCOMING.error)], urls, options());

    expect(JSON.parse(seen[0]?.body ?? "").text).not.toContain("may be a repeat");
    expect(JSON.parse(seen[1]?.body ?? "").text).toContain("(may be a repeat)");
  });

  it.each([
    [status(404, "no_service"), "no_service"],
    [status(410, "channel_is_archived"), "channel_is_archived"],
    [status(403, "action_prohibited"), "action_prohibited"],
  ])("fail loudly with Slack's own word: %#", async (answered, code) => {
    answer(answered);

    const [delivery] = await deliverIncoming([post(INCOMING.error)], urls, options());

    expect(delivery).toMatchObject({ result: "failed", code });
    expect(JSON.stringify(delivery)).not.toContain("hooks.test");
  });
});
