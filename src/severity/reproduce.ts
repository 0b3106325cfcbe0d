import type { ResultsSource } from "../artifacts/dbt-run.ts";
import { nameInSelector } from "../artifacts/node-name.ts";
import type { Finding } from "./verdict.ts";

/** What `dbt build` can select by name. */
const BUILT: ReadonlySet<string | null> = new Set(["model", "seed", "snapshot", "test", "unit_test", "function"]);

/** Names come from the project, and the line is pasted into a shell: nothing but plain ones. */
const PLAIN = /^[A-Za-z_][\w.]*$/;

const PLAIN_TARGET = /^\w[\w.-]*$/;

const MOST_NAMES = 50;

/**
 * The command that shows the errors again, `dbt build --target prod --select test_a test_b`; for sources alone
 * `dbt source freshness`. null where no error has a name that can be selected. At most fifty names, the first ones.
 * `target`: where dbt ran; null: the profile's own, or not known.
 */
export function reproduceCommand(findings: readonly Finding[], target: string | null): string | null {
  const failed = findings.flatMap(({ severity, subject }) =>
    severity === "error" && subject.kind === "node" ? [subject] : [],
  );
  const built = failed.filter(({ type }) => BUILT.has(type)).map(({ name }) => name);
  const sources = failed.filter(({ type }) => type === "source").map(({ id }) => nameInSelector(id));
  const into = target !== null && PLAIN_TARGET.test(target) ? ` --target ${target}` : "";
  return (
    command(`dbt build${into} --select`, built, "") ??
    command(`dbt source freshness${into} --select`, sources, "source:")
  );
}

/** dbt's target, where all results say the same; null: they do not. */
export function targetOf(sources: readonly Pick<ResultsSource, "target">[]): string | null {
  const [target = null, ...others] = new Set(sources.flatMap((source) => source.target ?? []));
  return others.length === 0 ? target : null;
}

function command(start: string, names: readonly string[], prefix: string): string | null {
  const plain = [...new Set(names)].filter((name) => PLAIN.test(name)).slice(0, MOST_NAMES);
  return plain.length === 0 ? null : [start, ...plain.map((name) => `${prefix}${name}`)].join(" ");
}
