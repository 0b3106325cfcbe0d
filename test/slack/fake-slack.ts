/** As an app hands it over. */
export interface SeenMetadata {
  readonly event_type: string;
  readonly event_payload: Readonly<Record<string, unknown>>;
}

/** What stands in a channel of the fake. */
export interface FakeMessage {
  readonly channel: string;
  readonly ts: string;
  readonly thread: string | null;
  text: string;
  blocks: unknown;
  metadata: SeenMetadata | null;
  editedTs: string | null;
  edits: number;
}

/** What goes wrong with one request: before Slack has read it, or after it has done it. */
export type Fault =
  | "refused"
  | "429"
  | "429 for a minute"
  | "429 without a time"
  | "reset"
  | "hang"
  | "500"
  | "html"
  | "500 before";

export interface FakeSlack {
  readonly fetch: typeof globalThis.fetch;
  readonly messages: readonly FakeMessage[];
  /** Methods in the order of their calls. */
  readonly calls: string[];
  scopes: string[];
  /** For how long after its posting a message may be edited; null: for ever. */
  editWindowMs: number | null;
  /** Channels that take nothing any more. */
  readonly archived: Set<string>;
  /** Whether metadata is kept. */
  keepsMetadata: boolean;
  /** The most messages of one page. */
  mostOfPage: number;
  fault: (method: string) => Fault | null;
  remove(ts: string): void;
}

type Form = URLSearchParams;
type Answer = Record<string, unknown>;

/**
 * Slack in the process, with its own rules where they matter here: times that are ids, history without answers, metadata only
 * for who asks, edits that keep it, scopes, edit windows. https://docs.slack.dev/reference/methods
 */
