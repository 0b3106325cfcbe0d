import { describe, expect, it } from "vitest";
import {
  type GitHubRefusal,
  hintOfCircle,
  hintOfGitHub,
  hintOfUseless,
  messageIn,
  quoted,
} from "../../src/platforms/refusals.ts";

function hintOf(overrides: Partial<GitHubRefusal>): string {
  return hintOfGitHub({ status: 403, body: null, permission: "actions: read", wantsSso: false, ...overrides });
}

describe("a refusal of GitHub", () => {
  it("is about single sign-on where the header says so, whatever the words", () => {
    expect(hintOf({ body: { message: "Forbidden" }, wantsSso: true })).toMatch(/single sign-on/);
  });

  it.each([
    ["Resource not accessible by integration", /^the token may not: give the job `permissions: actions: read`/],
    ["Resource not accessible by personal access token", /"Actions: read" on this repository/],
    ["Must have admin rights to Repository.", /^the token may not/],
    ["", /^the token may not/],
    ["Unable to create comment because issue is locked.", /^the conversation is locked: unlock it/],
    [
      "Resource protected by organization SAML enforcement. You must grant your Personal Access token access to this organization.",
      /^authorize the token for the organization's single sign-on/,
    ],
    [
      "Although you appear to have the correct authorization credentials, the `acme` organization has an IP allow list enabled, and your IP address is not permitted to access this resource.",
      /addresses of its IP allow list in: add this runner/,
    ],
    [
      "`acme` forbids access via a personal access token (classic). Please use a GitHub App, OAuth App, or a personal access token with fine-grained permissions.",
      /takes no token of this kind/,
    ],
    ["Repository was archived so is read-only.", /^the repository is archived/],
    ["Sorry. Your account was suspended.", /^no permission of the token changes that/],
    ["Repository access blocked", /^no permission of the token changes that/],
    ["The moon is full", /^GitHub's own words say why; if they are about the token: .*actions: read/],
  ])("%j gets the advice that fits", (message, hint) => {
    expect(hintOf({ body: { message } })).toMatch(hint);
  });

  it("404 on one's own repository is a token that may not, whatever it says", () => {
    expect(hintOf({ status: 404, body: { message: "Not Found" }, permission: "pull-requests: write" })).toMatch(
      /^the token may not: .*"Pull requests: write"/,
    );
  });
});

describe("a refusal of CircleCI", () => {
  const TOKEN = "the token";

  it.each([
    ["Permission denied", /^the token$/],
    ["You must log in first.", /^the token$/],
    ["", /^the token$/],
    ["This organization requires SSO", /sign in through the organization's single sign-on/],
    ["Your IP address is not allowed", /circleci_ip_ranges: true/],
    ["Organization is blocked", /administrator of the organization/],
  ])("%j gets the advice that fits", (message, hint) => {
    expect(hintOfCircle({ message }, TOKEN)).toMatch(hint);
  });
});

describe("an answer of no use", () => {
  it.each([
    [500, /^try again; githubstatus\.com/],
    [408, /^try again/],
    [301, /^a redirect is not followed.*renamed or moved.*GITHUB_API_URL/],
    [422, /^asking again does not help/],
    [451, /^asking again does not help/],
  ])("%d is asked again only where that may help", (status, hint) => {
    expect(hintOfUseless(status, "GitHub")).toMatch(hint);
  });

  it("that is a page for people comes from something between", () => {
    for (const hint of [hintOf({ body: "<!doctype html>" }), hintOfCircle("<html>", "x")])
      expect(hint).toMatch(/^the answer is a web page and not the API's/);
  });
});

describe("the vendor's own words", () => {
  it.each<[unknown, string]>([
    [{ message: "Not\u001b[31m Found\n::error::x" }, "Not Found ::error::x"],
    [{ message: 7 }, ""],
    [{ message: null }, ""],
    [" \n<html>Blocked</html>", ""],
    ["{}", ""],
    ["Request forbidden by administrative rules.", "Request forbidden by administrative rules."],
    [null, ""],
    [{}, ""],
  ])("of %j are one line without what steers a terminal", (body, said) => {
    expect(messageIn(body)).toBe(said);
  });

  it("are short, and quoted where there are any", () => {
    expect(messageIn({ message: "x".repeat(10_000) })).toHaveLength(200);
    expect([quoted(""), quoted('say "no"')]).toEqual(["", ': "say \\"no\\""']);
  });
});
