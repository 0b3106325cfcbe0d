// How much the CLI adds to the start of Node itself.
import { join } from "node:path";
import { ROOT } from "../prepare.mjs";
import { compare, time } from "./measure.mjs";

const PAIRS = 15;
const cli = join(ROOT, "dist/cli.js");
const bare = () => time({ argv: [process.execPath, "-e", "0"] });
const start =
  (...args) =>
  () =>
    time({ argv: [process.execPath, cli, ...args] });

compare(
  "signalbox --version against node -e 0",
  ["signalbox --version", start("--version")],
  ["node -e 0", bare],
  PAIRS,
);
compare(
  "signalbox ci --help against node -e 0",
  ["signalbox ci --help", start("ci", "--help")],
  ["node -e 0", bare],
  PAIRS,
);
