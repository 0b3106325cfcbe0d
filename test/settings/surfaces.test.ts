import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import {
  ACTION_COMMANDS,
  type Face,
  faceOptions,
  renderActionEnvironment,
  renderActionInputs,
  renderActionOutputs,
  renderOrbEnvironment,
  renderOrbHandOver,
  renderOrbParameters,
} from "../../src/settings/action-and-orb.ts";
import { configFile } from "../../src/settings/file.ts";
import { COMMANDS, OPTIONS, variableOf } from "../../src/settings/flags.ts";
import { renderCommandHelp, renderTopHelp } from "../../src/settings/help.ts";
import { resolve } from "../../src/settings/resolve.ts";
import { renderOptionTable } from "../../src/settings/surfaces.ts";
import { keysOf, renderConfigurationTable, type SchemaPart } from "./configuration-table.ts";
import { fillRegions } from "./regions.ts";

const schema = z.toJSONSchema(configFile, { io: "input", unrepresentable: "any" });

/** What stands at a key of the file. */
const valueAt = (config: object, path: string) =>
  path
    .split(".")
    .map((key) => key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()))
    .reduce<unknown>((part, key) => (part as Record<string, unknown> | undefined)?.[key], config);

const NUMBERS = ["version", "alert_after"];

/** The value of a key that is left out, as it would be written. */
const defaultOf = (path: string): string | null => {
  const option = OPTIONS.find((each) => "file" in each && each.file === path && "default" in each);
  if (option !== undefined && "default" in option) return option.default;
  const value = path.includes("[]") ? undefined : valueAt(configFile.parse({}), path);
  if (value === undefined || value === null) return null;
  // The others are durations of whole days.
  return typeof value === "number" && !NUMBERS.includes(path) ? `${value / 86_400}d` : JSON.stringify(value);
};

const sourcesOf = (flags: Record<string, string>) => ({
  command: "ci" as const,
  flags,
  words: [],
  rest: [],
  env: {},
  file: { name: "signalbox.yml", text: null },
  now: 0,
});

