// The status bar item: sample type, base → head and total growth, or why there is nothing.
import * as vscode from 'vscode';
import { plain } from './plain.ts';
import type { Server, Status } from './server.ts';

const ICONS = { empty: '$(pulse)', loading: '$(loading~spin)', ok: '$(pulse)', problem: '$(warning)', missing: '$(cloud-download)', misnamed: '$(warning)' };
const NAMELESS = ['empty', 'loading', 'missing', 'misnamed']; // without numbers, nothing else says whose the item is

export function statusItem(server: Server): vscode.Disposable {
  const item = vscode.window.createStatusBarItem('alloclens.status', vscode.StatusBarAlignment.Left, 0);
  item.name = 'alloclens';
  item.command = 'alloclens.menu';
  const follow = server.onStatus((status) => {
    show(item, status);
  });
  return vscode.Disposable.from(item, follow);
}

function show(item: vscode.StatusBarItem, status: Status): void {
  item.command = status.state === 'missing' ? 'alloclens.installServer' : 'alloclens.menu';
  const text = plain(status.text);
  const named = `alloclens: ${text}`;
  item.text = `${ICONS[status.state]} ${NAMELESS.includes(status.state) ? named : text}`;
  item.accessibilityInformation = { label: text.startsWith('alloclens') ? text : named };
  item.tooltip = new vscode.MarkdownString(status.tooltip);
  item.show(); // only a window in which something has asked for the server has an item
}
