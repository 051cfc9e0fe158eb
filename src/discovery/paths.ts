/** The folder of a relative path, empty for the root. */
export function parentFolder(path: string): string {
  const at = path.lastIndexOf("/");
  return at === -1 ? "" : path.slice(0, at);
}

/** A path below a folder; the folder is empty for the root. */
export function within(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}
