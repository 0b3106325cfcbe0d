import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createGitHubRunner } from "../../../src/platforms/github/runner.ts";
import { createPlainRunner } from "../../../src/platforms/plain-runner.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "signalbox-runner-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe("GitHub's runner", () => {
  it("takes no command from what is written inside a group", () => {
    let text = "";
    const close = createGitHubRunner({}, (part) => (text += part)).openGroup("dbt build\n::error::x");
    text += "::error::from dbt\n";
    close();

    const [group, begin, inside, end, endGroup] = text.split("\n");
    const token = /^::stop-commands::([0-9a-f]{32})$/.exec(begin ?? "")?.[1];
    expect(token).toBeDefined();
    expect([group, inside, end, endGroup]).toEqual([
      "::group::dbt build ::error::x",
      "::error::from dbt",
      `::${token}::`,
      "::endgroup::",
    ]);
  });

  it("draws another token for every group, so that dbt cannot know it", () => {
    const begins = [1, 2].map(() => {
      let text = "";
      createGitHubRunner({}, (part) => (text += part)).openGroup("x");
      return text;
    });

    expect(begins[0]).not.toBe(begins[1]);
  });

  it("writes outputs that no value can break out of", async () => {
    const file = join(dir, "output");

    await createGitHubRunner({ GITHUB_OUTPUT: file }, () => {}).outputs({ outcome: "pass", mode: "x\ny=1" });

    expect(await readFile(file, "utf8")).toMatch(
      /^outcome<<(signalbox_[0-9a-f]{32})\npass\n\1\nmode<<\1\nx y=1\n\1\n$/,
    );
  });
});

describe("another CI's runner", () => {
  it("writes outputs as name=value lines to the file that SIGNALBOX_OUTPUT names", async () => {
    const file = join(dir, "output");

    await createPlainRunner({ SIGNALBOX_OUTPUT: file }).outputs({ outcome: "pass", mode: "x\ny=1" });

    expect(await readFile(file, "utf8")).toBe("outcome=pass\nmode=x y=1\n");
  });
});
