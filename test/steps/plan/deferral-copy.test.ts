import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readManifest } from "../../../src/artifacts/manifest.ts";
import type { Baseline } from "../../../src/selection/plan.ts";
import { wholeManifestIn, withoutPlannedFunctions } from "../../../src/steps/plan/deferral-copy.ts";
import { manifestJson } from "../../artifacts/build.ts";
import { useTempDir } from "../../support/temp-dir.ts";

const dir = useTempDir();
const at = (...names: string[]) => join(dir(), ...names);
const aFunction = (name: string) => ({
  unique_id: `function.shop.${name}`,
  resource_type: "function",
  name,
  schema: "prod",
});
const TEXT = manifestJson({
  nodes: { "model.shop.a": { unique_id: "model.shop.a", resource_type: "model", name: "a", schema: "prod" } },
  functions: { "function.shop.f": aFunction("f"), "function.shop.g": aFunction("g") },
});

async function production(): Promise<Baseline> {
  await mkdir(at("bundle"), { recursive: true });
  await writeFile(at("bundle", "manifest.json"), TEXT);
  const origin = { kind: "bundle", where: "x", distance: 0, commit: null, createdAt: null } as const;
  return { manifest: readManifest(TEXT, "manifest.json"), dir: at("bundle"), origin };
}

describe("what dbt defers to", () => {
  it("lacks the functions that the plan builds; what production holds stays beside it, and the bundle is as it was", async () => {
    const whole = await production();

    const copy = await withoutPlannedFunctions(whole, ["function.shop.f", "model.shop.a"], whole.manifest, at("copy"));

    const deferred = readManifest(await readFile(join(copy.dir, "manifest.json"), "utf8"), "copy");
    expect([...deferred.nodes.keys()]).toEqual(["model.shop.a", "function.shop.g"]);
    expect(await readFile(await wholeManifestIn(copy.dir), "utf8")).toBe(TEXT);
    expect(await readFile(at("bundle", "manifest.json"), "utf8")).toBe(TEXT);
    expect(copy).toEqual({ ...whole, dir: at("copy") });
  });

  it("is the bundle itself where the plan builds no function that production has", async () => {
    const whole = await production();

    const same = await withoutPlannedFunctions(
      whole,
      ["model.shop.a", "function.shop.new"],
      whole.manifest,
      at("copy"),
    );

    expect(same).toBe(whole);
    expect(await wholeManifestIn(same.dir)).toBe(at("bundle", "manifest.json"));
  });
});
