import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { configFile } from "../../src/settings/file.ts";
import { COMMANDS, OPTIONS, variableOf } from "../../src/settings/flags.ts";
import { renderCommandHelp, renderReadmeTable, renderTopHelp } from "../../src/settings/surfaces.ts";

/** What is rendered from the option table; `npm run render` writes it anew. */
describe("the option table", () => {
  it("is the table of all flags in the README", async () => {
    const readme = readFileSync("README.md", "utf8");
    const rendered = readme.replace(
      /(<!-- flags: [^\n]*-->\n)[\s\S]*?(<!-- \/flags -->)/,
      (_, begin: string, end: string) => `${begin}${renderReadmeTable()}\n${end}`,
    );

    expect(readme).toMatch(/<!-- flags: .*-->/);
    await expect(rendered).toMatchFileSnapshot("../../README.md");
  });

  it("and the readers of signalbox.yml are its JSON schema", async () => {
    const schema = z.toJSONSchema(configFile, { io: "input", unrepresentable: "any" });

    await expect(`${JSON.stringify({ title: "signalbox.yml", ...schema }, null, 2)}\n`).toMatchFileSnapshot(
      "../../docs/signalbox.schema.json",
    );
  });

  it("names each flag once, with a variable of its own and a key that exists", () => {
    const names = OPTIONS.map(({ name }) => name);
    const defaults = configFile.parse({});
    const camel = (key: string) => key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

    expect(new Set(names).size).toBe(names.length);
    expect(new Set(OPTIONS.map(variableOf)).size).toBe(names.length);
    for (const option of OPTIONS.filter((each) => "file" in each)) {
      const found = option.file
        .split(".")
        .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[camel(key)], defaults);
      expect(found, option.file).not.toBeUndefined();
    }
  });

  it.each(COMMANDS)("has a help for %s that shows its flags and an example", (command) => {
    const help = renderCommandHelp(command);

    for (const option of OPTIONS.filter(({ commands }) => (commands as readonly string[]).includes(command))) {
      const isRefused = "notYet" in option && (option.notYet as readonly string[]).includes(command);
      expect(help.includes(`--${option.name}`), option.name).toBe(!isRefused);
    }
    expect(help).toContain("Example: signalbox");
  });

  it("has a help that names every command", () => {
    const help = renderTopHelp("0.0.0");

    for (const command of COMMANDS) expect(help).toMatch(new RegExp(`^ {2}${command}\\b`, "m"));
    expect(Math.max(...help.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
  });
});
