// Tells the server which file the user looks at: the shown series follows it.
import * as vscode from 'vscode';
import { ACTIVE_FILE } from './protocol.ts';
import type { Server } from './server.ts';

export function followActiveFile(server: Server): vscode.Disposable {
  const say = (): void => {
    const uri = vscode.window.activeTextEditor?.document.uri;
    if (uri?.scheme === 'file' && server.runs) {
      server.ask(ACTIVE_FILE, uri.toString()).catch(() => undefined); // the server is ending, or is an older one
    }
  };
  return vscode.Disposable.from(vscode.window.onDidChangeActiveTextEditor(say), server.onStarted(say));
}
