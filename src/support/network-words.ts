import { SignalboxError } from "./errors.ts";

/** Why a service gave no answer, for people: by the code of Node's or undici's error. */

/** Longer chains of causes are not followed: one may lead back to itself. */
const LONGEST_CHAIN = 10;

/** An error and what is behind it, the outermost first. Slack's library calls the cause `original`. */
export function* causesOf(error: unknown): Generator<object> {
  let cause = error;
  for (let depth = 0; typeof cause === "object" && cause !== null && depth < LONGEST_CHAIN; depth += 1) {
    yield cause;
    const { cause: next, original } = cause as { cause?: unknown; original?: unknown };
    cause = original ?? next;
  }
}

/** The first code of the network in the chain of causes; null: there is none. `not`: codes of the library around it. */
export function networkCode(error: unknown, not?: RegExp): string | null {
  for (const { code } of causesOf(error) as Iterable<{ code?: unknown }>)
    if (typeof code === "string" && /^[A-Za-z0-9_]{1,80}$/.test(code) && not?.test(code) !== true) return code;
  return null;
}

/** The error of our fetch through a proxy in what a client's library made of it; null: it is of something else. */
export function proxyErrorIn(error: unknown): SignalboxError | null {
  for (const cause of causesOf(error)) if (cause instanceof SignalboxError) return cause;
  return null;
}

/** Why a message has no answer, and whether it may be sent again. */
export interface NoAnswer {
  /** `refused`: it would be so again. `unsent`: nothing has left this machine. `lost`: it may have arrived. */
  readonly kind: "refused" | "unsent" | "lost";
  readonly code: string;
  readonly hint: string;
  /** Whether the hint is about the proxy on the way, which it names. */
  readonly isOfProxy: boolean;
}

/** Reads what a client threw. `address`: the setting that says where the service is; `not`: codes of the library around. */
export function readNoAnswer(error: unknown, address: string, not?: RegExp): NoAnswer {
  const code = networkCode(error, not) ?? "no_answer";
  const kind = isOfCertificate(code) ? "refused" : NEVER_SENT.includes(code) ? "unsent" : "lost";
  const proxy = proxyErrorIn(error);
  if (proxy === null) return { kind, code, hint: hintOfNetwork(code, address), isOfProxy: false };
  const hint = proxy.hint === null ? proxy.message : `${proxy.message}; ${proxy.hint}`;
  return proxy.kind === "configuration"
    ? { kind: "refused", code: "proxy_refused", hint, isOfProxy: true }
    : { kind, code, hint, isOfProxy: true };
}

/** The code of a service error's cause where the proxy made no tunnel: nothing was sent to the host behind it. */
export const NO_TUNNEL = "no_tunnel";

/** Nothing was sent before these: sending again cannot double it. */
const NEVER_SENT: readonly string[] = [
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
  NO_TUNNEL,
];

/** Whether it was the server's certificate. https://nodejs.org/api/tls.html#x509-certificate-error-codes */
export function isOfCertificate(code: string): boolean {
  return /CERT|^UNABLE_TO_(?:VERIFY|GET|DEC)|^CRL_|^(?:INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH)$/.test(
    code,
  );
}

const PROXY = "a company's network may need a proxy (HTTPS_PROXY)";

/** What happened, and what to do. `address`: the setting that says where the service is. */
export function hintOfNetwork(code: string, address: string): string {
  if (/ALTNAME|^HOSTNAME_MISMATCH$/.test(code))
    return `its certificate is another host's: is the address right (${address})? A proxy may stand between`;
  if (/^CERT_(?:HAS_EXPIRED|NOT_YET_VALID)$/.test(code))
    return "its certificate is not valid today: who runs it renews it, or this machine's clock is wrong";
  if (isOfCertificate(code))
    return "its certificate is not trusted: NODE_EXTRA_CA_CERTS names the file of a company's own authority";
  switch (code) {
    case "ENOTFOUND":
      return `its name is not known here (DNS): is the address right (${address})? ${PROXY}`;
    case "EAI_AGAIN":
      return `no name server answered (DNS): is this machine connected? ${PROXY}; else try again`;
    case "ECONNREFUSED":
      return `nothing listens there: is the address right (${address})? ${PROXY}; else try again`;
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "ETIMEDOUT":
    case "UND_ERR_CONNECT_TIMEOUT":
      return `no way leads there: a firewall stands between; ${PROXY}`;
    case "ECONNRESET":
    case "EPIPE":
    case "UND_ERR_SOCKET":
      return "the connection was cut before there was an answer: try again; a firewall may do it each time";
    case "timeout":
    case "ECONNABORTED":
    case "UND_ERR_HEADERS_TIMEOUT":
    case "UND_ERR_BODY_TIMEOUT":
      return "it was reached, and did not answer in time: try again";
    default:
      return "try again";
  }
}
