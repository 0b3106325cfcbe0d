/** Lines of a file, both counted from 1 and both among them. */
export interface LineRange {
  readonly first: number;
  readonly last: number;
}

/** By its path from the top of the repository: the lines of each file that a branch has added or changed, in order. */
export type ChangedLines = ReadonlyMap<string, readonly LineRange[]>;

/** git's words for a diff that `readDiff` can read, whatever git's configuration and the tree's .gitattributes say. */
export const DIFF_ARGUMENTS: readonly string[] = [
  ...["-c", "core.quotePath=false", "diff", "--unified=0", "--inter-hunk-context=0", "--no-color", "--no-ext-diff"],
  // A tree could call its own SQL binary.
  ...["--no-textconv", "--text", "--find-renames", "--diff-filter=d", "--ignore-submodules=all"],
  ...["--src-prefix=a/", "--dst-prefix=b/"],
];

/**
 * The changed lines in git's diff without context. The lines of a hunk are passed over by its own count: one that reads like
 * a header is none. https://git-scm.com/docs/git-diff#generate_patch_text_with_p
 */
export function readDiff(diff: string): ChangedLines {
  const changed = new Map<string, LineRange[]>();
  let ranges: LineRange[] | null = null;
  let toSkip = 0;
  for (let at = 0; at < diff.length; ) {
    const end = diff.indexOf("\n", at);
    const next = end === -1 ? diff.length : end;
    if (toSkip > 0) {
      // `\ No newline at end of file` is none of the lines that are counted.
      if (diff[at] !== "\\") toSkip -= 1;
    } else if (diff.startsWith("diff --git ", at)) ranges = null;
    else if (diff.startsWith("+++ ", at)) {
      const name = nameIn(diff.slice(at + 4, next));
      ranges = name === null ? null : (changed.get(name) ?? []);
      if (name !== null && ranges !== null) changed.set(name, ranges);
    } else if (diff.startsWith("@@ ", at)) {
      const hunk = /^@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(diff.slice(at, Math.min(next, at + 100)));
      const [before, first, after] = [hunk?.[1] ?? 1, hunk?.[2] ?? 0, hunk?.[3] ?? 1].map(Number) as [
        number,
        number,
        number,
      ];
      toSkip = hunk === null ? 0 : before + after;
      if (after > 0 && first > 0) ranges?.push({ first, last: first + after - 1 });
    }
    at = next + 1;
  }
  return changed;
}

/** `b/models/a.sql`, with a tab behind it where the name holds a blank, in quotes where it holds what C would escape. */
function nameIn(text: string): string | null {
  const plain = text.endsWith("\t") ? text.slice(0, -1) : text;
  const name = plain.startsWith('"') ? unquoted(plain.slice(1, -1)) : plain;
  return name.startsWith("b/") ? name.slice(2) : null;
}

const ESCAPES: Readonly<Record<string, string>> = {
  ...{ a: "\u0007", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" },
};

function unquoted(text: string): string {
  return text.replace(/\\(?:([0-7]{3})|(.))/gs, (_, octal: string | undefined, char: string) =>
    octal === undefined ? (ESCAPES[char] ?? char) : String.fromCharCode(Number.parseInt(octal, 8)),
  );
}

/** The first changed line from `first` to `last`; null: none of them was changed. Both lists may be as long as a branch likes. */
export function firstChanged(ranges: readonly LineRange[], first: number, last: number): number | null {
  let [from, to] = [0, ranges.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((ranges[middle]?.last ?? 0) >= first) to = middle;
    else from = middle + 1;
  }
  const range = ranges[from];
  return range === undefined || range.first > last ? null : Math.max(range.first, first);
}
