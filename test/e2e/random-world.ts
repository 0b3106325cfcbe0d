import type { Random } from "../support/random.ts";

/** A manifest as dbt writes it, and an older one of the same project: random, and the same for the same seed. */
export interface RandomWorld {
  readonly current: object;
  readonly baseline: object;
  /** Names of its models and seeds. */
  readonly names: readonly string[];
}

type Entry = Record<string, unknown> & { unique_id: string; name: string; resource_type: string };

/** Seeds, sources, a small graph of models, singular tests on one to three of them, unit tests. */
export function randomWorld(random: Random): RandomWorld {
  const [nodes, sources, units]: Entry[][] = [[], [], []];
  if (nodes === undefined || sources === undefined || units === undefined) throw new Error("three lists");
  const ids: string[] = [];
  const some = (most: number) =>
    [...ids]
      .sort(() => random.next() - 0.5)
      .slice(0, most)
      .sort();
  const count = random.whole;
  const version = () => String(count(0, 1));

  for (let index = count(0, 2); index > 0; index -= 1) {
    const made = entry("source", `s${index}`, [], "", random);
    const source = { ...made, unique_id: `source.shop.raw.s${index}`, source_name: "raw", identifier: `s${index}` };
    sources.push({ ...source, fqn: ["shop", "raw", `s${index}`], source_description: "", loader: "" });
    ids.push(source.unique_id);
  }
  for (let index = count(1, 2); index > 0; index -= 1) {
    const seed = entry("seed", `e${index}`, [], "", random);
    nodes.push({ ...seed, depends_on: { macros: [] }, checksum: { name: "sha256", checksum: version() } });
    ids.push(seed.unique_id);
  }
  for (let index = count(2, 6); index > 0; index -= 1) {
    const code = random.chance(0.05) ? "" : `select ${version()}`;
    const model = entry("model", `m${index}`, some(random.pick([0, 1, 1, 2])), code, random);
    nodes.push(model);
    ids.push(model.unique_id);
  }
  for (let index = count(1, 6); index > 0; index -= 1)
    nodes.push(entry("test", `t${index}`, some(random.pick([1, 1, 2, 2, 3])), `select ${version()}`, random));
  for (let index = count(0, 2); index > 0; index -= 1) {
    const model = random.pick(["m1", "m2"]);
    const unit = entry("unit_test", `u${index}`, [`model.shop.${model}`], "", random);
    const id = `unit_test.shop.${model}.u${index}`;
    units.push({
      ...unit,
      unique_id: id,
      model,
      given: [],
      expect: { rows: [] },
      checksum: version(),
      fqn: ["shop", model, `u${index}`],
    });
  }
  const names = nodes.filter((each) => each.resource_type !== "test").map(({ name }) => name);
  const before = [nodes, sources, units].map((list) => list.flatMap((each) => older(each, random)));
  return { current: manifest(nodes, sources, units), baseline: manifest(...before), names };
}

/** Gone, changed, or the same. */
function older(made: Entry, random: Random): Entry[] {
  const dice = random.next();
  if (dice < 0.25) return [];
  if (dice > 0.45) return [made];
  if (made.resource_type === "unit_test") return [{ ...made, checksum: "x" }];
  if (made.resource_type === "seed") return [{ ...made, checksum: { name: "sha256", checksum: "x" } }];
  return [{ ...made, raw_code: `${made.raw_code} --` }];
}

function entry(type: string, name: string, parents: readonly string[], code: string, random: Random): Entry {
  return {
    unique_id: `${type}.shop.${name}`,
    resource_type: type,
    name,
    package_name: "shop",
    path: `${name}.sql`,
    original_file_path: `models/${name}.sql`,
    fqn: ["shop", name],
    alias: name,
    checksum: { name: "sha256", checksum: code },
    database: "d",
    schema: "s",
    raw_code: code,
    language: "sql",
    depends_on: { nodes: parents, macros: [] },
    tags: [random.pick(["a", "b", "c"])],
    config: { enabled: true },
    unrendered_config: {},
  };
}

function manifest(nodes: readonly Entry[] = [], sources: readonly Entry[] = [], units: readonly Entry[] = []): object {
  const byId = (list: readonly Entry[]) => Object.fromEntries(list.map((each) => [each.unique_id, each]));
  const none = ["macros", "docs", "exposures", "functions", "metrics", "groups", "selectors", "disabled", "parent_map"];
  const more = ["child_map", "group_map", "saved_queries", "semantic_models"];
  return {
    metadata: {
      dbt_schema_version: "https://schemas.getdbt.com/dbt/manifest/v12.json",
      dbt_version: "1.11.16",
      project_name: "shop",
      adapter_type: "duckdb",
      generated_at: "2026-01-01T00:00:00Z",
    },
    ...Object.fromEntries([...none, ...more].map((key) => [key, {}])),
    nodes: byId(nodes),
    sources: byId(sources),
    unit_tests: byId(units),
  };
}

const METHODS = [
  ...["state:new", "state:old", "state:modified", "state:new", "state:modified", "state:unmodified"],
  ...[
    "tag:a",
    "tag:b",
    "resource_type:test",
    "resource_type:seed",
    "resource_type:model",
    "*",
    "source:*",
    "unit_test:*",
  ],
] as const;

/** A union of up to two parts, each an intersection of up to two criteria with their operators. */
export function randomSelector(random: Random, names: readonly string[]): string {
  const criterion = () => {
    const value = random.pick(["state:modified", ...METHODS, ...names]);
    if (random.chance(0.08)) return `@${value}`;
    return `${random.pick(["", "", "", "+", "1+"])}${value}${random.pick(["", "", "+", "+1"])}`;
  };
  const part = () => Array.from({ length: random.pick([1, 1, 1, 2]) }, criterion).join(",");
  return Array.from({ length: random.pick([1, 1, 2]) }, part).join(" ");
}
