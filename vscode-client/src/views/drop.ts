// Files that are dropped onto the view Snapshots are copied to the directory of the shown series.
import * as vscode from 'vscode';
import { inMessage } from '../plain.ts';
import { SERIES } from '../protocol.ts';
import type { Server } from '../server.ts';

const URIS = 'text/uri-list';

export class DroppedProfiles implements vscode.TreeDragAndDropController<unknown> {
  readonly dragMimeTypes = [];
  readonly dropMimeTypes = [URIS];
  private readonly server: Server;

  constructor(server: Server) {
    this.server = server;
  }

  async handleDrop(_target: unknown, transfer: vscode.DataTransfer): Promise<void> {
    const listed = (await transfer.get(URIS)?.asString()) ?? '';
    const uris = listed.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('#')).map((line) => vscode.Uri.parse(line));
    const into = await this.directory();
    if (into === undefined || uris.length === 0) {
      return;
    }
    const failed: string[] = [];
    for (const uri of uris) {
      const name = uri.path.slice(uri.path.lastIndexOf('/') + 1);
      const target = vscode.Uri.joinPath(into, name);
      await Promise.resolve(vscode.workspace.fs.copy(uri, target, { overwrite: false })).catch((error: unknown) => failed.push(`${name}: ${error instanceof Error ? error.message : String(error)}`));
    }
    if (failed.length > 0) {
      void vscode.window.showErrorMessage(inMessage(`alloclens: ${failed.join('; ')}`));
    }
  }

  private async directory(): Promise<vscode.Uri | undefined> {
    const all = await this.server.ask(SERIES);
    const shown = all?.series.find((series) => series.shown);
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
    return shown ? vscode.Uri.file(shown.directory) : folder && vscode.Uri.joinPath(folder, 'profiles');
  }
}
