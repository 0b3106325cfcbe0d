import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { publint } from "publint";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { laptop } from "./cli.ts";
import { packPackage } from "./package.ts";

/** The package as npm hands it out. */
describe("the packed tarball", () => {
  let [dir, tarball] = ["", ""];
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), "signalbox-package-"));
    tarball = packPackage(dir);
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it("holds the built CLI, README and licence, and nothing else", () => {
    const names = execFileSync("tar", ["-tzf", tarball], { encoding: "utf8" }).trim().split("\n");

    expect(names.filter((name) => !name.startsWith("package/dist/")).sort()).toEqual([
      "package/LICENSE",
      "package/README.md",
      "package/package.json",
    ]);
    expect(names).toContain("package/dist/cli.js");
    expect(names.filter((name) => !/^package\/(?:dist\/[\w-]+\.js|[\w.]+)$/.test(name)).sort()).toEqual([
      "package/dist/THIRD_PARTY_NOTICES.txt",
      "package/dist/load-dbt.py",
    ]);
    expect(statSync(tarball).size).toBeLessThan(1_000_000);
  });

  it("needs no other package, and runs with npx in an empty folder without a network", () => {
    const empty = join(dir, "empty");
    mkdirSync(empty);
    const env = laptop({ HOME: dir, npm_config_registry: "http://127.0.0.1:9/", npm_config_cache: join(dir, "cache") });
    const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };

    // npx takes an absolute path for a program.
    const name = `../${basename(tarball)}`;
    const told = spawnSync("npx", ["-y", name, "--version"], { cwd: empty, env, encoding: "utf8" });
    const ci = spawnSync("npx", ["-y", name, "ci"], { cwd: empty, env, encoding: "utf8" });

    expect(told.stdout.trim()).toBe(version);
    expect(ci.stderr).toContain("signalbox: git finds no checkout in");
    expect(ci.status).toBe(2);
  });

  it("holds the licences of what is bundled, also of the copies in other packages", () => {
    const notices = execFileSync("tar", ["-xzOf", tarball, "package/dist/THIRD_PARTY_NOTICES.txt"], {
      encoding: "utf8",
    });

    for (const name of ["yargs-parser", "zod", "axios", "undici", "@octokit/rest", "xmlbuilder", "lodash"])
      expect(notices).toMatch(new RegExp(`^${name}@\\d\\S* \\((?:MIT|ISC)\\)$`, "m"));
    expect(notices.match(/^(?:Permission (?:is hereby granted|to use)|.*Apache License)/gm)?.length).toBeGreaterThan(
      70,
    );
    for (const tool of ["vitest", "rolldown", "typescript"]) expect(notices).not.toContain(`\n${tool}@`);
  });

  it("is what publint calls good", async () => {
    const { messages } = await publint({
      strict: true,
      pack: { tarball: new Uint8Array(readFileSync(tarball)).buffer },
    });

    expect(messages).toEqual([]);
  });
});
