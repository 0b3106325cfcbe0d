const LONGEST_SLUG = 40;

/**
 * The schema of a branch: `ci_{branch}` → `ci_feature_fx_1a2b3c`. The slug is cut and loses characters; the six hex
 * digits (of a hash of the whole name) keep two branches apart.
 */
export function schemaOf(template: string, branch: string, hash: string): string {
  const slug = branch
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .slice(0, LONGEST_SLUG)
    .replace(/^_+|_+$/g, "");
  return template.replaceAll("{branch}", `${slug === "" ? "branch" : slug}_${hash.slice(0, 6)}`);
}
