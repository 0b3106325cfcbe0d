import type { Dispatcher } from "undici";
import { SignalboxError } from "./errors.ts";
import { causesOf, isOfCertificate, NO_TUNNEL } from "./network-words.ts";
import { type ProxyServer, proxyFor, readProxySettings } from "./proxy.ts";
import type { Environment } from "./secrets.ts";

export type Fetch = typeof globalThis.fetch;

/** Shorter than what any request waits, by more than undici's timers are late, so that it is known that nothing was sent. */
const TUNNEL_TIMEOUT_MS = 6_000;

/**
 * A fetch that goes through the proxies that the environment names; null where it names none: Node 20's own does not know
 * them. Nothing is loaded then.
 *
 * The fetch rejects with a service error where no answer came through the proxy, and with a configuration error where the
 * proxy refuses us or its variable names none; they name the proxy, without user and password.
 */
export async function openProxiedFetch(env: Environment, tunnelTimeoutMs = TUNNEL_TIMEOUT_MS): Promise<Fetch | null> {
  const settings = readProxySettings(env);
  if (settings === null) return null;
  // undici's fetch knows undici's agents; Node's own is of another version of it.
  const { fetch, Pool, ProxyAgent } = await import("undici");
  const agents = new Map<string, Dispatcher>();
  const agentFor = (proxy: ProxyServer, protocol: string) => {
    const key = `${protocol}${proxy.variable}`;
    const known = agents.get(key);
    if (known !== undefined) return known;
    const agent = new ProxyAgent({
      uri: proxy.origin,
      ...(proxy.authorization === null ? {} : { token: proxy.authorization }),
      // Many proxies open tunnels to port 443 alone.
      proxyTunnel: protocol === "https:",
      proxyTls: { timeout: tunnelTimeoutMs },
      // A request that is given up leaves its CONNECT waiting, and the process with it.
      ...(protocol === "https:"
        ? { clientFactory: (origin, options) => new Pool(origin, { ...options, headersTimeout: tunnelTimeoutMs }) }
        : {}),
    });
    agents.set(key, agent);
    return agent;
  };
  const proxied = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const isRequest = input instanceof Request;
    const url = new URL(isRequest ? input.url : input);
    const proxy = proxyFor(settings, url);
    if (proxy === null) return globalThis.fetch(input, init);
    // A Request of Node's own is none for undici.
    const request = {
      ...(isRequest ? partsOf(input) : {}),
      ...init,
      dispatcher: agentFor(proxy, url.protocol),
    };
    const response = await fetch(url, request as Parameters<typeof fetch>[1]).catch((error: unknown) => {
      request.signal?.throwIfAborted();
      throw unreachable(url, proxy, error);
    });
    if (response.status === 407) throw refusal(url, proxy, 407);
    return response as unknown as Response;
  };
  return proxied as Fetch;
}

function partsOf({ method, headers, body, redirect, signal }: Request): RequestInit {
  return { method, headers, body, redirect, signal, ...(body === null ? {} : { duplex: "half" }) };
}

function unreachable(url: URL, proxy: ProxyServer, error: unknown): SignalboxError {
  const refused = /^Proxy response \((\d{3})\)/.exec(deepest(error, "message") ?? "")?.[1];
  if (refused !== undefined && !isPassing(Number(refused))) return refusal(url, proxy, Number(refused));
  const said = deepest(error, "code");
  // Requests are given up long before this time is over for one that has left: it is the CONNECT that nobody answered.
  const isSilent = url.protocol === "https:" && said === "UND_ERR_HEADERS_TIMEOUT";
  const code = isSilent
    ? "the proxy did not answer"
    : refused === undefined
      ? (said ?? "no answer")
      : `the proxy answered ${refused}`;
  return new SignalboxError("service", `${url.host} could not be reached through the ${nameOf(proxy)}: ${code}`, {
    hint: isOfCertificate(code)
      ? "name the certificate of the proxy's authority in NODE_EXTRA_CA_CERTS"
      : `try again; is the proxy right? Hosts that need none are named in NO_PROXY`,
    cause:
      refused === undefined && !isSilent
        ? error
        : Object.assign(new Error(code, { cause: error }), { code: NO_TUNNEL }),
  });
}

/** The proxy is out or busy; every other answer is its last word. */
function isPassing(status: number): boolean {
  return status >= 500 || status === 408 || status === 429;
}

function refusal(url: URL, proxy: ProxyServer, status: number): SignalboxError {
  return new SignalboxError("configuration", `the ${nameOf(proxy)} refuses ${url.host}: it answered ${status}`, {
    hint:
      status === 407
        ? `it wants a user and a password: ${proxy.variable}=http://user:password@host:port (special characters as %40)`
        : "ask who runs it to allow that host, or name it in NO_PROXY where it can be reached directly",
  });
}

function nameOf({ origin, variable }: ProxyServer): string {
  return `proxy ${origin} (${variable})`;
}

/** A text field of the last cause that has it: fetch itself only says that it failed. */
function deepest(error: unknown, field: "code" | "message"): string | null {
  let found: string | null = null;
  for (const cause of causesOf(error)) {
    const value = (cause as Record<string, unknown>)[field];
    if (typeof value === "string" && value !== "") found = value;
  }
  return found;
}

/** What axios is to be told of the network. Its own way through proxies reads NO_PROXY differently: it is not used. */
export function axiosNetwork(fetch: Fetch | null) {
  if (fetch === null) return { proxy: false } as const;
  return { proxy: false, adapter: "fetch", env: { fetch } } as const;
}
