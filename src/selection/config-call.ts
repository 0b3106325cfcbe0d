/**
 * The keyword arguments of the first `config(…)` call in a model's Jinja: name → source text, blanks and kinds of
 * quotes evened out. Read as dbt's statically_parse_unrendered_config finds them, without evaluating anything.
 */
export function configCallOf(code: string): ReadonlyMap<string, string> {
  for (const block of code.matchAll(/\{#[\s\S]*?#\}|\{[{%]([\s\S]*?)[}%]\}/g)) {
    const call = /(?<![\w.])config\s*\(/.exec(block[1] ?? "");
    if (call === null) continue;
    // From the call to the end of the code: a text argument may hold what looks like the end of the block.
    return keywordsOf(code.slice(block.index + 2 + call.index + call[0].length));
  }
  return new Map();
}

const TOKEN = /"(?:\\[\s\S]|[^"\\])*"|'(?:\\[\s\S]|[^'\\])*'|[\w.]+|==|\s+|[\s\S]/g;

function keywordsOf(text: string): ReadonlyMap<string, string> {
  const keywords = new Map<string, string>();
  let depth = 0;
  let argument: string[] = [];
  const close = () => {
    const [name = "", sign, ...value] = argument;
    if (sign === "=" && /^\w+$/.test(name)) keywords.set(name, value.join(" "));
    argument = [];
  };
  for (const [token] of text.matchAll(TOKEN)) {
    if (depth === 0 && token === ")") break;
    if (/^[([{]$/.test(token)) depth += 1;
    if (/^[)\]}]$/.test(token)) depth -= 1;
    if (depth === 0 && token === ",") close();
    else if (token.trim() !== "") argument.push(/^["']/.test(token) ? `'${token.slice(1, -1)}'` : token);
  }
  close();
  return keywords;
}
