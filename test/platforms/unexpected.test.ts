import { describe, expect, it } from "vitest";
import { z } from "zod";
import { foreignAnswer, readAnswerOf } from "../../src/platforms/unexpected.ts";
import { SignalboxError } from "../../src/support/errors.ts";

const LOGIN = "<!doctype html>\n<html><head><title>Sign in \u001b[31m· Acme SSO</title></head></html>";

describe("an answer that is not the API's", () => {
  it.each<[status: number, body: unknown, said: string]>([
    [200, LOGIN, 'GitHub answered 200 to GET /x with a web page ("Sign in · Acme SSO") in place of JSON'],
    [200, "<html>", "GitHub answered 200 to GET /x with a web page in place of JSON"],
    [200, "Access denied", 'GitHub answered 200 to GET /x with a text ("Access denied") in place of JSON'],
    [200, "", "GitHub answered 200 to GET /x with nothing in place of JSON"],
    [200, null, "GitHub answered 200 to GET /x with nothing in place of JSON"],
    // It would be taken for "there is no such run".
    [404, LOGIN, 'GitHub answered 404 to GET /x with a web page ("Sign in · Acme SSO") in place of JSON'],
  ])("is said with what it is: %i", (status, body, said) => {
    const error = foreignAnswer("GitHub", "GET /x", status, body);

    expect(error?.message).toBe(said);
    expect(error?.hint).toMatch(/a login portal stands between.*\(GITHUB_API_URL\)$/);
    expect(error?.kind).toBe("service");
  });

  it.each<[status: number, body: unknown]>([
    [200, {}],
    [200, []],
    [404, { message: "Not Found" }],
    [404, "Not Found"],
    [304, ""],
    [302, ""],
    [202, ""],
    // Its own servers fail with pages.
    [502, LOGIN],
    [503, LOGIN],
    [403, LOGIN],
  ])("is none of %i with %j", (status, body) => {
    expect(foreignAnswer("CircleCI", "GET /x", status, body)).toBeNull();
  });
});

describe("an answer of another shape", () => {
  const schema = z.object({ total: z.number(), runs: z.array(z.object({ id: z.string() })) });
  const read = (answer: unknown) => {
    try {
      readAnswerOf("CircleCI", schema, answer);
    } catch (error) {
      if (error instanceof SignalboxError) return error;
    }
    throw new Error("it was read");
  };

  it.each<[answer: unknown, said: string]>([
    [{ message: "Sign in" }, "CircleCI's answer has no total"],
    [
      { total: "many", runs: [] },
      "CircleCI's answer has a text (\"many\") for total, which the API's description does not have",
    ],
    [{ total: 1, runs: {} }, "CircleCI's answer has a mapping for runs, which the API's description does not have"],
    [{ total: 1, runs: [{ id: "1" }, {}] }, "CircleCI's answer has no runs.1.id"],
    [[], "CircleCI's answer is a list, which the API's description does not have"],
    [7, "CircleCI's answer is a number, which the API's description does not have"],
  ])("is said in plain words: %j", (answer, said) => {
    const { message, hint } = read(answer);

    expect(message).toBe(said);
    expect(message).not.toMatch(/expected|received|Invalid/);
    expect(hint).toContain("--circle-url");
  });
});
