import { type Fields, fieldsOf, isFields, listOf, textOf } from "../artifacts/fields.ts";
import type { Manifest, Node } from "../artifacts/manifest.ts";
import { cutList } from "./cut-list.ts";
import { type Dialect, dialectOf } from "./dialect.ts";
import { isSame } from "./python-equality.ts";
import { parseSelector } from "./selector.ts";

/** A promise to a model's readers that the change does not keep. dbt looks for these where it compares states. */
export interface BrokenContract {
  readonly id: string;
  /** dbt's own sentences, one for each kind of change. */
  readonly changes: readonly string[];
  /** dbt refuses to go on; without a version it only warns. */
  readonly isVersioned: boolean;
  /** false: it depends on what the adapter enforces, which is not known here. */
  readonly isCertain: boolean;
}

/** Values of `state:` for which dbt compares contracts, and looks at the models that are gone. */
const COMPARES_CONTRACTS: ReadonlySet<string> = new Set(["modified", "unmodified", "modified.contract"]);

/** Whether dbt compares contracts for these texts of --select and --exclude. */
export function comparesContracts(select: readonly string[], exclude: readonly string[]): boolean {
  const criteria = [...parseSelector(select, "select"), ...parseSelector(exclude, "exclude")].flat();
  return criteria.some(({ method, value }) => method === "state" && COMPARES_CONTRACTS.has(value));
}

/**
 * Models whose enforced contract is broken since the baseline, and contracted models that are gone; sorted. As ModelNode's
 * same_contract and same_contract_removed in dbt/contracts/graph/nodes.py. `now`: milliseconds since the epoch, for
 * deprecation dates. Empty for versions of dbt that are not known here.
 */
