import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/**
 * `unit` is everything in process, two files at a time also where vitest would leave a core free; `e2e` runs the built
 * dist/ as processes, after it, most of it on real dbt. There a core is free while a test waits, for a queue, a lock or
 * dbt's disk: two files more than cores. What waits for another process waits for what that prints, not for a time.
 */
const cores = availableParallelism();
const maxWorkers = Math.max(2, cores - 1);

export default defineConfig({
  root: fileURLToPath(new URL("..", import.meta.url)),
  test: {
    coverage: { include: ["src/**/*.ts"], reporter: ["text", "html"] },
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/e2e/**"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // Files share two processes, whose imports take longer than most tests. What a test changes it puts back.
          isolate: false,
          maxWorkers,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          maxWorkers: cores + 2,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
