import { expect, it } from "vitest";
import { hintOfNetwork, networkCode } from "../../src/support/network-words.ts";

it.each<[code: string, words: RegExp]>([
  ["ENOTFOUND", /\(DNS\).*--slack-url.*HTTPS_PROXY/],
  ["EAI_AGAIN", /no name server answered \(DNS\)/],
  ["ECONNREFUSED", /nothing listens there.*HTTPS_PROXY/],
  ["UND_ERR_CONNECT_TIMEOUT", /a firewall/],
  ["ECONNRESET", /was cut/],
  ["timeout", /did not answer in time/],
  ["SELF_SIGNED_CERT_IN_CHAIN", /NODE_EXTRA_CA_CERTS/],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", /NODE_EXTRA_CA_CERTS/],
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
