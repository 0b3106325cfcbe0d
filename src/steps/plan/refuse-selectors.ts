import { definitionAsksNewerData, type NamedSelectors, selectorsNamedIn } from "../../selection/named-selectors.ts";
import { choosingBehindDashes, readDbtOptions } from "../../settings/dbt-words.ts";
import { configurationError } from "../../support/errors.ts";

/** What chooses nodes, by the user's words. */
interface ChosenBy {
  /** Of --select and --exclude, with where each is written; no `select`: everything is built. */
  readonly select?: WrittenText;
  readonly exclude: readonly WrittenText[];
  /** What stands behind `--`. */
  readonly rest: readonly string[];
}

interface WrittenText {
  readonly text: string;
  readonly where: string;
}

/**
 * signalbox looks at the sources where the mode's own words ask for newer data. Throws a configuration error where a selector
 * of selectors.yml does: dbt would end with an error, or decide by a look of long ago.
 */
export function assertNoSelectorAsks(selectors: NamedSelectors, { select, exclude, rest }: ChosenBy): void {
  const asking = (names: readonly string[]) => names.filter((name) => definitionAsksNewerData(name, selectors));
  const texts = select === undefined ? exclude : [select, ...exclude];
  const problems = texts.flatMap(({ text, where }) =>
    asking(selectorsNamedIn(text)).map((name) => ({
      where,
      got: JSON.stringify(text),
      wanted: `selects by source_status: through ${name} of selectors.yml`,
    })),
  );
  if (select === undefined) {
    const options = readDbtOptions(rest);
    const behind = options.flatMap(({ name, values }) => (name === "selector" ? values : []));
    problems.push(
      ...asking(behind).map((name) => ({
        where: "-- --selector",
        got: JSON.stringify(name),
        wanted: "selects by source_status:",
      })),
    );
    // dbt drops it for a selection of any kind.
    const isAlone = texts.length === 0 && choosingBehindDashes(rest).length === 0;
    const defaults = [...selectors].filter(([, { isDefault }]) => isAlone && isDefault).map(([name]) => name);
    problems.push(
      ...asking(defaults).map((name) => ({
        where: `selectors.yml ${name}`,
        got: "default: true",
        wanted: "dbt takes it where everything is built, and it selects by source_status: (take default: true away)",
      })),
    );
  }
  if (problems.length > 0)
    throw configurationError(
      problems,
      "signalbox looks at the sources only where select in signalbox.yml itself says so: write there what the selector says, such as source_status:fresher+",
    );
}
