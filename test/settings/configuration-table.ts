/** A part of a JSON schema, as far as signalbox.yml's has it. */
export interface SchemaPart {
  readonly description?: string;
  readonly default?: unknown;
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, SchemaPart>>;
  readonly items?: SchemaPart;
  readonly anyOf?: readonly SchemaPart[];
}

export interface Key {
  /** `queue.supersede.check`; `rules[].match.tag` */
  readonly path: string;
  readonly part: SchemaPart;
}

/** Every key of the file, a section before what is in it. */
export function keysOf(schema: SchemaPart, path = ""): readonly Key[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, part]) => {
    const own = path === "" ? name : `${path}.${name}`;
    return [
      { path: own, part },
      ...keysOf(part, own),
      // A section that may be null.
      ...(part.anyOf ?? []).flatMap((each) => keysOf(each, own)),
      ...(part.items === undefined ? [] : keysOf(part.items, `${own}[]`)),
    ];
  });
}

/** The keys as a table of Markdown. `defaultOf`: the value of a key that is left out, as it would be written. */
export function renderConfigurationTable(schema: SchemaPart, defaultOf: (path: string) => string | null): string {
  // What a route matches by is what a rule matches by.
  const rows = keysOf(schema)
    .filter(({ path }) => !path.startsWith("slack.routes[].match."))
    .map(({ path, part }) => {
      const isSection = part.properties !== undefined;
      const value = isSection ? null : defaultOf(path);
      const choices = part.enum === undefined ? "" : ` One of ${part.enum.map((each) => `\`${each}\``).join(", ")}.`;
      const name = isSection ? `**\`${path}\`**` : `\`${path}\``;
      const what = `${part.description ?? ""}${choices}`.replaceAll("|", "\\|");
      return `| ${name} | ${value === null ? "" : `\`${value}\``} | ${what} |`;
    });
  return ["| key | default | what |", "|---|---|---|", ...rows, ""].join("\n");
}
