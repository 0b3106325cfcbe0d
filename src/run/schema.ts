const LONGEST_SLUG = 40;
/** The slug is made of no more than this of a name: git takes no two slashes or dots in a row. */
const LONGEST_NAME = 1000;

/** Who a check builds for. */
export interface SchemaOwner {
  readonly branch: string;
  /** A hash of the whole name of the branch, in hex. */
  readonly hash: string;
  /** The number of the pull request; null: the run has none, or does not know it. */
  readonly pullRequest: number | null;
}

/**
 * The schema of a branch: `ci_{branch}` → `ci_feature_fx_1a2b3c`. The slug is cut and loses characters; the six hex
 * digits (of a hash of the whole name) keep two branches apart. `{pr}` is the number of the pull request; a run without
 * one has slug and hash in its place.
 */
export function schemaOf(template: string, branch: string, hash: string, pullRequest: number | null = null): string {
  const slugAndHash = `${slugOf(branch)}_${hash.slice(0, 6)}`;
  return template
    .replaceAll("{branch}", slugAndHash)
    .replaceAll("{pr}", pullRequest === null ? slugAndHash : String(pullRequest));
}

/** What the hash is made of: a fork's branch may have the name of one of ours, and its schema is another. */
export function schemaKeyOf(branch: string, fork: string | null): string {
  return fork === null ? branch : `${fork}:${branch}`;
}

/** The name of a branch as a schema can hold it; two branches can have the same. */
export function slugOf(branch: string): string {
  const slug = branch
    .slice(0, LONGEST_NAME)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .slice(0, LONGEST_SLUG)
    .replace(/^_+|_+$/g, "");
  return slug === "" ? "branch" : slug;
}

/**
 * What no schema holds but those of this check: slug and hash, or the whole schema where it is told from others by the
 * number of the pull request alone. null: nothing in the template tells two branches apart.
 */
export function markOf(template: string, { branch, hash, pullRequest }: SchemaOwner): string | null {
  if (template.includes("{branch}") || (template.includes("{pr}") && pullRequest === null))
    return schemaOf("{branch}", branch, hash);
  return template.includes("{pr}") ? schemaOf(template, branch, hash, pullRequest) : null;
}

/** Whether the name holds the mark as a whole word: `ci_12_staging` holds `ci_12`, and `ci_123` does not. */
export function holdsMark(name: string, mark: string): boolean {
  const [text, wanted] = [name.toLowerCase(), mark.toLowerCase()];
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + 1)) {
    if (!isLetterOrDigit(text[at - 1]) && !isLetterOrDigit(text[at + wanted.length])) return true;
  }
  return false;
}

function isLetterOrDigit(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}]/u.test(character);
}
