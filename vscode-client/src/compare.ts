// Compares two profiles, wherever they are.
import * as path from 'node:path';
import * as vscode from 'vscode';
import { setContext } from './contexts.ts';
import { inMessage } from './plain.ts';
import type { ProfileEditor } from './profile-editor.ts';
import { COMPARE, LEAVE_COMPARISON } from './protocol.ts';
import type { Server } from './server.ts';
import { NOT_RUNNING } from './server.ts';

export const LEAVE = 'Back to the Series'; // the title of the command; also of one file that is shown alone

// Of files that are selected in the explorer, the older one is the base; the user picks what is not selected.
export async function compareFiles(server: Server, editor: ProfileEditor, uri?: unknown, uris?: unknown): Promise<void> {
  const chosen = (Array.isArray(uris) ? uris : [uri]).filter((item): item is vscode.Uri => item instanceof vscode.Uri);
  const [base, head] = chosen.length === 2 ? await byTime(chosen) : [await pick('The base: the profile to compare with', chosen[0]), chosen[0]];
  const other = base && (head ?? (await pick('The head: the profile to show', base)));
  if (base === undefined || other === undefined) {
    return;
  }
  if (await compare(server, base.fsPath, other.fsPath)) {
    await editor.compare(base.fsPath, other.fsPath);
  }
}

let selected: vscode.Uri | undefined; // for the next comparison

export function selectForCompare(uri?: unknown): void {
  selected = uri instanceof vscode.Uri ? uri : undefined;
  setContext('selectedForCompare', selected !== undefined);
}

export async function compareWithSelected(server: Server, editor: ProfileEditor, uri?: unknown): Promise<void> {
  if (selected !== undefined && uri instanceof vscode.Uri) {
    await compareFiles(server, editor, uri, [selected, uri]);
  }
}

// Returns whether the two are compared; the user is told why if not.
export async function compare(server: Server, base: string, head: string): Promise<boolean> {
  const wrong = await server.ask(COMPARE, base, head);
  if (wrong === undefined) {
    void vscode.window.showInformationMessage(NOT_RUNNING);
  } else if (wrong !== null) {
    void vscode.window.showErrorMessage(inMessage(`alloclens: ${wrong}`));
  } else {
    void saidCompared(base, head); // not awaited: the message may stay for long
  }
  return wrong === null;
}

async function saidCompared(base: string, head: string): Promise<void> {
  const [from, to] = path.basename(base) === path.basename(head) ? [base, head] : [path.basename(base), path.basename(head)];
  const message = `alloclens: the source lines and the views compare ${to} with ${from}, too, until “${LEAVE}”.`;
  if ((await vscode.window.showInformationMessage(inMessage(message), LEAVE)) !== undefined) {
    await vscode.commands.executeCommand('alloclens.leaveComparison');
  }
}

export async function leaveComparison(server: Server): Promise<void> {
  await server.ask(LEAVE_COMPARISON);
}

// While files that the user named are shown, the status bar offers to leave them.
export function followComparison(server: Server): vscode.Disposable {
  const item = vscode.window.createStatusBarItem('alloclens.comparison', vscode.StatusBarAlignment.Left, 0);
  item.name = 'alloclens: Comparison';
  item.text = `$(close) ${LEAVE}`;
  item.tooltip = 'Files that you chose are shown. A click shows the series in the profile directories again.';
  item.command = 'alloclens.leaveComparison';
  const follow = server.onStatus(({ compares }) => {
    setContext('compares', compares);
    if (compares) {
      item.show();
    } else {
      item.hide();
    }
  });
  return vscode.Disposable.from(item, follow);
}

async function byTime(uris: readonly vscode.Uri[]): Promise<vscode.Uri[]> {
  const dated = await Promise.all(uris.map(async (uri) => ({ uri, time: (await vscode.workspace.fs.stat(uri)).mtime })));
  return dated.sort((a, b) => a.time - b.time).map(({ uri }) => uri);
}

async function pick(title: string, beside?: vscode.Uri): Promise<vscode.Uri | undefined> {
  const where = beside === undefined ? vscode.workspace.workspaceFolders?.[0]?.uri : vscode.Uri.joinPath(beside, '..');
  const [chosen] = (await vscode.window.showOpenDialog({ title, openLabel: 'Compare', ...(where && { defaultUri: where }) })) ?? [];
  return chosen;
}
