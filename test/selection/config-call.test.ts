import { expect, it } from "vitest";
import { configCallOf } from "../../src/selection/config-call.ts";

it.each<[string, string, Record<string, string>]>([
  ["a plain call", `{{ config(materialized='table') }} select 1`, { materialized: "'table'" }],
  ["kinds of quotes and blanks", `{{config( a = "x" ,b=[ 1,2 ] )}}`, { a: "'x'", b: "[ 1 , 2 ]" }],
  [
    "braces and commas in texts",
    `{{ config(a="}} , b=1", c={'d': (1, 2)}) }}`,
    { a: "'}} , b=1'", c: "{ 'd' : ( 1 , 2 ) }" },
  ],
  ["a comparison as a value", "{{ config(a=target.name == 'x') }}", { a: "target.name == 'x'" }],
  ["the first of two", "{{ config(a=1) }}{{ config(b=1) }}", { a: "1" }],
  ["a call in a statement", "{% do config(a=1) %}", { a: "1" }],
  ["none in a comment", "{# {{ config(a=1) }} #} select 1", {}],
  ["none outside of Jinja", "-- config(a=1)", {}],
  ["none of another name", "{{ my_config(a=1) }}{{ x.config(a=1) }}", {}],
  ["a call that does not end", "{{ config(a=1", {}],
  ["a positional argument", "{{ config({'a': 1}) }}", {}],
])("finds %s", (_, code, expected) => {
  expect(Object.fromEntries(configCallOf(code))).toEqual(expected);
});