export function createFakeSlack({ now, channels }: { now: () => number; channels: readonly string[] }): FakeSlack {
  const messages: FakeMessage[] = [];
  const calls: string[] = [];
  /** Times of the answers, by the message that they answer. */
  const answers = new Map<string, readonly string[]>();
  let last = 0;

  const slack: FakeSlack = {
    fetch: async (address, init) => {
      const method = String(address).split("/").at(-1) ?? "";
      calls.push(method);
      return respond(method, new URLSearchParams(String(init?.body ?? "")));
    },
    messages,
    calls,
    scopes: ["chat:write", "channels:history"],
    editWindowMs: null,
    archived: new Set(),
    keepsMetadata: true,
    mostOfPage: 999,
    fault: () => null,
    remove: (ts) => {
      const index = messages.findIndex((message) => message.ts === ts);
      if (index >= 0) messages.splice(index, 1);
    },
  };

  function respond(method: string, form: Form): Response {
    const fault = slack.fault(method);
    if (fault === "refused") throw withCode("ECONNREFUSED");
    if (fault === "429") return json({ ok: false, error: "ratelimited" }, 429, { "retry-after": "3" });
    if (fault === "429 for a minute") return json({ ok: false, error: "ratelimited" }, 429, { "retry-after": "60" });
    if (fault === "429 without a time") return json({ ok: false, error: "ratelimited" }, 429);
    if (fault === "500 before") return new Response("oops", { status: 500 });
    const answer = handle(method, form);
    if (fault === "reset") throw withCode("ECONNRESET");
    if (fault === "hang") throw withCode("timeout");
    if (fault === "500") return new Response("oops", { status: 500 });
    if (fault === "html") return new Response("<html>proxy</html>", { status: 200 });
    return json(answer);
  }

  function handle(method: string, form: Form): Answer {
    const needed = method.startsWith("chat.") ? "chat:write" : "channels:history";
    if (!slack.scopes.includes(needed))
      return { ok: false, error: "missing_scope", needed, provided: slack.scopes.join(",") };
    const channel = form.get("channel") ?? "";
    if (!channels.includes(channel)) return { ok: false, error: "channel_not_found" };
    if (method.startsWith("chat.") && slack.archived.has(channel)) return { ok: false, error: "is_archived" };
    switch (method) {
      case "chat.postMessage":
        return post(channel, form);
      case "chat.update":
        return update(channel, form);
      case "chat.delete":
        slack.remove(form.get("ts") ?? "");
        return { ok: true };
      case "conversations.history":
        return page(newestOf(({ channel: of, thread }) => of === channel && thread === null).toReversed(), form);
      case "conversations.replies": {
        const thread = form.get("ts");
        if (!messages.some(({ ts }) => ts === thread)) return { ok: false, error: "thread_not_found" };
        // The oldest first: https://docs.slack.dev/reference/methods/conversations.replies
        return page(
          messages.filter(({ ts, thread: under }) => ts === thread || under === thread),
          form,
        );
      }
      default:
        return { ok: false, error: "unknown_method" };
    }
  }

  function post(channel: string, form: Form): Answer {
    const invalid = whyInvalid(form);
    if (invalid !== null) return { ok: false, error: invalid };
    const thread = form.get("thread_ts");
    if (thread !== null && !messages.some(({ ts }) => ts === thread))
      return { ok: false, error: "cannot_reply_to_message" };
    last = Math.max(last + 1, now() * 1000);
    const ts = timeOf(last);
    const metadata = metadataIn(form);
    messages.push({
      channel,
      ts,
      thread,
      text: form.get("text") ?? "",
      blocks: blocksIn(form),
      metadata,
      editedTs: null,
      edits: 0,
    });
    if (thread !== null) answers.set(thread, [...(answers.get(thread) ?? []), ts]);
    return { ok: true, channel, ts, message: { ts, metadata } };
  }

  function update(channel: string, form: Form): Answer {
    const message = messages.find((each) => each.channel === channel && each.ts === form.get("ts"));
    if (message === undefined) return { ok: false, error: "message_not_found" };
    const invalid = whyInvalid(form);
    if (invalid !== null) return { ok: false, error: invalid };
    if (slack.editWindowMs !== null && now() - Number(message.ts) * 1000 > slack.editWindowMs)
      return { ok: false, error: "edit_window_closed" };
    last = Math.max(last + 1, now() * 1000);
    message.text = form.get("text") ?? message.text;
    message.blocks = blocksIn(form);
    if (form.has("metadata")) message.metadata = metadataIn(form);
    message.editedTs = timeOf(last);
    message.edits += 1;
    return { ok: true, channel, ts: message.ts, text: message.text };
  }

  /** In the order given. */
  function page(found: readonly FakeMessage[], form: Form): Answer {
    const oldest = form.get("oldest");
    const limit = Math.min(Number(form.get("limit") ?? 100), slack.mostOfPage);
    const all = found.filter(({ ts }) => oldest === null || ts > oldest);
    const from = Number(form.get("cursor") ?? 0);
    const shown = all.slice(from, from + limit).map((message) => {
      const replies = answers.get(message.ts) ?? [];
      return {
        type: "message",
        ts: message.ts,
        text: message.text,
        ...(message.editedTs === null ? {} : { edited: { ts: message.editedTs } }),
        ...(replies.length === 0 ? {} : { reply_count: replies.length, latest_reply: replies.at(-1) }),
        ...(form.get("include_all_metadata") === "true" && message.metadata !== null
          ? { metadata: message.metadata }
          : {}),
      };
    });
    const hasMore = all.length > from + shown.length;
    return {
      ok: true,
      messages: shown,
      has_more: hasMore,
      ...(hasMore ? { response_metadata: { next_cursor: String(from + shown.length) } } : {}),
    };
  }

  function newestOf(isMeant: (message: FakeMessage) => boolean): readonly FakeMessage[] {
    const found: FakeMessage[] = [];
    for (let index = messages.length - 1; index >= 0 && found.length <= 2_500; index -= 1) {
      const message = messages[index];
      if (message !== undefined && isMeant(message)) found.push(message);
    }
    return found.reverse();
  }

  function metadataIn(form: Form): SeenMetadata | null {
    const text = form.get("metadata");
    return text === null || !slack.keepsMetadata ? null : (JSON.parse(text) as SeenMetadata);
  }

  return slack;
}

function blocksIn(form: Form): unknown {
  return JSON.parse(form.get("blocks") ?? "[]");
}

function whyInvalid(form: Form): string | null {
  if ((form.get("text") ?? "") === "" && !form.has("blocks")) return "no_text";
  if ((blocksIn(form) as unknown[]).length > 50) return "invalid_blocks";
  if ((form.get("blocks") ?? "").length > 13_200 * 4) return "msg_blocks_too_long";
  // Slack publishes no limit; this one is stricter than what has been seen.
  return (form.get("metadata") ?? "").length > 4_000 ? "metadata_too_large" : null;
}

function json(answer: Answer, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(answer), { status, headers: { "content-type": "application/json", ...headers } });
}

function withCode(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** Microseconds since the epoch, as Slack writes them. */
function timeOf(micros: number): string {
  return `${Math.floor(micros / 1e6)}.${String(micros % 1e6).padStart(6, "0")}`;
}
