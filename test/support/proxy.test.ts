import { describe, expect, it } from "vitest";
import { proxyFor, proxySecrets, readProxySettings } from "../../src/support/proxy.ts";
import type { Environment } from "../../src/support/secrets.ts";

const PROXY = "http://proxy.example:3128";

function viaProxy(env: Environment, url: string): string | null {
  const settings = readProxySettings(env);
  return settings === null ? null : (proxyFor(settings, new URL(url))?.origin ?? null);
}

describe("the proxy variables", () => {
  it.each<[what: string, env: Environment, url: string, proxy: string | null]>([
    ["none", {}, "https://slack.com/", null],
    ["an empty one", { HTTPS_PROXY: " " }, "https://slack.com/", null],
    ["HTTPS_PROXY", { HTTPS_PROXY: PROXY }, "https://slack.com/", PROXY],
    ["https_proxy", { https_proxy: PROXY }, "https://slack.com/", PROXY],
    ["both spellings: the lower-case one wins", { https_proxy: PROXY, HTTPS_PROXY: "http://b" }, "https://a/", PROXY],
    ["HTTP_PROXY is not for https", { HTTP_PROXY: PROXY }, "https://slack.com/", null],
    ["HTTP_PROXY", { HTTP_PROXY: PROXY }, "http://ghe.local/", PROXY],
    ["HTTPS_PROXY is not for http", { HTTPS_PROXY: PROXY }, "http://ghe.local/", null],
    ["ALL_PROXY", { ALL_PROXY: PROXY }, "https://slack.com/", PROXY],
    ["all_proxy is for http too", { all_proxy: PROXY }, "http://ghe.local/", PROXY],
    ["ALL_PROXY yields to the other ones", { ALL_PROXY: "http://b", HTTPS_PROXY: PROXY }, "https://a/", PROXY],
    ["an address without http://", { HTTPS_PROXY: "proxy.example:3128" }, "https://slack.com/", PROXY],
    ["a proxy that is asked by TLS", { HTTPS_PROXY: "https://proxy.example" }, "https://a/", "https://proxy.example"],
  ])("are read as curl reads them: %s", (_, env, url, proxy) => {
    expect(viaProxy(env, url)).toBe(proxy);
  });

  it.each<[noProxy: string, url: string, isExempt: boolean]>([
    ["slack.com", "https://slack.com/", true],
    ["slack.com", "https://api.slack.com/", true],
    [".slack.com", "https://api.slack.com/", true],
    [".slack.com", "https://slack.com/", true],
    ["*.slack.com", "https://api.slack.com/", true],
    ["slack.com", "https://notslack.com/", false],
    ["lack.com", "https://slack.com/", false],
    ["SLACK.com", "https://Slack.com./", true],
    ["a, slack.com ,b", "https://slack.com/", true],
    ["a slack.com", "https://slack.com/", true],
    ["slack.com:443", "https://slack.com/", true],
    ["slack.com:8443", "https://slack.com/", false],
    ["slack.com:8443", "https://slack.com:8443/", true],
    ["slack.com:80", "http://slack.com/", true],
    ["*", "https://anything.example/", true],
    ["127.0.0.1", "http://127.0.0.1:4321/", true],
    ["[::1]", "http://[::1]:4321/", true],
    ["::1", "http://[::1]:4321/", true],
    ["[::1]:80", "http://[::1]:4321/", false],
    ["", "https://slack.com/", false],
    [",", "https://slack.com/", false],
  ])("NO_PROXY=%j and %s: %j", (noProxy, url, isExempt) => {
    for (const name of ["NO_PROXY", "no_proxy"])
      expect(viaProxy({ ALL_PROXY: PROXY, [name]: noProxy }, url)).toBe(isExempt ? null : PROXY);
  });

  it("take user and password out of the address, decoded for the header", () => {
    const settings = readProxySettings({ HTTPS_PROXY: "http://us%40er:p%3Ass@proxy.example:3128" });

    expect(settings && proxyFor(settings, new URL("https://slack.com/"))).toEqual({
      origin: PROXY,
      variable: "HTTPS_PROXY",
      authorization: `Basic ${Buffer.from("us@er:p:ss").toString("base64")}`,
    });
  });

  it.each([
    ["http://dana:hunter2hunter2@proxy example:3128", "is no address"],
    ["http://dana:hunter2hunter2@", "is no address"],
    ["socks5://dana:hunter2hunter2@proxy.example", "of the kind socks5"],
    ["http://dana:hunter2/hunter2@proxy.example", "%2F"],
    ["http://dana:hunter2hunter2@proxy.example/path", "more than a host and a port"],
  ])("that are no proxy are one error, which does not show the password: %s", (address, words) => {
    const read = () => viaProxy({ HTTPS_PROXY: address }, "https://slack.com/");

    expect(read).toThrow(words);
    expect(read).toThrow(expect.objectContaining({ exitCode: 2, message: expect.not.stringContaining("hunter2") }));
    expect(read).toThrow(/^HTTPS_PROXY /);
  });

  it.each<[what: string, env: Environment, proxy: string | null]>([
    ["the variable of another protocol", { HTTPS_PROXY: PROXY, ALL_PROXY: "socks5h://127.0.0.1:1080" }, PROXY],
    ["a variable for http", { HTTP_PROXY: "socks5://127.0.0.1:1080" }, null],
    ["a host that needs none", { ALL_PROXY: "socks5://127.0.0.1:1080", NO_PROXY: "slack.com" }, null],
  ])("that are no proxy stop nothing that does not go there: %s", (_, env, proxy) => {
    expect(viaProxy(env, "https://slack.com/")).toBe(proxy);
    expect(() => viaProxy(env, "http://ghe.local/")).toThrow("of the kind socks5");
  });

  it("have secrets: users with their passwords, as they are written and as they are meant", () => {
    expect(
      proxySecrets({ https_proxy: "dana:p%40ssword1@proxy.example:3128", HTTP_PROXY: "http://proxy.example" }),
    ).toEqual(["dana:p%40ssword1", "dana:p@ssword1", "p%40ssword1", "p@ssword1"]);
  });
});
