import { defineConfig } from "rolldown";
import { thirdPartyNotices } from "./third-party-notices.ts";

/** One small entry; every command is a chunk of its own, loaded when it is called. */
export default defineConfig({
  platform: "node",
  input: { cli: "src/cli.ts" },
  plugins: [thirdPartyNotices()],
  output: {
    dir: "dist",
    format: "esm",
    minify: true,
    chunkFileNames: "[name]-[hash].js",
    cleanDir: true,
    banner: (chunk) => (chunk.isEntry ? "#!/usr/bin/env node" : ""),
  },
});
