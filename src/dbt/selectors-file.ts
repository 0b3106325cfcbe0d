import { join } from "node:path";
import { fieldsOf, isFields, listOf, textOf } from "../artifacts/fields.ts";
import type { NamedSelectors } from "../selection/named-selectors.ts";
import { readFileIfAny, SETTINGS } from "../support/files.ts";
import { readYaml } from "../support/yaml.ts";

/**
 * The selectors of a project's selectors.yml as they are written, before Jinja. None where there is no such file, and where it
 * cannot be read: dbt says so. A manifest may hold those of long ago, as dbt 1 does not copy them where nothing else changed
 * since its last parse. https://docs.getdbt.com/reference/node-selection/yaml-selectors
 */
export async function readSelectorsFile(dir: string): Promise<NamedSelectors> {
  const text = await readFileIfAny(join(dir, "selectors.yml"), SETTINGS);
  const yaml = text === null ? null : readYaml(text, { merge: true });
  if (yaml?.kind !== "read") return new Map();
  return new Map(
    listOf(fieldsOf(yaml.value).selectors)
      .filter(isFields)
      .flatMap(({ name, default: isDefault, definition }) => {
        const known = textOf(name);
        return known === null ? [] : [[known, { isDefault: isDefault === true, definition }] as const];
      }),
  );
}
