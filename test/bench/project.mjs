// A generated dbt project: layers of models that read the layer below, each with tests. Views on DuckDB, so that what is
// measured is dbt's own work and not the warehouse's.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const LAYERS = 5;

/** Writes the project with targets ci and prod into a folder. Tests per model: 1 to 3 (not_null, unique, accepted range). */
export function writeProject(dir, { models, testsPerModel }) {
  const perLayer = Math.ceil(models / LAYERS);
  const nameOf = (index) => `m_${String(index).padStart(4, "0")}`;
  mkdirSync(join(dir, "models"), { recursive: true });
  const entries = Array.from({ length: models }, (_, index) => {
    const layer = Math.floor(index / perLayer);
    const parents = layer === 0 ? [] : [index - perLayer, (layer - 1) * perLayer + ((index * 7) % perLayer)];
    const from =
      parents.length === 0
        ? "select 1 as id, 1 as amount"
        : [...new Set(parents)]
            .map((parent) => `select id, amount from {{ ref('${nameOf(parent)}') }}`)
            .join("\nunion\n");
    writeFileSync(join(dir, "models", `${nameOf(index)}.sql`), `${from}\n`);
    const tests = ["not_null", "unique", { accepted_values: { arguments: { values: [1, 2], quote: false } } }].slice(
      0,
      testsPerModel,
    );
    return { name: nameOf(index), columns: [{ name: "id", data_tests: tests }] };
  });
  writeFileSync(join(dir, "models/schema.yml"), JSON.stringify({ version: 2, models: entries }));
  writeFileSync(
    join(dir, "dbt_project.yml"),
    JSON.stringify({
      name: "generated",
      profile: "generated",
      flags: { send_anonymous_usage_stats: false },
      models: { generated: { "+materialized": "view" } },
    }),
  );
  const output = (schema) => ({ type: "duckdb", path: join(dir, "generated.duckdb"), schema, threads: 4 });
  writeFileSync(
    join(dir, "profiles.yml"),
    JSON.stringify({
      generated: {
        target: "ci",
        outputs: { ci: output("{{ env_var('SIGNALBOX_SCHEMA', 'ci') }}"), prod: output("analytics") },
      },
    }),
  );
  return { firstOf: (layer) => join(dir, "models", `${nameOf(layer * perLayer)}.sql`), layers: LAYERS };
}
