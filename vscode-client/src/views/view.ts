// The common part of all views: turns rows into tree items, and requests them again when the server has something new.
import * as vscode from 'vscode';
import { printable } from '../../pictures/printable.ts';
import { Later } from '../later.ts';
import type { Server } from '../server.ts';
import type { Icon, Place, Row } from './rows.ts';
import { context } from './rows.ts';

const WAIT_MS = 100;
const EDITED_MS = 500; // lines move as the user types

const FOLDING = {
  leaf: vscode.TreeItemCollapsibleState.None,
  closed: vscode.TreeItemCollapsibleState.Collapsed,
  open: vscode.TreeItemCollapsibleState.Expanded,
};

export abstract class View<R extends Row> implements vscode.TreeDataProvider<R>, vscode.Disposable {
  protected readonly server: Server;
  protected readonly view: vscode.TreeView<R>;
  private readonly changed = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly later = new Later(WAIT_MS, () => {
    this.refresh();
  });
  private readonly edited = new Later(EDITED_MS, () => {
    this.refresh();
  });
  private readonly parts: vscode.Disposable[];
  private outdated = false;

  constructor(server: Server, id: string, options: Omit<vscode.TreeViewOptions<R>, 'treeDataProvider'> = {}) {
    this.server = server;
    this.view = vscode.window.createTreeView<R>(id, { ...options, treeDataProvider: this });
    const follow = server.onStatus(({ series }) => {
      this.describe(printable(series));
      this.later.ask();
    });
    const shown = this.view.onDidChangeVisibility(({ visible }) => {
      if (visible) {
        this.appeared();
      }
    });
    const typed = vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
      if (document.uri.scheme === 'file' && contentChanges.length > 0) {
        this.edited.ask();
      }
    });
    this.parts = [this.view, follow, shown, typed, this.changed, this.later, this.edited];
  }

  // Returns the children of a row, or the outermost rows.
  protected abstract rows(parent?: R): Promise<R[]>;

  getTreeItem(row: R): vscode.TreeItem {
    const item = new vscode.TreeItem(printable(row.label), FOLDING[row.folding]);
    item.id = row.id;
    item.description = printable(row.description);
    item.tooltip = new vscode.MarkdownString(row.tooltip);
    item.contextValue = context(row);
    return Object.assign(item, this.rest(row));
  }

  async getChildren(parent?: R): Promise<R[]> {
    if (!this.server.runs) {
      this.server.wake(); // its status has the rows requested again
      return [];
    }
    try {
      return await this.rows(parent);
    } catch (error) {
      this.server.log.warn(printable(`${this.view.title ?? 'view'}: ${String(error)}`)); // the server may be ending, or is an older one
      return [];
    }
  }

  dispose(): void {
    vscode.Disposable.from(...this.parts).dispose();
  }

  // Says which series the rows are of, if there are several.
  protected describe(series: string): void {
    this.view.description = series;
  }

  // A hidden view requests nothing until it is visible.
  protected refresh(): void {
    this.outdated = !this.view.visible;
    if (this.view.visible) {
      this.changed.fire(undefined);
    }
  }

  protected appeared(): void {
    if (this.outdated) {
      this.refresh();
    }
  }

  protected click(row: R): vscode.Command | undefined {
    if (row.place === undefined) {
      return undefined;
    }
    return row.place === null
      ? { command: 'alloclens.explain', title: 'Explain Placement', arguments: [''] } // no file: explain all
      : { command: 'vscode.open', title: 'Open', arguments: [...opening(row.place)] };
  }

  protected keep(part: vscode.Disposable): void {
    this.parts.push(part);
  }

  private rest(row: R): Partial<vscode.TreeItem> {
    const command = this.click(row);
    return {
      ...(row.icon && { iconPath: themeIcon(row.icon) }),
      ...(command && { command }),
    };
  }
}

function themeIcon({ id, color }: Icon): vscode.ThemeIcon {
  return new vscode.ThemeIcon(id, color === undefined ? undefined : new vscode.ThemeColor(color));
}

// The arguments of the command vscode.open.
export function opening({ uri, line }: Place, preserveFocus = false): [vscode.Uri, vscode.TextDocumentShowOptions] {
  const at = new vscode.Position(line, 0);
  return [vscode.Uri.parse(uri), { selection: new vscode.Range(at, at), preserveFocus }];
}
