import { describe, expect, it } from "vitest";
import { SignalboxError } from "../../src/support/errors.ts";
import {
  causesOf,
  hintOfNetwork,
  isOfCertificate,
  networkCode,
  readNoAnswer,
} from "../../src/support/network-words.ts";

it.each<[code: string, words: RegExp]>([
  ["ENOTFOUND", /\(DNS\).*--slack-url.*HTTPS_PROXY/],
  ["EAI_AGAIN", /no name server answered \(DNS\)/],
  ["ECONNREFUSED", /nothing listens there.*HTTPS_PROXY/],
  ["UND_ERR_CONNECT_TIMEOUT", /a firewall/],
  ["ECONNRESET", /was cut/],
  ["timeout", /did not answer in time/],
  ["SELF_SIGNED_CERT_IN_CHAIN", /NODE_EXTRA_CA_CERTS/],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", /NODE_EXTRA_CA_CERTS/],
  ["ERR_TLS_CERT_ALTNAME_INVALID", /another host's.*--slack-url/],
  ["CERT_HAS_EXPIRED", /not valid today/],
  ["SOMETHING_NEW", /^try again$/],
])("%s says what happened and what to do", (code, words) => {
  expect(hintOfNetwork(code, "--slack-url")).toMatch(words);
});

it("finds the code in the chain of causes, of Node's own and of a library's that keeps the original", () => {
  const inner = Object.assign(new Error("x"), { code: "ENOTFOUND" });

  expect(networkCode(new TypeError("fetch failed", { cause: inner }))).toBe("ENOTFOUND");
  expect(networkCode({ code: "slack_webapi_request_error", original: inner }, /^slack_webapi/)).toBe("ENOTFOUND");
  expect(networkCode({ code: "<b>not a code</b>" })).toBeNull();
  expect(networkCode(null)).toBeNull();
});

it("follows a chain that leads back to itself for ten causes", () => {
  const error = new Error("x");
  error.cause = error;

  expect([...causesOf(error)]).toHaveLength(10);
  expect([...causesOf("text")]).toEqual([]);
});

it.each([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "INVALID_CA",
  "CRL_HAS_EXPIRED",
])("%s is of the certificate", (code) => {
  expect(isOfCertificate(code)).toBe(true);
});

it.each(["ECONNRESET", "ERR_INVALID_SIGNAL", "ERR_SSL_WRONG_VERSION_NUMBER", "UNABLE_TO_CONNECT"])(
  "%s is not",
  (code) => {
    expect(isOfCertificate(code)).toBe(false);
  },
);

describe("a message without an answer", () => {
  const ofNetwork = (code: string) => new TypeError("fetch failed", { cause: Object.assign(new Error("x"), { code }) });
  const ofProxy = (kind: "configuration" | "service", cause?: unknown) =>
    new TypeError("x", {
      cause: new SignalboxError(kind, "the proxy http://p:1 refuses a.b", { hint: "ask who runs it", cause }),
    });

  it.each<[what: string, error: unknown, found: ReturnType<typeof readNoAnswer>["kind"], code: string, hint: RegExp]>([
    ["nobody listens", ofNetwork("ECONNREFUSED"), "unsent", "ECONNREFUSED", /^nothing listens there/],
    ["the connection was cut", ofNetwork("ECONNRESET"), "lost", "ECONNRESET", /^the connection was cut/],
    [
      "another authority's certificate",
      ofNetwork("SELF_SIGNED_CERT_IN_CHAIN"),
      "refused",
      "SELF_SIGNED_CERT_IN_CHAIN",
      /CA_CERTS/,
    ],
    [
      "a proxy that refuses",
      ofProxy("configuration"),
      "refused",
      "proxy_refused",
      /^the proxy .* refuses a\.b; ask who/,
    ],
    [
      "a proxy that is busy",
      ofProxy("service", Object.assign(new Error("x"), { code: "no_tunnel" })),
      "unsent",
      "no_tunnel",
      /^the proxy/,
    ],
    ["a proxy that was cut off", ofProxy("service", ofNetwork("ECONNRESET")), "lost", "ECONNRESET", /^the proxy/],
    ["something else", new Error("x"), "lost", "no_answer", /^try again$/],
    ["no error at all", undefined, "lost", "no_answer", /^try again$/],
  ])("is %s: %j", (_, error, kind, code, hint) => {
    expect(readNoAnswer(error, "--slack-url")).toMatchObject({ kind, code, hint: expect.stringMatching(hint) });
  });
});
