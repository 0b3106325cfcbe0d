import { type Loopback, serveLoopback } from "../support/loopback.ts";
import { createFakeSlack, type FakeMessage, type FakeSlack } from "./fake-slack.ts";

export interface ServedSlack extends FakeSlack, Pick<Loopback, "close"> {
  /** For `--slack-url`. */
  readonly url: string;
  /** What a request's header said who is asking. */
  readonly authorizations: string[];
  /** What stands in the channels, which are empty then. */
  take(): readonly FakeMessage[];
}

/** The fake Slack for another process, with the time of this machine. What hangs is held until the end. */
export async function serveSlack(channels: readonly string[]): Promise<ServedSlack> {
  const slack = createFakeSlack({ now: Date.now, channels });
  const authorizations: string[] = [];
  const { url, close } = await serveLoopback(async (request, response) => {
    authorizations.push(request.headers.authorization ?? "");
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    const answer = await slack.fetch(request.url ?? "", { method: "POST", body }).catch(({ code }) => String(code));
    if (answer === "timeout") return;
    if (typeof answer === "string") return void request.socket.destroy();
    response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
  });
  return Object.assign(slack, {
    url: `${url}/api/`,
    close,
    authorizations,
    take: () => (slack.messages as FakeMessage[]).splice(0),
  });
}