export function brokenContracts(current: Manifest, baseline: Manifest, now: number): readonly BrokenContract[] {
  const dialect = dialectOf(current.dbtVersion);
  if (dialect === null) return [];
  const broken: (BrokenContract | null)[] = [];
  for (const old of baseline.nodes.values()) {
    if (old.type !== "model") continue;
    const node = current.nodes.get(old.id);
    if (node !== undefined) broken.push(compareContracts(node, old.raw, current.adapter, dialect));
    // dbt looks among the disabled ones first, even where another entry of that name is enabled.
    const gone = current.disabled.get(old.id) ?? (node === undefined ? old : null);
    if (gone !== null && dialect.checksRemovedContracts) broken.push(removedContract(gone, now));
  }
  return broken.filter((each) => each !== null).sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Whether dbt's last words are a refusal because of a contract. */
export function isAboutContracts(words: string | null): boolean {
  return /breaking change to (?:an? )?(?:enforced )?contract/i.test(words ?? "");
}

/** One line for a person: which model, and what was promised. */
export function describeBroken({ id, changes }: BrokenContract): string {
  return `${id}: ${changes.join("; ")}`;
}

function removedContract({ id, raw }: Node, now: number): BrokenContract | null {
  if (!isEnforced(raw)) return null;
  const deprecatedAt = Date.parse(textOf(raw.deprecation_date) ?? "");
  if (deprecatedAt < now) return null;
  const how = fieldsOf(raw.config).enabled === false ? "disabled" : "deleted or renamed";
  return {
    id,
    changes: [`Contracted model '${id}' was ${how}.`],
    isVersioned: raw.version != null,
    isCertain: true,
  };
}

function compareContracts(
  { id, raw: now }: Node,
  before: Fields,
  adapter: string,
  dialect: Dialect,
): BrokenContract | null {
  if (!isEnforced(before)) return null;
  const contracts = [fieldsOf(now.contract), fieldsOf(before.contract)] as const;
  if (isEnforced(now) && isSame(contracts[0].checksum ?? null, contracts[1].checksum ?? null)) return null;

  const [columns, oldColumns] = [fieldsOf(now.columns), fieldsOf(before.columns)];
  const names = Object.keys(oldColumns).sort();
  const kept = names.filter((name) => Object.hasOwn(columns, name));
  const removed = names.filter((name) => !Object.hasOwn(columns, name));
  const retyped = kept.filter((name) => hasOtherType(fieldsOf(columns[name]), fieldsOf(oldColumns[name]), dialect));
  const lost = isMaterialized(before)
    ? [
        ...kept.flatMap((name) =>
          lostConstraints(fieldsOf(columns[name]), fieldsOf(oldColumns[name])).map((constraint) => ({
            constraint,
            on: `column ${name}`,
          })),
        ),
        ...lostConstraints(now, before).map((constraint) => ({ constraint, on: `the model` })),
      ]
    : [];
  const enforced = lost.filter(({ constraint }) => isEnforcedBy(adapter, constraint) !== false);
  const hadConstraints =
    constraintsOf(before).length > 0 || names.some((name) => constraintsOf(fieldsOf(oldColumns[name])).length > 0);
  const isLoosened = isMaterialized(before) && !isMaterialized(now) && hadConstraints;

  const certain = [
    ...(isEnforced(now) ? [] : ["its contract is no longer enforced"]),
    ...(removed.length === 0
      ? []
      : [`columns were removed: ${cutList(removed.map((name) => nameIn(oldColumns, name)))}`]),
    ...(retyped.length === 0
      ? []
      : [`columns have another data_type: ${cutList(retyped.map((name) => retyping(name, columns, oldColumns)))}`]),
    ...describeLost(enforced.filter(({ constraint }) => isEnforcedBy(adapter, constraint) === true)),
    ...(isLoosened
      ? [`its materialization no longer enforces constraints: ${materialized(before)} → ${materialized(now)}`]
      : []),
  ];
  const uncertain = describeLost(enforced.filter(({ constraint }) => isEnforcedBy(adapter, constraint) === null));
  if (certain.length + uncertain.length === 0) return null;
  return {
    id,
    changes: [...certain, ...uncertain],
    isVersioned: now.version != null,
    isCertain: certain.length > 0,
  };
}

function describeLost(lost: readonly { readonly constraint: Fields; readonly on: string }[]): readonly string[] {
  if (lost.length === 0) return [];
  const names = lost.map(({ constraint, on }) => `${textOf(constraint.name) ?? textOf(constraint.type)} on ${on}`);
  return [`constraints were removed: ${cutList(names)}`];
}

function isEnforced(raw: Fields): boolean {
  return fieldsOf(raw.contract).enforced === true;
}

function materialized(raw: Fields): string {
  return textOf(fieldsOf(raw.config).materialized) ?? "";
}

/** A view's constraints are words only. */
function isMaterialized(raw: Fields): boolean {
  return ["table", "incremental"].includes(materialized(raw));
}

function hasOtherType(now: Fields, before: Fields, { comparesBaseTypes }: Dialect): boolean {
  const [type, old] = [now.data_type ?? null, before.data_type ?? null];
  return comparesBaseTypes ? baseType(type) !== baseType(old) : type !== old;
}

/** `VARCHAR(5)` is a varchar: its size is no promise. An empty text stays what it is, as for dbt. */
function baseType(type: unknown): unknown {
  return typeof type === "string" && type !== "" ? (type.split("(")[0] ?? "").trim().toLowerCase() : type;
}

function retyping(name: string, columns: Fields, oldColumns: Fields): string {
  const typeOf = (column: unknown) => textOf(fieldsOf(column).data_type) ?? "none";
  return `${nameIn(oldColumns, name)} (${typeOf(oldColumns[name])} → ${typeOf(columns[name])})`;
}

function nameIn(columns: Fields, key: string): string {
  return textOf(fieldsOf(columns[key]).name) ?? key;
}

function constraintsOf(raw: Fields): readonly Fields[] {
  return listOf(raw.constraints).filter(isFields);
}

function lostConstraints(now: Fields, before: Fields): readonly Fields[] {
  const kept = constraintsOf(now).map(withDefaults);
  return constraintsOf(before).filter((old) => !kept.some((each) => isSame(each, withDefaults(old), "fields")));
}

function withDefaults(constraint: Fields): Fields {
  return { warn_unenforced: true, warn_unsupported: true, to_columns: [], columns: [], ...constraint };
}

const ALL = ["check", "not_null", "unique", "primary_key", "foreign_key"];

/** What adapters enforce: CONSTRAINT_SUPPORT in their impl.py. Those that changed it between versions are left out. */
const ENFORCED: ReadonlyMap<string, readonly string[]> = new Map([
  ["duckdb", ALL],
  ["postgres", ALL],
  ["snowflake", ["not_null"]],
  ["redshift", ["not_null"]],
]);

/** null: not known for this adapter. */
function isEnforcedBy(adapter: string, constraint: Fields): boolean | null {
  const type = textOf(constraint.type) ?? "";
  const enforced = ENFORCED.get(adapter);
  return enforced === undefined || !ALL.includes(type) ? null : enforced.includes(type);
}
