import { percentDecoded } from "../text/percent-code.ts";
import { configurationError, SignalboxError } from "./errors.ts";

/** The environment of secrets.ts, which takes the secrets from here. */
type Variables = Readonly<Record<string, string | undefined>>;

/** Which addresses are asked through a proxy, as curl and Python read the variables: the lower-case name wins. */
export interface ProxySettings {
  /** An error where the variable names none that we can use: it stops only what would go there. */
  readonly http: ProxyServer | SignalboxError | null;
  readonly https: ProxyServer | SignalboxError | null;
  readonly exempt: readonly Exemption[];
}

export interface ProxyServer {
  /** `http://proxy.example.com:3128`, without user and password. */
  readonly origin: string;
  /** The variable that names it. */
  readonly variable: string;
  /** Value of the Proxy-Authorization header; null: no user. A secret. */
  readonly authorization: string | null;
}

interface Exemption {
  /** Lower case, without a leading dot; `*`: every host. */
  readonly host: string;
  /** null: every port. */
  readonly port: string | null;
}

const HTTPS = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] as const;
const HTTP = ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] as const;

/** The proxies of the environment; null where none is set. */
export function readProxySettings(env: Variables): ProxySettings | null {
  const [http, https] = [readProxy(env, HTTP), readProxy(env, HTTPS)];
  if (http === null && https === null) return null;
  return { http, https, exempt: readExemptions(env.no_proxy || env.NO_PROXY || "") };
}

/**
 * The proxy for an address; null: it is asked directly. Throws a configuration error where its variable names none, which
 * does not show what it holds: there may be a password in it.
 */
export function proxyFor({ http, https, exempt }: ProxySettings, url: URL): ProxyServer | null {
  const proxy = url.protocol === "https:" ? https : url.protocol === "http:" ? http : null;
  if (proxy === null) return null;
  const host = url.hostname
    .toLowerCase()
    .replace(/^\[|\]$/g, "")
    .replace(/\.$/, "");
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  const isExempt = exempt.some(
    (entry) =>
      (entry.host === "*" || host === entry.host || host.endsWith(`.${entry.host}`)) &&
      (entry.port === null || entry.port === port),
  );
  if (isExempt) return null;
  if (proxy instanceof SignalboxError) throw proxy;
  return proxy;
}

/** What must not be printed of the proxy variables: passwords, and users with them. */
export function proxySecrets(env: Variables): readonly string[] {
  return [...new Set([...HTTP, ...HTTPS])].flatMap((name) => {
    const user = /^(?:[a-z][a-z0-9+.-]*:\/\/)?([^/?#\s]*)@/i.exec((env[name] ?? "").trim())?.[1];
    if (user === undefined) return [];
    const password = user.slice(user.indexOf(":") + 1);
    return [user, percentDecoded(user), password, percentDecoded(password)];
  });
}

function readProxy(env: Variables, names: readonly string[]): ProxyServer | SignalboxError | null {
  const variable = names.find((name) => (env[name] ?? "").trim() !== "");
  if (variable === undefined) return null;
  const text = (env[variable] ?? "").trim();
  const address = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  const url = URL.canParse(address) ? new URL(address) : null;
  const wanted =
    "wanted the address of a proxy such as http://proxy.example.com:3128, or http://user:password@… (in a password / ? # @ are written %2F %3F %23 %40)";
  if (url === null || url.hostname === "") return refused(variable, `is no address: ${wanted}`);
  if (url.protocol !== "http:" && url.protocol !== "https:")
    return refused(variable, `names a proxy of the kind ${url.protocol.slice(0, -1)}: ${wanted}`);
  if (url.search !== "" || url.hash !== "" || url.pathname !== "/")
    return refused(variable, `has more than a host and a port: ${wanted}`);
  const user = `${percentDecoded(url.username)}:${percentDecoded(url.password)}`;
  const authorization = user === ":" ? null : `Basic ${Buffer.from(user).toString("base64")}`;
  return { origin: url.origin, variable, authorization };
}

function refused(where: string, wanted: string) {
  return configurationError(
    [{ where, got: null, wanted }],
    "take the variable away where no proxy is needed, or name hosts that need none in NO_PROXY",
  );
}

function readExemptions(text: string): readonly Exemption[] {
  return text
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== "")
    .map((entry) => {
      const bracketed = /^\[([0-9a-f:.]+)\](?::(\d+))?$/.exec(entry);
      if (bracketed !== null) return { host: bracketed[1] ?? "", port: bracketed[2] ?? null };
      const withPort = /^([^:]+):(\d+)$/.exec(entry);
      const host = (withPort?.[1] ?? entry).replace(/^\*?\.+/, "").replace(/\.$/, "");
      return { host, port: withPort?.[2] ?? null };
    });
}
