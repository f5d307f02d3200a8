// To the next and the previous hot line.
import * as vscode from 'vscode';
import { neighbour } from './hot-lines.ts';
import type { Step } from './hot-lines.ts';
import type { HotLine } from './protocol.ts';
import { HOT_LINES } from './protocol.ts';
import type { Server } from './server.ts';

export async function goToHotLine(server: Server, step: Step): Promise<void> {
  const lines = (await server.ask<HotLine[]>(HOT_LINES)) ?? [];
  const editor = vscode.window.activeTextEditor;
  const from = { uri: editor?.document.uri.toString() ?? '', line: editor?.selection.active.line ?? 0 };
  const to = neighbour(lines, from, step);
  if (to === undefined) {
    void vscode.window.showInformationMessage('alloclens: no hot line yet. The status bar says which profiles are read.');
    return;
  }
  const at = new vscode.Position(to.location.range.start.line, 0);
  const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(to.location.uri));
  await vscode.window.showTextDocument(document, { selection: new vscode.Range(at, at) });
}
