/** A value of a YAML file, as far as it can be one of signalbox.yml: no deeper than this, and no value inside of itself. */
const DEEPEST = 30;

/** Linux gives no program a longer argument (128 KiB with its end). https://man7.org/linux/man-pages/man2/execve.2.html */
const LONGEST_BYTES = 120_000;

export interface Unfit {
  readonly path: readonly PropertyKey[];
  readonly wanted: string;
}

/**
 * What of a file's value nothing can be done with, whichever key it is for: a list that holds itself by an alias, texts with a
 * NUL character or so long that no program, file or address can be given them. The texts themselves are not told.
 */
export function findUnfit(value: unknown): readonly Unfit[] {
  return unfitIn(value, [], []);
}

function unfitIn(value: unknown, path: readonly PropertyKey[], above: readonly object[]): readonly Unfit[] {
  if (typeof value === "string") {
    const wanted = whyUnfit(value);
    return wanted === null ? [] : [{ path, wanted }];
  }
  if (typeof value !== "object" || value === null) return [];
  if (above.includes(value)) return [{ path, wanted: "is an alias of what it stands in: no value can hold itself" }];
  if (above.length >= DEEPEST) return [{ path: path.slice(0, 1), wanted: "is nested too deeply" }];
  const inside = [...above, value];
  return Object.entries(value).flatMap(([key, item]) => {
    const name = whyUnfit(key);
    if (name !== null) return [{ path, wanted: `has a key that ${name}` }];
    return unfitIn(item, [...path, Array.isArray(value) ? Number(key) : key], inside);
  });
}

function whyUnfit(text: string): string | null {
  if (text.includes("\0")) return "holds a NUL character: no program, file or address can be given one";
  const bytes = Buffer.byteLength(text);
  return bytes <= LONGEST_BYTES
    ? null
    : `has ${bytes} bytes: no program can be given more than ${LONGEST_BYTES} of them`;
}
