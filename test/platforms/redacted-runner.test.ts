import { expect, it } from "vitest";
import type { Runner } from "../../src/platforms/ports.ts";
import { redactedRunner } from "../../src/platforms/redacted-runner.ts";
import { redactor } from "../../src/support/redact.ts";

const SECRET = "ghs_0123456789abcdef";

it("hands a runner no secret but to hide it", async () => {
  const got: unknown[] = [];
  const keep = (value: unknown) => void got.push(value);
  const all: Runner = {
    folds: true,
    openGroup: (title) => {
      keep(title);
      return () => {};
    },
    summary: async (markdown) => keep(markdown),
    annotate: keep,
    outputs: async (values) => keep(values),
    mask: keep,
  };
  const runner = redactedRunner(all, redactor([SECRET]));

  runner.openGroup(`dbt ${SECRET}`);
  await runner.summary(`# ${SECRET}`);
  runner.annotate([{ level: "error", title: SECRET, message: SECRET, file: SECRET, line: 1 }]);
  await runner.outputs({ outcome: SECRET });
  runner.mask(SECRET);

  expect(got).toEqual([
    "dbt ***",
    "# ***",
    [{ level: "error", title: "***", message: "***", file: "***", line: 1 }],
    { outcome: "***" },
    SECRET,
  ]);
});
