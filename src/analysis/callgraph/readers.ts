import { bindingScope, type FileSummary, type ScopeSummary } from "./summary.ts";

/** Tells each binding scope who reads its names, and which names nobody binds. */
export function tellReaders(file: FileSummary, loads: readonly ReadonlySet<string>[], unbound: Set<string>): void {
  const readers = new Map<ScopeSummary, Map<string, number[]>>();
  for (const [index, names] of loads.entries()) {
    for (const name of names) {
      const owner = file.scopes[bindingScope(file, index, name)];
      if (owner === undefined) {
        unbound.add(name);
        continue;
      }
      let own = readers.get(owner);
      if (own === undefined) {
        own = new Map();
        readers.set(owner, own);
      }
      const known = own.get(name);
      if (known === undefined) own.set(name, [index]);
      else known.push(index);
    }
  }
  for (const [owner, own] of readers) owner.readers = own;
}
