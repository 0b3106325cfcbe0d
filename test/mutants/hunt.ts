import { connectCircle, prepareCircle } from "../world/circleci.ts";
import { connectGitHub, prepareGitHub } from "../world/github.ts";
import { connectPlain } from "../world/plain.ts";
import { playSchedule } from "../world/play.ts";
import { drawSchedule, type Vendor } from "../world/schedule.ts";

/** `node hunt.js github 400`: plays worlds until one goes wrong, and says which; 1: none did. */
const [vendor = "plain", count = "0"] = process.argv.slice(2);
const connect = { plain: connectPlain, github: connectGitHub, circleci: connectCircle }[vendor as Vendor];
await Promise.all([prepareGitHub(), prepareCircle()]);

process.exitCode = 1;
for (let seed = 1; seed <= Number(count); seed++) {
  const { violations } = await playSchedule(drawSchedule(seed, vendor as Vendor), connect);
  const [first] = violations;
  if (first === undefined) continue;
  process.stdout.write(`seed ${seed}: ${first}\n`);
  process.exitCode = 0;
  break;
}
