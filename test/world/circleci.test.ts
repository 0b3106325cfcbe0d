import { describe } from "vitest";
import { connectCircle, prepareCircle } from "./circleci.ts";
import { prove } from "./prove.ts";

describe("the queue over CircleCI's API", () => {
  prove("circleci", 0.25, connectCircle, prepareCircle);
});
