/** A text as YAML reads it back, in a block or inside `[…]` and `{…}`: bare where nobody could read it otherwise. */
export function yamlText(text: string): string {
  const isBare =
    /^(\.|\.?[A-Za-z_][A-Za-z0-9_./-]*)$/.test(text) &&
    !/^(true|false|yes|no|on|off|null|y|n|\.(inf|nan))$/i.test(text);
  // JSON's strings are YAML's double-quoted ones: https://yaml.org/spec/1.2.2/#13-terminology
  return isBare ? text : JSON.stringify(text);
}

export function yamlList(texts: readonly string[]): string {
  return `[${texts.map(yamlText).join(", ")}]`;
}
