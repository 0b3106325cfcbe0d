import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/**
 * `unit` is everything in process; `e2e` runs the built dist/ as processes, after it, most of it on real dbt. Two files at
 * a time also where vitest would leave a core free: what waits for another process waits for what that prints, not for
 * a time.
 */
const maxWorkers = Math.max(2, availableParallelism() - 1);

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
          maxWorkers,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
