import { fieldsOf, textOf, textsOf } from "../artifacts/fields.ts";
import type { Manifest, Node } from "../artifacts/manifest.ts";

/**
 * Who looks after a node, by the names that people gave: the owner of its group, else `meta.owner`; a test without one
 * belongs to the owner of the node that it guards. null where there is none.
 */
export function ownerOf(node: Node, manifest: Manifest): string | null {
  return ownOwner(node, manifest) ?? guardedOwner(node, manifest);
}

/** What the group of that owner says under `slack`; dbt keeps keys there that it does not know. */
export function slackOf(node: Node, manifest: Manifest): string | null {
  const guarded = manifest.nodes.get(node.attachedTo ?? "");
  const owned = ownOwner(node, manifest) === null ? guarded : node;
  return manifest.owners.get(owned?.group ?? "")?.slack ?? null;
}

function guardedOwner(node: Node, manifest: Manifest): string | null {
  const guarded = manifest.nodes.get(node.attachedTo ?? "");
  return guarded === undefined ? null : ownOwner(guarded, manifest);
}

function ownOwner(node: Node, manifest: Manifest): string | null {
  const group = manifest.owners.get(node.group ?? "");
  return group?.name ?? group?.email ?? metaOwner(node.meta.owner);
}

/** `owner: ana`, `owner: [ana, ben]` and `owner: { name: ana }` are all in use; the first name counts. */
function metaOwner(owner: unknown): string | null {
  const { name, email } = fieldsOf(owner);
  return textsOf(owner)[0] ?? textOf(name) ?? textOf(email);
}
