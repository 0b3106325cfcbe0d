import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type OpenedStore, openStore } from "../../../src/bundles/stores/open.ts";
import { useTempDir } from "../../support/temp-dir.ts";

const NONE: OpenedStore = { store: null, why: "there is no CI here" };

describe("the store of a configuration", () => {
  const dir = useTempDir();
  const open = (spec: string) =>
    openStore(spec, { cwd: join(dir(), "repo"), env: {}, notice: () => {}, auto: () => NONE });

  it("dir:PATH is relative to the configuration's folder", () => {
    expect(open("dir:../bundles")).toMatchObject({ name: join(dir(), "bundles") });
  });

  it.each(["https://state.example.com/shop", "s3://acme-state/shop", "gs://acme-state"])("%s is opened", (spec) => {
    expect(open(spec)).toMatchObject({ name: spec, store: { find: expect.any(Function) } });
  });

  it("none is none, and auto is what the platform of the run says", () => {
    expect(open("none")).toEqual({ store: null, why: "store: none" });
    expect(open("auto")).toEqual(NONE);
  });

  it.each([
    ["s3://-bucket/prefix", "a bucket that would be read as a flag"],
    ["s3://bucket/-prefix", "a key that would be read as a flag"],
    ["s3://bucket/a/../b", "a path"],
    ["s3://bucket/a*", "a pattern"],
    ["s3://bucket/a b", "a space"],
    ["s3://b", "a bucket of one letter"],
    ["gs://bucket/$(id)", "a shell's words"],
    ["gs://bucket/a//b", "an empty part"],
    ["gs:///prefix", "no bucket"],
    ["https://user:secret@state.example.com/", "a password"],
    ["https://state.example.com/shop?sig=secret", "a signature"],
    ["https://", "no host"],
  ])("%s is refused: it holds %s", (spec) => {
    expect(() => open(spec)).toThrow(expect.objectContaining({ kind: "configuration", exitCode: 2 }));
  });

  it.each([
    "https://user:secret@state.example.com/",
    "https://state.example.com/shop?sig=secret",
    "s3://key:secret@bucket/prefix",
    "gs://secret@bucket",
    "s3://bucket/prefix?token=secret",
  ])("an error does not print a password: %s", (spec) => {
    expect(() => open(spec)).toThrow(expect.objectContaining({ message: expect.not.stringContaining("secret") }));
  });
});
