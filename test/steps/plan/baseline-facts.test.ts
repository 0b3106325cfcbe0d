import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { filesChangedSince, readResultsOf, setResultsAside } from "../../../src/steps/plan/baseline-facts.ts";
import { createGit } from "../../../src/support/git.ts";
import { initRepository } from "../../support/repository.ts";
import { useTempDir } from "../../support/temp-dir.ts";

const ENV = { PATH: process.env.PATH ?? "" };

describe("files that git sees as changed", () => {
  const dir = useTempDir();

  /** A repository with a project in `fromTop`, whose `new.sql` and a file beside the project are new since `start`. */
  function changedProject(fromTop: string) {
    const repository = initRepository(join(dir(), "real"));
    mkdirSync(join(repository.dir, fromTop), { recursive: true });
    const start = repository.commit(join(fromTop, "old.sql"));
    repository.commit(join(fromTop, "new.sql"));
    if (fromTop !== "") repository.commit("README.md");
    return { repository, start };
  }

  it.each(["", "dbt", "we[ir]d/d*t"])("are named from the project's folder, %j of the repository", async (fromTop) => {
    const { repository, start } = changedProject(fromTop);
    const { git } = repository;

    expect(await filesChangedSince(git, { folders: { fromTop } }, start)).toEqual(new Set(["new.sql"]));
    expect(await filesChangedSince(git, { folders: { fromTop } }, null)).toBeNull();
  });

  it("are the same where a link leads to the project", async () => {
    const { repository, start } = changedProject("dbt");
    symlinkSync(join(repository.dir, "dbt"), join(dir(), "link"));
    const git = createGit(join(dir(), "link"), ENV);

    expect(await filesChangedSince(git, { folders: { fromTop: "dbt" } }, start)).toEqual(new Set(["new.sql"]));
  });
});

describe("results of the baseline's build", () => {
  const dir = useTempDir();
  const log = { warn: () => {} };

  it("are read alike where dbt is to find none, and none are missed", async () => {
    const rows = [{ unique_id: "model.shop.orders", status: "success", execution_time: 2 }];
    const metadata = { dbt_schema_version: "https://schemas.getdbt.com/dbt/run-results/v6.json" };
    const text = JSON.stringify({ metadata, args: { which: "build" }, elapsed_time: 2, results: rows });
    const baseline = { dir: dir() };
    await setResultsAside(baseline);
    expect(await readResultsOf(log, baseline)).toBeNull();
    writeFileSync(join(dir(), "run_results.json"), text);
    const before = await readResultsOf(log, baseline);

    await setResultsAside(baseline);
    await setResultsAside(baseline);

    expect(before?.results).toMatchObject([{ id: "model.shop.orders", seconds: 2 }]);
    expect(await readResultsOf(log, baseline)).toEqual(before);
    expect(existsSync(join(dir(), "run_results.json"))).toBe(false);
  });
});
