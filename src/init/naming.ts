import { joinPath, type Naming } from "./facts.ts";

/** What decides schemas in a project, read off its files before Jinja. Pure. */

const MACRO = /\{%[-+]?\s*macro\s+((?:\w+__)?generate_(?:schema|database|alias)_name)\s*\(/g;
const FIXED = /\b(target_schema|target_database)\b\s*[=:]/g;
const KEYS = ["schema", "database", "dataset", "project", "target_schema", "target_database"];
const SECTIONS = ["models", "seeds", "snapshots", "tests", "data_tests", "functions"];

/** A file of the project, its path from there. */
export interface TextFile {
  readonly path: string;
  readonly text: string;
}

/** `project`: dbt_project.yml as read. */
export function findNaming(project: Readonly<Record<string, unknown>>, files: readonly TextFile[]): Naming {
  const macros = files.flatMap(({ path, text }) => [...text.matchAll(MACRO)].map(([, name = ""]) => ({ name, path })));
  const inProject = SECTIONS.flatMap((section) => configsIn(project[section], section));
  const snapshots = files.filter(({ text }) => /\bsnapshots?\b/.test(text));
  const inFiles = snapshots.flatMap(({ path, text }) =>
    [...new Set([...text.matchAll(FIXED)].map(([, key = ""]) => key))].map((key) => ({ key, where: path })),
  );
  return { macros, configs: [...inProject, ...inFiles] };
}

/** `+schema` at any depth, and `schema` without the plus where its value is a text: a folder's is a section. */
function configsIn(value: unknown, where: string): { key: string; where: string }[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([name, item]) => {
    const key = name.replace(/^\+/, "");
    if (KEYS.includes(key) && (name.startsWith("+") || typeof item === "string"))
      return item === null
        ? []
        : [{ key: name.startsWith("target_") ? name : `+${key}`, where: `dbt_project.yml ${where}` }];
    return name.startsWith("+") ? [] : configsIn(item, `${where}.${name}`);
  });
}

/** With paths from the top of the repository, as everything else names them. `dir`: the project's folder from there. */
export function namedFrom({ macros, configs }: Naming, dir: string): Naming {
  return {
    macros: macros.map((macro) => ({ ...macro, path: joinPath(dir, macro.path) })),
    configs: configs.map((config) => ({ ...config, where: joinPath(dir, config.where) })),
  };
}

/** What a naming decides: which schema, and what is the same for every target unless it is a template. */
export interface NamingParts {
  /** The project's own `generate_schema_name`; null: dbt's own decides. */
  readonly macro: Naming["macros"][number] | null;
  readonly others: Naming["macros"];
  /** `+schema`, which the macro is given. */
  readonly schemas: Naming["configs"];
  readonly fixed: Naming["configs"];
}

export function partsOf({ macros, configs }: Naming): NamingParts {
  const isOfSchemas = ({ name }: Naming["macros"][number]) => name.endsWith("generate_schema_name");
  return {
    macro: macros.find(isOfSchemas) ?? null,
    others: macros.filter((each) => !isOfSchemas(each)),
    schemas: configs.filter(({ key }) => key === "+schema"),
    fixed: configs.filter(({ key }) => key !== "+schema"),
  };
}

/** `+schema in dbt_project.yml seeds.shop`, each once. */
export function namesOf(configs: Naming["configs"]): readonly string[] {
  return [...new Set(configs.map(({ key, where }) => `${key} in ${where}`))];
}

/** What leaves nodes with these configs out of checks, in signalbox.yml: of keys that snapshots alone have, their type. */
export function excludeOf(fixed: Naming["configs"]): string {
  const isOfSnapshots = fixed.every(({ key }) => key.replace(/^\+/, "").startsWith("target_"));
  return `modes: { check: { exclude: ${isOfSnapshots ? '"resource_type:snapshot"' : "…"} } }`;
}
