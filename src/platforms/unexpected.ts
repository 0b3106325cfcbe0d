import type { z } from "zod";
import { SignalboxError } from "../support/errors.ts";
import { cleanLine } from "../text/clean.ts";
import { isPage, type Vendor, whereApiIs } from "./refusals.ts";

/** Answers of a CI's API that are none: a login page, text, JSON of another shape. */

/** What to do where something between us and the API has answered. */
function hintOfForeign(vendor: Vendor): string {
  return `the answer is not the API's: a proxy, a firewall or a login portal stands between, and has to let this job through; or the API's address is another (${whereApiIs(vendor)})`;
}

/** The error for an answer with a page or another text where JSON belongs; null: it may be the API's. */
export function foreignAnswer(vendor: Vendor, what: string, status: number, body: unknown): SignalboxError | null {
  const isRead = status === 200 || status === 201;
  const isText = isRead && (typeof body === "string" || body == null);
  // A vendor's own servers, and those before them, say with pages that they fail.
  const isNoAnswer = (isRead || status === 404 || status === 410) && isPage(body);
  if (!isText && !isNoAnswer) return null;
  const message = `${vendor} answered ${status} to ${what} with ${describeBody(body)} in place of JSON`;
  return new SignalboxError("service", message, { hint: hintOfForeign(vendor) });
}

/** Reads an answer. Throws a service error that says in plain words what it lacks. */
export function readAnswerOf<T>(vendor: Vendor, schema: z.ZodType<T>, answer: unknown): T {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  const path = parsed.error.issues[0]?.path ?? [];
  const found = path.reduce<unknown>(
    (value, key) => (typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined),
    answer,
  );
  const name = cleanLine(path.map(String).join("."), 100);
  const said =
    name === ""
      ? `${vendor}'s answer is ${describeBody(answer)}, which the API's description does not have`
      : found === undefined
        ? `${vendor}'s answer has no ${name}`
        : `${vendor}'s answer has ${describeBody(found)} for ${name}, which the API's description does not have`;
  throw new SignalboxError("service", said, {
    hint: `try again; where it stays, something else may have answered: is the API's address right (${whereApiIs(vendor)})?`,
  });
}

function describeBody(body: unknown): string {
  if (body == null || body === "") return "nothing";
  if (Array.isArray(body)) return "a list";
  if (typeof body === "object") return "a mapping";
  if (typeof body !== "string") return `a ${typeof body}`;
  if (!isPage(body)) return `a text (${JSON.stringify(cleanLine(body, 80))})`;
  // A page says in its title whose it is.
  const start = body.slice(0, 20_000).search(/<title[^<>]{0,200}>/i);
  const title =
    start < 0 ? "" : cleanLine(body.slice(body.indexOf(">", start) + 1, start + 300).split("<", 1)[0] ?? "", 80);
  return title === "" ? "a web page" : `a web page (${JSON.stringify(title)})`;
}
