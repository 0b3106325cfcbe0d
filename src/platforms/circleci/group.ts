import { configurationError, SignalboxError } from "../../support/errors.ts";
import { quoteAll } from "../quote.ts";
import { nameAnswer, type Pipeline } from "./answers.ts";
import type { CircleClient } from "./client.ts";
import { pathOf, readPages } from "./pages.ts";

/** The runs that must not overlap, as the API's record of this run's pipeline tells them. */
export interface PipelineGroup {
  readonly slug: string;
  readonly branch: string | null;
  readonly tag: string | null;
  readonly origin: string | null;
  readonly names: ReadonlySet<string>;
}

/** What a record does not tell counts as alike: it may be the same schema. */
export function isSameRef(pipeline: Pipeline, { branch, tag, origin }: PipelineGroup): boolean {
  const isOrigin =
    pipeline.origin === null || origin === null || pipeline.origin.toLowerCase() === origin.toLowerCase();
  const tellsNoRef = pipeline.branch === null && pipeline.tag === null;
  const isUnknown = tellsNoRef || (branch === null && tag === null);
  return isOrigin && (isUnknown || (pipeline.branch === branch && pipeline.tag === tag));
}

export function nameGroup({ slug, branch, tag, origin, names }: PipelineGroup): string {
  return [slug, origin ?? slug, branch ?? tag ?? "(any ref)", [...names].sort().join(",")].join(" ");
}

/**
 * The names that `queue.workflows` stands for. Names that this pipeline does not hold are looked for among the
 * workflows of the last 90 days. Throws a configuration error for unknown ones; where CircleCI does not tell (an
 * older Server), it goes on and says so.
 */
export async function resolveNames(
  client: CircleClient,
  entries: readonly string[],
  own: { readonly slug: string; readonly name: string; readonly siblings: readonly (string | null)[] },
  notice: (text: string) => void,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const names = new Set(entries.map((entry) => (entry === "self" ? own.name : entry)));
  const strange = [...names].filter((name) => name !== own.name && !own.siblings.includes(name));
  if (strange.length === 0) return names;

  const list = {
    path: pathOf("insights", own.slug, "workflows"),
    query: "all-branches=true&reporting-window=last-90-days",
    item: nameAnswer,
  };
  const known = await readPages(client, list, signal).catch((error: unknown) => {
    signal.throwIfAborted();
    if (!(error instanceof SignalboxError)) throw error;
    notice(`the names in queue.workflows were not checked: ${error.message}`);
    return null;
  });
  if (known === null) return names;

  const all = [...new Set([own.name, ...own.siblings, ...known.map(({ name }) => name)])].filter(
    (name) => name !== null,
  );
  const unknown = strange.filter((name) => !all.includes(name));
  if (unknown.length > 0) {
    const wanted = `no such workflow; CircleCI knows ${quoteAll(all.sort())}`;
    throw configurationError(
      unknown.map((name) => ({ where: "queue.workflows", got: JSON.stringify(name), wanted })),
      "a new workflow is known once it has run",
    );
  }
  return names;
}
