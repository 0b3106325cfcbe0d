import { z } from "zod";
import { type CamelCase, camelCase } from "./camel-case.ts";
import { type AnyOption, OPTIONS, type OptionName } from "./flags.ts";

/** What the parts of signalbox.yml are made of, and what of a key the option table knows. */

type CamelKeys<T> = { [K in keyof T as K extends string ? CamelCase<K> : K]: T[K] };

function camelKeys<T extends object>(value: T): CamelKeys<T> {
  const entries = Object.entries(value).map(([key, item]) => [camelCase(key), item]);
  return Object.fromEntries(entries) as CamelKeys<T>;
}

/** A part of the file: unknown keys are errors; a missing or empty part is its defaults. */
export function section<S extends z.ZodRawShape>(shape: S) {
  return z.preprocess((value) => value ?? {}, z.strictObject(shape, "wanted keys and values").transform(camelKeys));
}

type ChoicesOf<N extends OptionName> = Extract<(typeof OPTIONS)[number], { name: N; choices: unknown }>["choices"];

/** The choices of a flag, for a key of the file that has the same. */
export function choicesOf<N extends OptionName>(name: N): ChoicesOf<N> {
  const option = OPTIONS.find((each) => each.name === name);
  if (option === undefined || !("choices" in option)) throw new Error(`--${name} has no choices`);
  return option.choices as ChoicesOf<N>;
}

/** A key that a flag overrides: its default stands in the option table. */
export function ofTable<R extends z.ZodType>(reader: R, key: string) {
  const option = (OPTIONS as readonly AnyOption[]).find(({ file }) => file === key);
  if (option?.default === undefined) throw new Error(`the option table has no default for ${key}`);
  return reader.default(reader.parse(option.default) as z.core.util.NoUndefined<z.output<R>>);
}
