// What of a published key is an address.

/** The address in the key of a file, in the file's own name or in that of its tree; undefined where there is none. */
export function addressOf(file, key) {
  const parts = [...key.matchAll(/\.([0-9a-f]{32})(?![0-9a-f])/g)];
  return parts.find(({ 0: part, index }) => key.slice(0, index) + key.slice(index + part.length) === file)?.[1];
}
