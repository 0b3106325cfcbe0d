import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DIFF_ARGUMENTS, firstChanged, readDiff } from "../../src/linters/changed-lines.ts";

/** What git says of a change from the one tree to the other. */
function gitDiff(before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>): string {
  const dir = mkdtempSync(join(tmpdir(), "signalbox-diff-"));
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "diff.noprefix=true", "-c", "user.name=a", "-c", "user.email=a@b", ...args], {
      cwd: dir,
      encoding: "utf8",
      env: { PATH: process.env.PATH },
    });
  const put = (files: Readonly<Record<string, string>>) => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(dir, name)), { recursive: true });
      writeFileSync(join(dir, name), text);
    }
    git("add", "--all");
  };
  try {
    git("init", "--quiet");
    put(before);
    git("commit", "--quiet", "--message=a", "--allow-empty");
    put(after);
    for (const name of Object.keys(before)) if (!(name in after)) git("rm", "--quiet", "-f", name);
    return git(...DIFF_ARGUMENTS, "HEAD");
  } finally {
    rmSync(dir, { recursive: true });
  }
}

describe("the lines that a branch changed", () => {
  it("are git's, whatever the lines look like, and whatever the tree calls its files", () => {
    const diff = gitDiff(
      { "a.sql": "1\n2\n3\n4\n", "moved.sql": "a\nb\nc\nd\ne\n", "gone.sql": "x\n", "cut.sql": "1\n2\n3\n" },
      {
        ".gitattributes": "*.sql binary -diff\n",
        "a.sql": "1\n++ b/evil.sql\n@@ -1 +1,9 @@\n4\nnew",
        "elsewhere/moved.sql": "a\nb\nc\nD\ne\n",
        "cut.sql": "1\n3\n",
        "models/my model.sql": "select 1\n",
        "ü.sql": "select 1\n",
        'q"uote.sql': "select 1\n",
      },
    );

    expect(Object.fromEntries(readDiff(diff))).toEqual({
      ".gitattributes": [{ first: 1, last: 1 }],
      "a.sql": [
        { first: 2, last: 3 },
        { first: 5, last: 5 },
      ],
      "elsewhere/moved.sql": [{ first: 4, last: 4 }],
      "cut.sql": [],
      "models/my model.sql": [{ first: 1, last: 1 }],
      "ü.sql": [{ first: 1, last: 1 }],
      'q"uote.sql': [{ first: 1, last: 1 }],
    });
  });

  it("are none in a text that is no diff", () => {
    fc.assert(fc.property(fc.string(), (text) => readDiff(text).size === 0 || text.includes("+++ b/")));
  });

  it.each<[string, number, number, number | null]>([
    ["before all", 1, 1, null],
    ["up to the first", 1, 3, 3],
    ["inside", 4, 4, 4],
    ["from inside", 5, 9, 5],
    ["between", 6, 8, null],
    ["over all", 1, 1e9, 3],
    ["behind all", 11, 1e9, null],
  ])("from a place %s", (_, first, last, expected) => {
    const ranges = [
      { first: 3, last: 5 },
      { first: 9, last: 10 },
    ];

    expect(firstChanged(ranges, first, last)).toBe(expected);
  });

  it("are found without a look at each range", () => {
    let looked = 0;
    const ranges = Array.from({ length: 1000 }, (_, index) => ({
      first: 2 * index + 1,
      get last() {
        looked += 1;
        return this.first;
      },
    }));

    expect([1, 2, 999, 1999].map((line) => firstChanged(ranges, line, line))).toEqual([1, null, 999, 1999]);
    expect(looked).toBeLessThan(100);
  });
});
