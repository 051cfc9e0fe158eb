import { isAbsolute, join, relative, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** The path of a `file:` URI; nothing for other schemes and for URIs that name no path. */
export function pathOfUri(uri: string): string | undefined {
  if (!uri.startsWith("file:")) return undefined;
  try {
    return fileURLToPath(uri);
  } catch {
    // A URI with a host or an encoded slash names no path of this machine.
    return undefined;
  }
}

/** A path relative to a folder, with `/`; nothing when it lies outside. */
export function pathInFolder(folder: string, path: string): string | undefined {
  const inside = relative(folder, path);
  if (inside === "" || isAbsolute(inside) || inside.split(sep)[0] === "..") return undefined;
  return sep === "/" ? inside : inside.replaceAll(sep, "/");
}

/** URI of a file named relative to a folder. */
export function uriInFolder(folder: string, file: string): string {
  return pathToFileURL(join(folder, file)).toString();
}
