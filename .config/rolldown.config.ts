import { readFileSync } from "node:fs";
import { defineConfig, type Plugin } from "rolldown";
import { thirdPartyNotices } from "./third-party-notices.ts";

/** What dbt's Python runs lies beside the chunks. */
const loadDbt: Plugin = {
  name: "load-dbt",
  generateBundle() {
    this.emitFile({ type: "asset", fileName: "load-dbt.py", source: readFileSync("src/dbt/load-dbt.py") });
  },
};

/** One small entry; every command is a chunk of its own, loaded when it is called. */
export default defineConfig({
  platform: "node",
  input: { cli: "src/cli.ts" },
  plugins: [thirdPartyNotices(), loadDbt],
  output: {
    dir: "dist",
    format: "esm",
    minify: true,
    chunkFileNames: "[name]-[hash].js",
    cleanDir: true,
    banner: (chunk) => (chunk.isEntry ? "#!/usr/bin/env node" : ""),
  },
});
