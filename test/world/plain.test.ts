import { describe } from "vitest";
import { connectPlain } from "./plain.ts";
import { prove } from "./prove.ts";

describe("the queue over a source without a vendor", () => {
  prove("plain", 0.5, connectPlain, async () => {});
});
