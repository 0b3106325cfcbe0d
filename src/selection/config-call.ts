/**
 * The keyword arguments of the first `config(…)` call in a model's Jinja: name → source text, blanks and kinds of
 * quotes evened out. Read as dbt's statically_parse_unrendered_config finds them, without evaluating anything.
 */
export function configCallOf(code: string): ReadonlyMap<string, string> {
  for (const { start, text } of blocksOf(code)) {
    const call = /(?<![\w.])config\s*\(/.exec(text);
    if (call === null) continue;
    // From the call to the end of the code: a text argument may hold what looks like the end of the block.
    return keywordsOf(code.slice(start + call.index + call[0].length));
  }
  return new Map();
}

/** What stands between `{{`, `{%` and the next end of either, outside comments; what has no end is passed over. */
function* blocksOf(code: string): Generator<{ readonly start: number; readonly text: string }> {
  const ends = { comment: endsOf(code, /#\}/g), block: endsOf(code, /[}%]\}/g) };
  let from = 0;
  for (const { index, 0: opening } of code.matchAll(/\{[#{%]/g)) {
    if (index < from) continue;
    const start = index + 2;
    const end = (opening === "{#" ? ends.comment : ends.block)(start);
    if (end === null) continue;
    from = end + 2;
    if (opening !== "{#") yield { start, text: code.slice(start, end) };
  }
}

/** Finds the next end at or behind a place. Places are asked for in order, so that the text is read once. */
function endsOf(code: string, pattern: RegExp): (place: number) => number | null {
  let found = pattern.exec(code);
  return (place) => {
    while (found !== null && found.index < place) found = pattern.exec(code);
    return found?.index ?? null;
  };
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
