import type { Problem } from "../support/errors.ts";

/** What is empty is not shown: `--select is "": is empty` says it twice. */
export function problemOf(where: string, value: unknown, wanted: string): Problem {
  const isBare = value === undefined || wanted.startsWith("is empty");
  return { where, got: isBare ? null : show(value), wanted };
}

export function listed(values: readonly unknown[]): string {
  return values.map(show).join(" and ");
}

export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
