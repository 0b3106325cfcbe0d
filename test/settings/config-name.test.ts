import { describe, expect, it } from "vitest";
import { nearNames } from "../../src/settings/config-name.ts";

describe("a name near that of the configuration", () => {
  it.each([
    "signalbox.yaml",
    ".signalbox.yml",
    ".signalbox.yaml",
    "Signalbox.yml",
    "SIGNALBOX.YML",
    "signal-box.yml",
    "signal_box.yaml",
    "singalbox.yml",
    "signalbx.yml",
    "signalbox.json",
    "signalbox.toml",
    "signalbox.yml.txt",
  ])("is %s", (name) => {
    expect(nearNames(["README.md", name, "dbt_project.yml"], "signalbox.yml")).toEqual([name]);
  });

  it.each([
    "signalbox.yml",
    "signalbox.example.yml",
    "signalbox.schema.json",
    "signalbox.yml.bak",
    "signalbox",
    ".signalbox",
    "signals.yml",
    "signalbox-ci.yml",
    "signalpost.yml",
    "",
    `${"x".repeat(100_000)}.yml`,
  ])("is not %s", (name) => {
    expect(nearNames([name], "signalbox.yml")).toEqual([]);
  });

  it("goes by the name that was asked for", () => {
    expect(nearNames(["checks.yaml", "signalbox.yml"], "checks.yml")).toEqual(["checks.yaml"]);
    expect(nearNames(["a.yml", "signalbox.yml", "no.yaml"], "no.yml")).toEqual(["no.yaml"]);
  });
});
