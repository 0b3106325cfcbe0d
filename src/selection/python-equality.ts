/**
 * Equality of JSON values as Python sees it: `1 == 1.0 == true`, the order of keys is free, that of lists counts.
 * A key that is absent is not null, unless `fields` says that the objects are records whose fields default to null.
 */
export function isSame(a: unknown, b: unknown, kind: "values" | "fields" = "values"): boolean {
  if (a === b) return true;
  const pairs = [{ left: a, right: b }];
  // A list of pairs and no recursion: a manifest may be nested deeper than the stack.
  for (let pair = pairs.pop(); pair !== undefined; pair = pairs.pop()) {
    const { left, right } = pair;
    if (left === right) continue;
    if (Array.isArray(left) && Array.isArray(right)) {
      if (left.length !== right.length) return false;
      left.forEach((item, index) => {
        if (item !== right[index]) pairs.push({ left: item, right: right[index] });
      });
    } else if (isDict(left) && isDict(right)) {
      const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
      for (const key of keys) {
        if (kind === "values" && !(Object.hasOwn(left, key) && Object.hasOwn(right, key))) return false;
        if (left[key] !== right[key]) pairs.push({ left: valueAt(left, key), right: valueAt(right, key) });
      }
    } else if (numberOf(left) === null || numberOf(left) !== numberOf(right)) return false;
  }
  return true;
}

/** bool(value): empty texts, lists and dicts, zero, false and null are false. */
export function isTruthy(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return Boolean(value);
  return (Array.isArray(value) ? value : Object.keys(value)).length > 0;
}

/** str.strip() leaves nothing. */
export function isBlank(text: string): boolean {
  return /^[\s\x1c-\x1f\x85]*$/.test(text.replaceAll("\ufeff", "x"));
}

function isDict(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function valueAt(record: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(record, key) ? (record[key] ?? null) : null;
}

function numberOf(value: unknown): number | null {
  return typeof value === "number" || typeof value === "boolean" ? Number(value) : null;
}
