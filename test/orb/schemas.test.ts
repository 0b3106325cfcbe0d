import { existsSync, readdirSync, readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { packOrb } from "./packed.ts";

const SPECS = "../shared/specs";
const isHere = existsSync(SPECS);
if (!isHere) console.warn(`skipped: the vendors' schemas are not at ${SPECS}`);

const workflows = [
  ...readdirSync(".github/workflows").map((name) => `.github/workflows/${name}`),
  "examples/ci/github.yml",
];

/** https://www.schemastore.org and CircleCI's language server: what an editor checks while the file is written. */
describe.skipIf(!isHere)("the vendors' schemas", () => {
  function problemsOf(schema: string, value: unknown): string[] {
    const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
    const validate = ajv.compile(JSON.parse(readFileSync(`${SPECS}/${schema}`, "utf8")));
    validate(value);
    return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
  }
  // OWNER stands for a namespace, which is in lower case.
  const read = (file: string): unknown => parse(readFileSync(file, "utf8").replaceAll("OWNER/", "owner/"));

  it.each(workflows)("accept %s", (file) => {
    expect(problemsOf("github-workflow.schema.json", read(file))).toEqual([]);
  });

  it("accept the Action", () => {
    expect(problemsOf("github-action.schema.json", read("action.yml"))).toEqual([]);
  });

  it.each([".circleci/config.yml", "examples/ci/circleci.yml"])("accept %s", (file) => {
    expect(problemsOf("circleci/config.schema.json", read(file))).toEqual([]);
  });

  it("accept the packed orb, and the configurations of its examples", () => {
    const orb = packOrb();

    expect(problemsOf("circleci/config.schema.json", { version: 2.1, orbs: { signalbox: withoutMeta(orb) } })).toEqual(
      [],
    );
    for (const { usage } of Object.values(orb.examples))
      expect(
        problemsOf("circleci/config.schema.json", parse(JSON.stringify(usage).replaceAll("OWNER/", "owner/"))),
      ).toEqual([]);
  });

  it("can refuse", () => {
    expect(problemsOf("github-action.schema.json", { name: "x" })).not.toEqual([]);
    expect(problemsOf("circleci/config.schema.json", { version: 2.1, jobs: { a: { stepz: [] } } })).not.toEqual([]);
  });
});

it.each(["action.yml", ...workflows.filter((file) => file.startsWith(".github"))])(
  "%s pins every action by its commit",
  (file) => {
    const uses = [...readFileSync(file, "utf8").matchAll(/uses: (\S+)(.*)/g)];

    expect(uses.length).toBeGreaterThan(0);
    for (const [line, action = "", comment = ""] of uses) {
      if (action === "./") continue;
      expect(action, line).toMatch(/@[0-9a-f]{40}$/);
      expect(comment, line).toMatch(/# v\d+\.\d+\.\d+$/);
    }
  },
);

/** An inline orb has no version and no examples of its own. */
function withoutMeta({
  version: _version,
  display: _display,
  examples: _examples,
  ...inline
}: ReturnType<typeof packOrb>) {
  return inline;
}
