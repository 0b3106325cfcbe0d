import { describe } from "vitest";
import { connectGitHub, prepareGitHub } from "./github.ts";
import { prove } from "./prove.ts";

describe("the queue over GitHub's API", () => {
  prove("github", 0.25, connectGitHub, prepareGitHub);
});
