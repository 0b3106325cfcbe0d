import type { Answers } from "./facts.ts";

/** Jinja for dbt: drops the schemas that checks left behind, on any adapter. */
export function renderCleanMacro({ schema, check, deploy }: Answers): string {
  const before = schema.split("{branch}")[0] ?? "";
  const prefix = /^[A-Za-z][A-Za-z0-9_]+$/.test(before) ? before : "ci_";
  const start = `dbt run-operation signalbox_clean --target ${/^[\w-]+$/.test(check) ? check : "ci"}`;
  return `{#
  Drops the schemas that signalbox made for branches: prefix, name of the branch, six hex digits (${prefix}feature_fx_1a2b3c).
  It lists them, and drops only when it is told dry_run: false; never the target's own schema, nor one to keep.
  signalbox clean knows which branches are gone, and says which to drop with only: [...].

    ${start}
    ${start} --args '{keep: [${prefix}feature_fx_1a2b3c], dry_run: false}'
#}
{% macro signalbox_clean(prefix=${JSON.stringify(prefix)}, keep=[], only=none, dry_run=true) %}
  {% if target.name == ${JSON.stringify(deploy)} %}
    {% do exceptions.raise_compiler_error('signalbox_clean: ' ~ target.name ~ ' is the deploy target: name the check target with --target') %}
  {% endif %}
  {% if not modules.re.match('[A-Za-z][A-Za-z0-9_]+$', prefix | string) %}
    {% do exceptions.raise_compiler_error('signalbox_clean: prefix is "' ~ prefix ~ '": wanted two or more letters, digits and underscores') %}
  {% endif %}
  {% set pattern = modules.re.escape(prefix | lower) ~ '[a-z0-9]+(_[a-z0-9]+)*_[0-9a-f]{6}$' %}
  {% set kept = keep | map('lower') | list + [target.schema | lower] %}
  {% set chosen = none if only is none else only | map('lower') | list %}

  {% set found = [] %}
  {% for row in list_schemas(target.database) %}
    {# BigQuery answers with names, Snowflake with a column of that name, the others with the name first. #}
    {% set name = row if row is string else row['name'] if 'name' in row.keys() else row[0] %}
    {% if modules.re.match(pattern, name | lower) and name | lower not in kept and (chosen is none or name | lower in chosen) %}
      {% do found.append(name) %}
    {% endif %}
  {% endfor %}

  {% do log('signalbox_clean: ' ~ ('would drop ' if dry_run else 'drops ') ~ (found | length) ~ (' schema' if found | length == 1 else ' schemas') ~ (': ' if found else '') ~ found | sort | join(', '), info=true) %}
  {% if not dry_run %}
    {% for name in found %}
      {% do adapter.drop_schema(api.Relation.create(database=target.database, schema=name)) %}
    {% endfor %}
  {% endif %}
{% endmacro %}
`;
}
