// Goes to the next or the previous hot line.
import * as vscode from 'vscode';
import { HOT_LINE } from './protocol.ts';
import type { Server } from './server.ts';
import { NOT_RUNNING } from './server.ts';

// The server asks VS Code to show the line, as it does in every editor.
export async function goToHotLine(server: Server, step: 1 | -1): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const [uri, line] = [editor?.document.uri.toString() ?? '', editor?.selection.active.line ?? 0];
  if ((await server.ask(HOT_LINE, uri, line, step)) === undefined) {
    void vscode.window.showInformationMessage(NOT_RUNNING);
  }
}
