import { Disposable, type Event, EventEmitter, type TreeDataProvider, type TreeItem, window } from "vscode";

/** What a view lists: one that is read anew as a whole whenever something changed. */
export abstract class TreeLines<N> implements TreeDataProvider<N>, Disposable {
  readonly #changed = new EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.#changed.event;

  abstract getChildren(node?: N): N[] | Promise<N[]>;
  abstract getTreeItem(node: N): TreeItem;

  refresh(): void {
    this.#changed.fire(undefined);
  }

  dispose(): void {
    this.#changed.dispose();
  }
}

/**
 * Shows lines in a view of the side bar, and owns them.
 * @param changes after which events they are read anew
 * @param everyMs how often they are read anew while they are visible, where they change by themselves
 */
export function showTree<N>(
  view: string,
  lines: TreeLines<N>,
  changes: readonly Event<unknown>[],
  everyMs?: number,
): Disposable {
  const tree = window.createTreeView(view, { treeDataProvider: lines });
  const timer =
    everyMs === undefined
      ? undefined
      : setInterval(() => {
          if (tree.visible) lines.refresh();
        }, everyMs);
  return Disposable.from(
    tree,
    lines,
    new Disposable(() => clearInterval(timer)),
    ...changes.map((changed) => changed(() => lines.refresh())),
  );
}
