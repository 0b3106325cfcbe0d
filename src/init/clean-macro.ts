import type { Answers } from "./facts.ts";

/** Jinja for dbt: drops the schemas that checks left behind, on any adapter. */
export function renderCleanMacro({ schema, check, deploy }: Answers): string {
  const before = schema.split("{branch}")[0] ?? "";
  const prefix = /^[A-Za-z][A-Za-z0-9_]+$/.test(before) ? before : "ci_";
  const start = `dbt run-operation signalbox_clean --target ${/^[\w-]+$/.test(check) ? check : "ci"}`;
  return `{#
  Lists the schemas that begin with the prefix of checks, and drops those that it is told by name; never the target's own.
  Which of them are of a branch that is gone (${prefix}feature_fx_1a2b3c, ${prefix}feature_fx_1a2b3c_staging) signalbox clean knows, by the
  hash of the branch's name: six digits alone prove nothing.

    ${start}
    ${start} --args '{only: [${prefix}feature_fx_1a2b3c], dry_run: false}'
#}
{% macro signalbox_clean(prefix=${JSON.stringify(prefix)}, keep=[], only=none, dry_run=true) %}
  {% if target.name == ${JSON.stringify(deploy)} %}
    {% do exceptions.raise_compiler_error('signalbox_clean: ' ~ target.name ~ ' is the deploy target: name the check target with --target') %}
  {% endif %}
  {% if not modules.re.match('[A-Za-z][A-Za-z0-9_]+$', prefix | string) %}
    {% do exceptions.raise_compiler_error('signalbox_clean: prefix is "' ~ prefix ~ '": wanted two or more letters, digits and underscores') %}
  {% endif %}
  {% if not dry_run and only is none %}
    {% do exceptions.raise_compiler_error('signalbox_clean: name what to drop with only: [...]; signalbox clean knows which branches are gone') %}
  {% endif %}
  {% set pattern = modules.re.escape(prefix | lower) ~ '[a-z0-9_$]+$' %}
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
