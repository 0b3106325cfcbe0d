/** Why a service gave no answer, for people: by the code of Node's or undici's error. */

/** The first code of the network in the chain of causes; null: there is none. `not`: codes of the library around it. */
export function networkCode(error: unknown, not?: RegExp): string | null {
  for (let cause = error, depth = 0; typeof cause === "object" && cause !== null && depth < 10; depth += 1) {
    const { code, cause: next, original } = cause as { code?: unknown; cause?: unknown; original?: unknown };
    if (typeof code === "string" && /^[A-Za-z0-9_]{1,80}$/.test(code) && not?.test(code) !== true) return code;
    cause = original ?? next;
  }
  return null;
}

/** Whether nothing was sent before this: sending again cannot double it. */
export function isNeverSent(code: string): boolean {
  return NEVER_SENT.includes(code);
}

/** The code of a service error's cause where the proxy made no tunnel: nothing was sent to the host behind it. */
export const NO_TUNNEL = "no_tunnel";

const NEVER_SENT = [
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
  NO_TUNNEL,
];

/** Whether it was the server's certificate. */
export function isOfCertificate(code: string): boolean {
  return /CERT|UNABLE_TO_(?:VERIFY|GET)/.test(code);
}

const PROXY = "a company's network may need a proxy (HTTPS_PROXY)";

/** What happened, and what to do. `address`: the setting that says where the service is. */
export function hintOfNetwork(code: string, address: string): string {
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
