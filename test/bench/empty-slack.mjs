// A Slack on loopback whose channels are empty; prints its address.
import { createServer } from "node:http";

const server = createServer((request, response) => {
  request.resume().on("end", () => {
    response.setHeader("content-type", "application/json");
    response.end(
      JSON.stringify({ ok: true, messages: [], has_more: false, channel: "C0WARNINGS", ts: "1764000000.000001" }),
    );
  });
});
server.listen(0, "127.0.0.1", () => process.stdout.write(`http://127.0.0.1:${server.address().port}/api/\n`));
