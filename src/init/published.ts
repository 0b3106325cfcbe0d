/**
 * Where the Action and the orb are published: what the files of a repository that adopts signalbox name. While it is
 * OWNER, init warns: GitHub would resolve it to whoever has that name, and hand over the secrets.
 */
export const OWNER: string = "OWNER";
export const ACTION = `${OWNER}/signalbox@v1`;
export const ORB = `${OWNER}/signalbox@1`;
