/**
 * What GitHub's runner would take for a command in a log, written from its source and a little stricter: it also looks
 * behind characters that nobody sees. https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
 */
export function commandsIn(log: string): string[] {
  return log
    .split(/\r\n|\r|\n/)
    .filter((line) => /^(?:[\s\p{C}\p{Z}]|\u001b\[[0-9;]*m)*::/u.test(line) || line.includes("##["));
}

/** A command as the runner reads it. */
export function parseCommand(line: string): { name: string; properties: Record<string, string>; message: string } {
  const end = line.indexOf("::", 2);
  const info = line.slice(2, end);
  const space = info.indexOf(" ");
  const name = space === -1 ? info : info.slice(0, space);
  const pairs = space === -1 ? [] : info.slice(space + 1).split(",");
  const unescaped = (text: string) =>
    text
      .replaceAll("%0D", "\r")
      .replaceAll("%0A", "\n")
      .replaceAll("%3A", ":")
      .replaceAll("%2C", ",")
      .replaceAll("%25", "%");
  return {
    name,
    properties: Object.fromEntries(
      pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), unescaped(pair.slice(pair.indexOf("=") + 1))]),
    ),
    message: line
      .slice(end + 2)
      .replaceAll("%0D", "\r")
      .replaceAll("%0A", "\n")
      .replaceAll("%25", "%"),
  };
}
