import type { Process, World } from "./play.ts";

/** What a server of the world answers. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Request {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
}

const HTML = "<html><body>Whoops, something went wrong</body></html>";

/**
 * Carries requests to a server and answers back, each with its own delay, some of them never, torn or in the place of
 * another. Rejects like a network: with the signal's reason, or an error with a code.
 */
export function createNetwork(world: World, serve: (request: Request) => Reply) {
  const { time, random } = world;
  return (request: Request, signal: AbortSignal | undefined, process: Process): Promise<Reply> =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const fault = drawFault();
      const arrive = () => {
        if (fault === "hang") return;
        if (fault === "reset") {
          finish(() => reject(Object.assign(new TypeError("fetch failed"), { code: "ECONNRESET" })));
          return;
        }
        process.firstServedAt ??= time.now();
        const reply = fault === null ? serve(request) : fault();
        timer = time.after(drawDelayMs(), () => finish(() => resolve(reply)));
      };
      const onAbort = () => {
        timer.cancel();
        reject(signal?.reason);
      };
      const finish = (end: () => void) => {
        signal?.removeEventListener("abort", onAbort);
        end();
      };
      let timer = time.after(drawDelayMs(), arrive);
      signal?.addEventListener("abort", onAbort, { once: true });
    });

  function drawDelayMs(): number {
    return random.between(0.01, world.schedule.faults.slowestSeconds) * 1000;
  }

  function drawFault(): "hang" | "reset" | (() => Reply) | null {
    if (!world.isBadMoment()) return null;
    const headers = { date: new Date(time.now()).toUTCString() };
    const html = { ...headers, "content-type": "text/html" };
    const json = { ...headers, "content-type": "application/json; charset=utf-8" };
    const answer = (status: number, extra: Readonly<Record<string, string>>, body: string) => () => ({
      status,
      headers: extra,
      body,
    });
    return random.pick<"hang" | "reset" | (() => Reply)>([
      "hang",
      "reset",
      answer(random.pick([500, 502, 503]), html, HTML),
      answer(503, { ...html, "retry-after": String(random.whole(0, 20)) }, HTML),
      answer(429, { ...json, "retry-after": String(random.whole(0, 60)) }, "{}"),
      answer(429, json, '{"message":"You have exceeded a secondary rate limit"}'),
      answer(200, html, HTML),
      answer(200, json, '{"total_count": 0, "workflow_ru'),
      answer(200, json, "{}"),
      answer(200, json, "[]"),
      answer(200, json, ""),
    ]);
  }
}
