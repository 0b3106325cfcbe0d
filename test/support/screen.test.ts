import { expect, it } from "vitest";
import { createScreen } from "../../src/support/screen.ts";

/** What a terminal of these columns shows, line by line, once it has been given this. */
function terminal(columns: number | undefined) {
  let given = "";
  const screen = createScreen(
    (text) => {
      given += text;
    },
    () => columns,
  );
  const shown = () =>
    given
      .split("\n")
      .map((line) => line.split("\r\u001b[K").at(-1))
      .join("\n");
  return { screen, shown, given: () => given };
}

it("rewrites the last line, and takes it away", () => {
  const { screen, shown } = terminal(80);

  screen.write("plan\n");
  screen.status("1/2");
  screen.status("2/2");
  expect(shown()).toBe("plan\n2/2");

  screen.status(null);
  expect(shown()).toBe("plan\n");
});

it("writes other lines above it", () => {
  const { screen, shown } = terminal(80);

  screen.status("1/2");
  screen.write("a warning\n");
  expect(shown()).toBe("a warning\n1/2");

  screen.write("half a");
  screen.write(" line\n");
  screen.status("2/2");
  expect(shown()).toBe("a warning\nhalf a line\n2/2");
});

it.each<[what: string, columns: number | undefined, length: number]>([
  ["a narrow terminal", 20, 19],
  ["one that does not say how wide it is", 0, 79],
  ["what is no terminal", undefined, 79],
])("never takes more than a line of %s", (_, columns, length) => {
  const { screen, shown } = terminal(columns);

  screen.status("x".repeat(500));

  expect(shown()).toBe(`${"x".repeat(length - 1)}…`);
});

it("lets no text steer the terminal", () => {
  const { screen, given } = terminal(80);

  screen.status("a\u001b[2J\nb\u009b1A\rc");

  expect(given()).toBe("\r\u001b[Ka b c");
});

it("writes nothing of its own where no line was shown", () => {
  const { screen, given } = terminal(80);

  screen.status(null);
  screen.write("a");

  expect(given()).toBe("a");
});
