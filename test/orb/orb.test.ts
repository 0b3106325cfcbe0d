import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Component, packOrb, readStep } from "./packed.ts";

const orb = packOrb();
const components: [string, Component][] = [
  ...Object.entries(orb.commands).map(([name, each]): [string, Component] => [`commands/${name}`, each]),
  ...Object.entries(orb.jobs).map(([name, each]): [string, Component] => [`jobs/${name}`, each]),
  ...Object.entries(orb.executors).map(([name, each]): [string, Component] => [`executors/${name}`, each]),
];
const BUILT_IN = ["run", "checkout", "steps", "store_test_results", "store_artifacts"];

/** What `circleci orb validate` finds and the schema does not: names that lead nowhere. */
describe("references in the orb", () => {
  it.each(components)("%s uses the parameters that it declares, and no others", (_, component) => {
    const { parameters = {}, description: _said, ...rest } = component;
    const used = [...JSON.stringify(rest).matchAll(/<<\s*parameters\.(\w+)\s*>>/g)].map(([, name]) => name);

    expect([...new Set(used)].sort()).toEqual(Object.keys(parameters).sort());
  });

  it.each(components)("%s gives each parameter a default of its type", (_, { parameters = {} }) => {
    for (const [name, { type, default: value }] of Object.entries(parameters)) {
      const found = Array.isArray(value) ? "steps" : typeof value;
      expect(found, name).toBe(type === "executor" ? "string" : type);
    }
  });

  it.each(components)("%s takes steps that exist, with parameters that they have", (_, { steps = [] }) => {
    for (const [name, given] of steps.map(readStep)) {
      if (BUILT_IN.includes(name)) continue;
      const command = orb.commands[name];
      expect(command, name).toBeDefined();
      expect(Object.keys(command?.parameters ?? {})).toEqual(expect.arrayContaining(Object.keys(given)));
    }
  });

  it("the job's default executor is one of the orb's", () => {
    expect(Object.keys(orb.executors)).toContain(orb.jobs.ci?.parameters?.executor?.default);
  });

  it("the job goes from the checkout to what is kept, which CircleCI does also after a failure", () => {
    expect((orb.jobs.ci?.steps ?? []).map((step) => readStep(step)[0])).toEqual([
      "checkout",
      "steps",
      "setup",
      "ci",
      "store_test_results",
      "store_artifacts",
    ]);
  });

  it("no include is left, and none was empty", () => {
    expect(JSON.stringify(orb)).not.toContain("include(");
    for (const { steps = [] } of Object.values(orb.commands))
      for (const [, given] of steps.map(readStep)) expect(given.command).toMatch(/^#!\/usr\/bin\/env bash\n/);
  });
});

/** The review that CircleCI's own orb pipeline runs: https://github.com/CircleCI-Public/orb-tools-orb (review.bats). */
describe("the rules of an orb's review", () => {
  it("RC001, RC006, RC007: it names its source and its home", () => {
    expect(orb.display.source_url).toMatch(/^https:\/\//);
    expect(orb.display.home_url).toMatch(/^https:\/\//);
  });

  it("RC002: all components and parameters have descriptions", () => {
    for (const [name, { description, parameters = {} }] of [...components, ...Object.entries(orb.examples)] as [
      string,
      Component,
    ][]) {
      expect(description, name).toBeTruthy();
      for (const [parameter, each] of Object.entries(parameters)) expect(each.description, parameter).toBeTruthy();
    }
  });

  it("RC003, RC004: there are examples, with names that say what they show", () => {
    expect(Object.keys(orb.examples).length).toBeGreaterThan(0);
    for (const name of Object.keys(orb.examples)) expect(name).not.toContain("example");
  });

  it("RC005: the description is more than a title", () => {
    expect(orb.description.length).toBeGreaterThan(64);
  });

  it("RC008, RC009: run steps have names, and their scripts are included", () => {
    const sources = ["setup", "ci", "queue", "report", "notify"].map((name) =>
      readFileSync(`orb/commands/${name}.yml`, "utf8"),
    );

    for (const source of sources) {
      expect(source).toMatch(/- run:\n {6}name: \w/);
      expect(source).toMatch(/\n {6}command: <<include\(scripts\/\w+\.sh\)>>\n/);
    }
  });

  it("RC010: names are in snake_case", () => {
    const names = components.flatMap(([name, { parameters = {} }]) => [
      name.split("/")[1] ?? "",
      ...Object.keys(parameters),
    ]);

    expect(names.filter((name) => !/^[a-z][a-z0-9_]*$/.test(name))).toEqual([]);
  });

  it("RC011: examples show the current major version", () => {
    for (const { usage } of Object.values(orb.examples)) expect(JSON.stringify(usage)).toContain("OWNER/signalbox@1");
  });

  it("RC012 and more: no parameter is text in a script, and no default is a variable", () => {
    for (const [, { steps = [], parameters = {} }] of components) {
      for (const [name, given] of steps.map(readStep))
        if (name === "run") expect(String(given.command)).not.toContain("<<");
      for (const { default: value } of Object.values(parameters)) expect(String(value)).not.toContain("$");
    }
  });
});
