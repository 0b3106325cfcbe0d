import { dbtVariable } from "../dbt/environment.ts";
import { INDIRECT_SELECTIONS } from "../selection/evaluate.ts";
import type { ResourceTypes } from "../selection/resource-types.ts";
import type { IndirectSelection } from "../selection/select.ts";
import { readDbtOptions } from "../settings/dbt-words.ts";
import { configurationError, type Problem } from "../support/errors.ts";
import type { Environment } from "../support/secrets.ts";

/** What chooses nodes beside the selector: the plan goes by it, and dbt gets it as arguments. */
export interface Choosing {
  /** null: the project's own. */
  readonly indirectSelection: IndirectSelection | null;
  readonly resourceTypes: ResourceTypes;
}

/** What dbt build has a runner for. */
const BUILT = ["model", "seed", "snapshot", "test", "unit_test", "function", "saved_query", "exposure"];
const INCLUDED = [...BUILT, "all", "default"];
const EXCLUDED = [...BUILT, "source", "metric", "semantic_model", "analysis"];

/**
 * Reads `dbt.args` and dbt's own variables, of which an argument wins. Throws a configuration error for a type that dbt
 * build does not know.
 */
export function readChoosing(args: readonly string[], env: Environment): Choosing {
  const problems: Problem[] = [];
  const typesOf = (name: string, known: readonly string[]): readonly string[] => {
    const asked = readDbtOptions(args).filter((option) => option.name === name);
    const variable = dbtVariable(env, name.replaceAll("-", "_").toUpperCase());
    const where = asked.length > 0 ? "dbt.args" : (variable?.name ?? "");
    const types =
      asked.length > 0 ? asked.flatMap(({ values }) => values) : (variable?.value.trim().split(/\s+/) ?? []);
    for (const type of types.filter((each) => !known.includes(each)))
      problems.push({
        where,
        got: JSON.stringify(type),
        wanted: `wanted types, with blanks between: ${known.join(" ")}`,
      });
    return types;
  };
  const resourceTypes = {
    only: typesOf("resource-types", INCLUDED),
    without: typesOf("exclude-resource-types", EXCLUDED),
  };
  const indirect = dbtVariable(env, "INDIRECT_SELECTION");
  const indirectSelection = INDIRECT_SELECTIONS.find((mode) => mode === indirect?.value.toLowerCase()) ?? null;
  if (indirect !== null && indirectSelection === null)
    problems.push({
      where: indirect.name,
      got: JSON.stringify(indirect.value),
      wanted: `wanted ${INDIRECT_SELECTIONS.join(", ")}`,
    });
  if (problems.length > 0) throw configurationError(problems);
  return { indirectSelection, resourceTypes };
}
