/**
 * Replaces what stands between `# <name>` and `# </name>` (in a file of YAML) or `<!-- name: … -->` and `<!-- /name -->`
 * (in Markdown) by what is rendered. Throws for a region that the file does not have.
 */
export function fillRegions(file: string, regions: Readonly<Record<string, string>>): string {
  return Object.entries(regions).reduce((text, [name, rendered]) => {
    const pattern = new RegExp(
      `([^\\n]*(?:# <${name}>|<!-- ${name}:)[^\\n]*\\n)[\\s\\S]*?([^\\n]*(?:# </${name}>|<!-- /${name} -->))`,
    );
    if (!pattern.test(text)) throw new Error(`the file has no region ${name}`);
    return text.replace(pattern, (_, begin: string, end: string) => `${begin}${rendered}${end}`);
  }, file);
}
