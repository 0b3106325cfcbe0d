import { describe, expect, it } from "vitest";
import { artifactNameOf, type BundleOwner, whyOfOther } from "../../src/bundles/bundle-owner.ts";
import { aHeader } from "./build.ts";

const owner = (overrides: Partial<BundleOwner> = {}): BundleOwner => ({
  ...{ project: "shop", folder: "", targets: ["prod", "prod"] },
  ...overrides,
});

describe("a bundle is another one's", () => {
  it.each<[what: string, header: Parameters<typeof aHeader>[0], overrides: Partial<BundleOwner>, why: string]>([
    ["of another project", { project: "web" }, {}, 'it is of project "web", not of "shop"'],
    ["of a project elsewhere", { folder: "web" }, {}, 'it is of the project in "web", not of the one in "."'],
    ["of the top", { folder: "" }, { folder: "web" }, 'it is of the project in ".", not of the one in "web"'],
    ["of another target", { target: "prod_us" }, {}, 'it is of target "prod_us", not of "prod"'],
    [
      "of the profile's own target",
      { target: null },
      { targets: ["prod"] },
      'it is of the profile\'s own target, not of "prod"',
    ],
  ])("%s", (_, header, overrides, why) => {
    expect(whyOfOther(aHeader(header), owner(overrides))).toBe(why);
  });

  it.each<[what: string, header: Parameters<typeof aHeader>[0], overrides: Partial<BundleOwner>]>([
    ["it is the project's own", { folder: "" }, {}],
    ["an earlier version did not write the folder", {}, { folder: "web" }],
    ["the project's name is a template", { project: "web" }, { project: null }],
    ["it is of schedule's target", { target: "hourly" }, { targets: ["prod", "hourly"] }],
    ["no target is named", { target: "prod_us" }, { targets: [null, null] }],
    ["one mode names none", { target: null }, { targets: ["prod", null] }],
  ])("never where %s", (_, header, overrides) => {
    expect(whyOfOther(aHeader(header), owner(overrides))).toBeNull();
  });
});

describe("the name of an artifact", () => {
  it("says project and target, in characters that GitHub takes", () => {
    const names = [
      owner(),
      owner({ project: 'a/b\\c:"<>|*?\r\n d', targets: ["x".repeat(300)] }),
      owner({ project: null, targets: [null] }),
    ].map(artifactNameOf);

    expect(names[0]).toMatch(/^signalbox-state-shop-prod-[0-9a-f]{6}$/);
    for (const name of names) expect(name).toMatch(/^signalbox-state[\w-]{7,100}$/);
  });

  it("is another one for each project and target, and the same wherever its folder is", () => {
    const names = [
      owner(),
      owner({ project: "web" }),
      owner({ targets: ["prod_us", "prod_us"] }),
      owner({ targets: ["prod", "hourly"] }),
      owner({ targets: ["prod", null] }),
      owner({ project: "shop-prod", targets: [null] }),
      owner({ project: "sh/op" }),
      owner({ project: "sh:op" }),
    ].map(artifactNameOf);

    expect(new Set(names).size).toBe(names.length);
    expect(artifactNameOf(owner({ folder: "transform" }))).toBe(names[0]);
  });
});
