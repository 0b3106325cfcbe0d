import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromRepository, pathOfNode } from "../../src/severity/node-path.ts";

const PACKAGES = new Map([
  ["dbt_utils", "dbt_packages/dbt_utils"],
  ["own", "../packages/own"],
]);

describe("the file of a node", () => {
  it.each([
    ["of the project itself", "shop", "models/a.sql", "shop", "models/a.sql"],
    ["of an installed package", "dbt_utils", "models/a.sql", "shop", "dbt_packages/dbt_utils/models/a.sql"],
    ["of a local package beside the project", "own", "tests/a.sql", "shop", "../packages/own/tests/a.sql"],
    ["of a package that lies nowhere", "gone", "models/a.sql", "shop", null],
    ["in a manifest that does not name its project", "shop", "models/a.sql", "", "models/a.sql"],
    ["of a package, in a manifest that does not name its project", "own", "a.sql", "", "../packages/own/a.sql"],
    ["without a package", "", "models/a.sql", "shop", "models/a.sql"],
    ["without a file", "shop", "", "shop", null],
  ])("%s", (_, owner, path, projectName, expected) => {
    const place = { folders: PACKAGES, projectDir: "transform" };

    expect(pathOfNode({ package: owner, path }, { projectName }, place)).toBe(expected);
  });

  it.each([
    ["", "models/../../x.sql", null],
    ["", "../shared/x.sql", null],
    ["transform", "../shared/x.sql", "../shared/x.sql"],
    ["transform", "../../x.sql", null],
    ["", "models/../x.sql", "models/../x.sql"],
    ["", "/etc/passwd", null],
    ["", "C:/Users/dana/x.sql", null],
    ["", "..\\..\\x.sql", null],
    ["", "//server/share/x.sql", null],
    ["", "file:///etc/passwd", null],
  ])("of a project in %j is none where %s leads out of the repository", (projectDir, path, expected) => {
    expect(pathOfNode({ package: "shop", path }, { projectName: "shop" }, { folders: PACKAGES, projectDir })).toBe(
      expected,
    );
  });

  it("of a package is none where it climbs out of it and of the repository", () => {
    const place = { folders: PACKAGES, projectDir: "" };

    expect(pathOfNode({ package: "dbt_utils", path: "../../../x.sql" }, { projectName: "shop" }, place)).toBeNull();
  });
});

describe("a file as it is named from the repository's root", () => {
  it.each([
    ["in the top folder", ".", "models/a.sql", "models/a.sql"],
    ["in a folder", "transform/dbt/", "models/a.sql", "transform/dbt/models/a.sql"],
    ["of Windows", "transform\\dbt", "models\\staging\\a.sql", "transform/dbt/models/staging/a.sql"],
    ["beside the project", "transform/dbt", "../shared/models/a.sql", "transform/shared/models/a.sql"],
    ["with a comma and a colon", ".", "models/a,b:c.sql", "models/a,b:c.sql"],
    ["that is absolute", ".", "/etc/passwd", null],
    ["outside", "dbt", "../../etc/passwd", null],
    ["outside, in the words of Windows", "dbt", "..\\..\\x.sql", null],
    ["that goes out and comes back", ".", "../shop/models/a.sql", null],
    ["on a drive", ".", "C:\\x.sql", null],
    ["on a drive, from its folder", ".", "C:x.sql", null],
    ["on another machine", ".", "\\\\host\\share\\x.sql", null],
    ["with a scheme", ".", "file:///etc/passwd", null],
    ["that is outside once it is cleaned", ".", "..\u200b/..\u001b[0m/x.sql", null],
    ["of two lines", ".", "a\nb.sql", null],
    ["that is a folder", ".", "./", null],
  ])("%s", (_, projectDir, path, file) => {
    expect(fromRepository(projectDir, path)).toBe(file);
  });

  it("never leaves the repository", () => {
    const parts = fc.constantFrom("..", ".", "/", "\\", "a", "C:", "~", "\u200b", "\u001b[0m", "%2e%2e", "\0", " ");
    fc.assert(
      fc.property(fc.constantFrom(".", "", "dbt", "transform/dbt"), fc.array(parts), (projectDir, words) => {
        const file = fromRepository(projectDir, words.join(""));

        if (file !== null) expect(file).toMatch(/^(?!\/)(?!.*\\)(?!(?:.*\/)?\.\.(?:\/|$))[^\p{C}]+$/u);
      }),
      { numRuns: 1000 },
    );
  });
});
