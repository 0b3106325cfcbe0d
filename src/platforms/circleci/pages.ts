import type { z } from "zod";
import { SignalboxError } from "../../support/errors.ts";
import { type Pipeline, pageOf, pipelineAnswer, readAnswer } from "./answers.ts";
import type { CircleAnswer, CircleClient } from "./client.ts";

/** A path of the API; the slashes of a project slug stay, everything else is encoded. */
export function pathOf(...parts: readonly string[]): string {
  return parts.flatMap((part) => part.split("/").map((segment) => `/${encodeURIComponent(segment)}`)).join("");
}

/** null: there is none. */
export async function findPipeline(client: CircleClient, id: string, signal: AbortSignal): Promise<Pipeline | null> {
  const answer = await client.find(pathOf("pipeline", id), signal);
  return answer === null ? null : readAnswer(pipelineAnswer, answer.body);
}

export interface List<T> {
  readonly path: string;
  /** Encoded; empty: none. */
  readonly query?: string;
  readonly item: z.ZodType<T>;
  readonly onFirst?: (answer: CircleAnswer) => void;
  /** Nothing after a page that holds such an item is wanted. */
  readonly isPast?: (item: T) => boolean;
  /** Asked before each page; where it says no, what was read so far is all. */
  readonly mayAsk?: () => boolean;
}

type Ask = (path: string, signal?: AbortSignal) => Promise<CircleAnswer | null>;

/** All items of a list, page by page. */
export async function readPages<T>(client: CircleClient, list: List<T>, signal?: AbortSignal): Promise<T[]> {
  return (await collect(client.get, list, signal)) ?? [];
}

/** As `readPages`, with null where there is no such list. */
export function findPages<T>(client: CircleClient, list: List<T>, signal: AbortSignal): Promise<T[] | null> {
  return collect(client.find, list, signal);
}

async function collect<T>(ask: Ask, list: List<T>, signal?: AbortSignal): Promise<T[] | null> {
  const { path, query = "", item, onFirst, isPast = () => false, mayAsk = () => true } = list;
  const items: T[] = [];
  const tokens = new Set<string>();
  for (let token = ""; mayAsk(); ) {
    const parameters = [query, token === "" ? "" : `page-token=${encodeURIComponent(token)}`].filter(Boolean);
    const answer = await ask(parameters.length === 0 ? path : `${path}?${parameters.join("&")}`, signal);
    if (answer === null) return null;
    if (token === "") onFirst?.(answer);
    const page = readAnswer(pageOf(item), answer.body);
    items.push(...page.items);
    token = page.next_page_token ?? "";
    if (token === "" || page.items.some(isPast)) return items;
    if (tokens.has(token)) throw new SignalboxError("service", `CircleCI names the same next page twice: ${path}`);
    tokens.add(token);
  }
  return items;
}
