import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface Posted {
  readonly channel: string;
  readonly text: string;
  readonly blocks: string;
  readonly authorization: string;
}

/** Slack on loopback, with a history that is empty: takes chat.postMessage and keeps what was posted. */
export async function openSlack(): Promise<{ url: string; posted: Posted[]; close: () => Promise<void> }> {
  const posted: Posted[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (chunk: string) => {
      body += chunk;
    });
    request.on("end", () => {
      const form = new URLSearchParams(body);
      response.setHeader("content-type", "application/json");
      if (request.url?.endsWith("/conversations.history")) {
        response.end(JSON.stringify({ ok: true, messages: [], has_more: false }));
        return;
      }
      posted.push({
        channel: form.get("channel") ?? "",
        text: form.get("text") ?? "",
        blocks: form.get("blocks") ?? "",
        authorization: request.headers.authorization ?? "",
      });
      const metadata = form.get("metadata");
      const message = metadata === null ? {} : { metadata: JSON.parse(metadata) };
      const ts = `1764000000.00000${posted.length}`;
      response.end(JSON.stringify({ ok: true, channel: form.get("channel"), ts, message }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/api/`,
    posted,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
