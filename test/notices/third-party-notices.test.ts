import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { rolldown } from "rolldown";
import { describe, expect, it } from "vitest";
import { thirdPartyNotices } from "../../.config/third-party-notices.ts";
import { useTempDir } from "../support/temp-dir.ts";

const LICENCE = `MIT License\n\n${"Permission is hereby granted, free of charge, to any person. ".repeat(10)}`;

describe("the notices of a bundle", () => {
  const dir = useTempDir();
  /** Bundles an entry that imports `x`; the files of node_modules are given by name. */
  const build = async (files: Readonly<Record<string, string>>, facts: Readonly<Record<string, unknown>> = {}) => {
    const all = {
      "entry.js": 'import { x } from "x"; console.log(x);',
      "node_modules/x/index.js": "export const x = globalThis.y ?? [1];",
      "node_modules/x/package.json": JSON.stringify({
        name: "x",
        version: "1.2.3",
        license: "MIT",
        main: "index.js",
        ...facts,
      }),
      ...files,
    };
    for (const [name, text] of Object.entries(all)) {
      const file = join(dir(), name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    const bundle = await rolldown({
      input: join(dir(), "entry.js"),
      plugins: [thirdPartyNotices()],
      logLevel: "silent",
    });
    const { output } = await bundle.generate({ format: "esm" });
    return output.find(({ fileName }) => fileName === "THIRD_PARTY_NOTICES.txt");
  };

  it("hold the name, version and whole licence of each package that is in it, and no other", async () => {
    const file = await build({
      "node_modules/x/LICENSE": LICENCE,
      "node_modules/unused/package.json": '{"name":"unused","version":"1.0.0","license":"MIT"}',
    });

    expect(file?.type === "asset" && file.source).toBe(
      `signalbox holds code of these packages, under their licences.\n\n${"-".repeat(80)}\n\nx@1.2.3 (MIT)\n\n${LICENCE.trim()}\n`,
    );
  });

  it("take a licence out of a README where it stands nowhere else", async () => {
    const file = await build({
      "node_modules/x/README.md": `# x\n\nuse it\n\nLicense\n-------\n\n${LICENCE}\n\n[link]: https://x`,
    });

    expect(file?.type === "asset" && file.source).toContain(`(MIT)\n\n${LICENCE.trim()}\n`);
  });

  it.each([
    ["no licence's text", {}, {}, "x@1.2.3 is bundled and holds no licence's text"],
    ["a name of a licence for its text", { "node_modules/x/LICENSE": "MIT" }, {}, "holds no licence's text"],
    [
      "a licence that nobody has read",
      { "node_modules/x/LICENSE": LICENCE },
      { license: "AGPL-3.0" },
      'under "AGPL-3.0"',
    ],
    [
      "a dependency that it may hold a copy of",
      { "node_modules/x/LICENSE": LICENCE },
      { dependencies: { y: "1" } },
      "its dependency y is not",
    ],
  ])("stop the build for a package with %s", async (_, files, facts, message) => {
    await expect(build(files, facts)).rejects.toThrow(message);
  });
});