describe("a key of the file", () => {
  /** The code that goes by settings: the table and its readers alone know every key. */
  const code = readdirSync("src", { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts") && !path.split(sep).includes("settings"))
    .map((path) => readFileSync(join("src", path), "utf8"))
    .join("\n");
  const keys = keysOf(schema as SchemaPart).filter(({ path }) => !path.includes("[]") && path !== "version");
  const isRead = (path: string) => {
    const name = path
      .split(".")
      .at(-1)
      ?.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    return new RegExp(`(?:[.{,]\\s*)${name}\\b`).test(code);
  };

  it.each(keys)("$path is read by some code", ({ path }) => {
    expect(isRead(path)).toBe(true);
  });
});

/** What is rendered from the option table; `npm run render` writes it anew. */
describe("the option table", () => {
  it("is the table of all flags in docs/commands.md", async () => {
    await expectRendered("docs/commands.md", { flags: `${renderOptionTable()}\n` });
  });

  it("is the inputs and the outputs of the Action, and the variables of its step", async () => {
    await expectRendered("action.yml", {
      inputs: renderActionInputs(),
      outputs: renderActionOutputs(),
      environment: renderActionEnvironment(),
    });
  });

  it.each(["ci", "queue", "report", "notify"] as const)(
    "is the parameters of the orb's %s, and the variables of its step",
    async (command) => {
      await expectRendered(`orb/commands/${command}.yml`, {
        parameters: renderOrbParameters([command]),
        environment: renderOrbEnvironment([command]),
      });
    },
  );

  it("is the parameters of the orb's job, which hands all of them on, with the version of the package", async () => {
    const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
    const parameter = `  version:\n    type: string\n    default: ${version}\n    description: "Version of signalbox on npm"\n`;

    await expectRendered("orb/jobs/ci.yml", {
      version: parameter,
      parameters: renderOrbParameters(["ci"]),
      "hand-over": renderOrbHandOver(["ci"]),
    });
    await expectRendered("orb/commands/setup.yml", { version: parameter });
  });

  it.each<Face>(["action", "orb"])(
    "leaves no flag of ci out of the %s but those of terminals and of others",
    (face) => {
      const given = faceOptions(face, ["ci"]).map(({ name }) => name);
      const missing = OPTIONS.filter(
        (option) => (option.commands as readonly string[]).includes("ci") && !given.includes(option.name),
      ).map(({ name }) => name);

      expect(missing).toEqual(
        face === "action"
          ? ["json", "quiet", "no-color", "circle-url", "slack-url"]
          : ["json", "quiet", "no-color", "ticket-dir", "annotations", "slack-url"],
      );
    },
  );

  it("gives the Action no input twice, and names every command that it takes", () => {
    const { inputs } = parse(readFileSync("action.yml", "utf8"), { uniqueKeys: true });

    for (const command of ACTION_COMMANDS) expect(inputs.command.description).toContain(command);
  });

  it("and the readers of signalbox.yml are its JSON schema", async () => {
    await expect(`${JSON.stringify({ title: "signalbox.yml", ...schema }, null, 2)}\n`).toMatchFileSnapshot(
      "../../docs/signalbox.schema.json",
    );
  });

  it("describes every key of signalbox.yml in a sentence", () => {
    const keys = keysOf(schema as SchemaPart);

    expect(keys.length).toBeGreaterThan(60);
    expect(keys.filter(({ part }) => !/^\S.*\.$/.test(part.description ?? "")).map(({ path }) => path)).toEqual([]);
  });

  it("takes the examples of docs/configuration.md", () => {
    const blocks = [...readFileSync("docs/configuration.md", "utf8").matchAll(/```yaml\n([\s\S]*?)```/g)];

    expect(blocks.length).toBeGreaterThan(1);
    for (const [, block = ""] of blocks) expect(() => configFile.parse(parse(block) ?? {})).not.toThrow();
  });

  it("is the table of keys in docs/configuration.md", async () => {
    await expectRendered("docs/configuration.md", { keys: renderConfigurationTable(schema as SchemaPart, defaultOf) });
  });

  it("has the defaults of signalbox.yml: a flag that overrides a key says the key's own", () => {
    const defaults = configFile.parse({});
    for (const option of OPTIONS.filter((each) => "file" in each)) {
      const keys = option.file
        .split(".")
        .map((key) => key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()));
      const value = keys.reduce<unknown>((part, key) => (part as Record<string, unknown>)[key], defaults);
      const given = "default" in option ? resolve(sourcesOf({ [option.name]: option.default })).config : defaults;

      expect(
        keys.reduce<unknown>((part, key) => (part as Record<string, unknown>)[key], given),
        option.name,
      ).toEqual(value);
    }
  });

  it("names each flag once, with a variable of its own and a key that exists", () => {
    const names = OPTIONS.map(({ name }) => name);
    const defaults = configFile.parse({});

    expect(new Set(names).size).toBe(names.length);
    expect(new Set(OPTIONS.map(variableOf)).size).toBe(names.length);
    for (const option of OPTIONS.filter((each) => "file" in each)) {
      expect(valueAt(defaults, option.file), option.file).not.toBeUndefined();
    }
  });

  it.each(COMMANDS)("has a help for %s that shows its flags and an example", (command) => {
    const help = renderCommandHelp(command);

    for (const option of OPTIONS.filter(({ commands }) => (commands as readonly string[]).includes(command))) {
      expect(help.includes(`--${option.name}`), option.name).toBe(true);
    }
    expect(help).toContain("Example: signalbox");
  });

  it.each(COMMANDS)("has a help for %s that fits a screen", (command) => {
    const lines = renderCommandHelp(command).trimEnd().split("\n");

    expect(lines.filter((line) => line.length > 100)).toEqual([]);
    // ci's, the longest, has no line to spare: one more option needs one line less elsewhere.
    if (command === "ci") expect(lines).toHaveLength(46);
    expect(lines.length).toBeLessThanOrEqual(46);
  });

  it("has a help that names every command", () => {
    const help = renderTopHelp("0.0.0");

    for (const command of COMMANDS) expect(help).toMatch(new RegExp(`^ {2}${command}\\b`, "m"));
    expect(Math.max(...help.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
  });
});

async function expectRendered(file: string, regions: Readonly<Record<string, string>>): Promise<void> {
  await expect(fillRegions(readFileSync(file, "utf8"), regions)).toMatchFileSnapshot(`../../${file}`);
}
