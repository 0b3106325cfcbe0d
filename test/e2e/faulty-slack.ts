import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface SlackMessage {
  readonly ts: string;
  readonly channel: string;
  /** The message that it answers. */
  readonly thread: string | null;
  text: string;
  metadata: unknown;
  edited: { ts: string } | undefined;
}

export interface FaultySlack {
  readonly url: string;
  /** What stands in the channels. */
  readonly messages: readonly SlackMessage[];
  /** Names of the methods that were called. */
  readonly calls: string[];
  /** What happens to the answers of the next posts: the message is taken all the same. */
  readonly losses: ("reset" | "hold")[];
  hasHistory: boolean;
  close(): Promise<void>;
}

/**
 * Slack on loopback that takes a message and may lose the answer. Like the real one, its history shows metadata only to
 * who asks for it, and its messages have its own clock's times.
 */
export async function openFaultySlack(): Promise<FaultySlack> {
  const messages: SlackMessage[] = [];
  const state = { messages, calls: [] as string[], losses: [] as ("reset" | "hold")[], hasHistory: true };
  let count = 0;
  const nextTime = () => {
    count += 1;
    return `${Math.floor(Date.now() / 1000)}.${String(count).padStart(6, "0")}`;
  };
  const post = (form: URLSearchParams, response: ServerResponse) => {
    const channel = form.get("channel") ?? "";
    const ts = nextTime();
    messages.push({
      ts,
      channel,
      thread: form.get("thread_ts"),
      text: form.get("text") ?? "",
      metadata: JSON.parse(form.get("metadata") ?? "null"),
      edited: undefined,
    });
    const loss = state.losses.shift();
    if (loss === "reset") response.socket?.destroy();
    if (loss === undefined) response.end(JSON.stringify({ ok: true, channel, ts }));
  };
  const update = (form: URLSearchParams, response: ServerResponse) => {
    const message = messages.find(({ channel, ts }) => channel === form.get("channel") && ts === form.get("ts"));
    if (message === undefined) {
      response.end(JSON.stringify({ ok: false, error: "message_not_found" }));
      return;
    }
    const { channel, ts } = message;
    message.text = form.get("text") ?? "";
    if (form.has("metadata")) message.metadata = JSON.parse(form.get("metadata") ?? "null");
    message.edited = { ts: nextTime() };
    response.end(JSON.stringify({ ok: true, channel, ts }));
  };
  const history = (form: URLSearchParams, response: ServerResponse) => {
    if (!state.hasHistory) {
      response.end(
        JSON.stringify({ ok: false, error: "missing_scope", needed: "channels:history", provided: "chat:write" }),
      );
      return;
    }
    const found = messages
      .filter(({ channel, ts }) => channel === form.get("channel") && Number(ts) > Number(form.get("oldest") ?? 0))
      // With `ts` it is the history of a thread.
      .filter(({ thread, ts }) => (form.has("ts") ? [thread, ts].includes(form.get("ts")) : thread === null))
      .map(({ metadata, ...rest }) => (form.get("include_all_metadata") === "true" ? { ...rest, metadata } : rest))
      .map((message) => ({
        ...message,
        latest_reply: messages.findLast(({ thread }) => thread === message.ts)?.ts,
      }));
    response.end(JSON.stringify({ ok: true, has_more: false, messages: found.reverse() }));
  };
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (chunk: string) => {
      body += chunk;
    });
    request.on("end", () => {
      const method = request.url?.split("/").at(-1) ?? "";
      state.calls.push(method);
      response.setHeader("content-type", "application/json");
      if (method === "chat.postMessage") post(new URLSearchParams(body), response);
      else if (method === "chat.update") update(new URLSearchParams(body), response);
      else if (method === "conversations.history" || method === "conversations.replies")
        history(new URLSearchParams(body), response);
      else response.end(JSON.stringify({ ok: false, error: "unknown_method" }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(state, {
    url: `http://127.0.0.1:${port}/api/`,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  });
}
