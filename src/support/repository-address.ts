/**
 * `owner/name` (GitLab: with all groups) of a repository's address, in whichever way CircleCI or git writes it:
 * `https://github.com/acme/shop`, `git@gitlab.com:acme/data/shop.git`, `ssh://git@host:7999/acme/shop.git`. null: it is
 * none. The host is left out: one host has several names (ssh.github.com), and a fork differs in its owner.
 */
export function repositoryIn(address: string): string | null {
  const path = /^[a-z][a-z0-9+.-]*:\/\/[^/]+\/(.+)$/i.exec(address) ?? /^(?:[^/@]+@)?[^/:]+:(?!\/)(.+)$/.exec(address);
  const name = path?.[1]
    ?.replace(/\/+$/, "")
    .replace(/\.git$/i, "")
    // Bitbucket Data Center over https.
    .replace(/^scm\//, "");
  return name !== undefined && /^[^/\s?#]+(?:\/[^/\s?#]+)+$/.test(name) ? name : null;
}
