// The editor of a profile file: what it holds, as a table and as pictures. It shows the file alone; the numbers in the source stay.
import * as path from 'node:path';
import * as vscode from 'vscode';
import type { FromPage } from '../pictures/messages.ts';
import { Later } from './later.ts';
import { html, PageServer, tell } from './picture-page.ts';
import type { ProfileFile } from './protocol.ts';
import type { Server } from './server.ts';

export const PROFILE_EDITOR = 'alloclens.profile';
const ANY_PROFILE_EDITOR = 'alloclens.anyProfile'; // the same, offered for every file by Reopen Editor With
const REFRESH_MS = 200;

export class ProfileEditor implements vscode.CustomReadonlyEditorProvider, vscode.Disposable {
  private readonly server: Server;
  private readonly folder: vscode.Uri; // of the webviews' script and style
  private readonly registered: vscode.Disposable;
  private isLoading = true;

  constructor(server: Server, extension: vscode.Uri) {
    this.server = server;
    this.folder = vscode.Uri.joinPath(extension, 'dist');
    const options = { supportsMultipleEditorsPerDocument: true };
    const editors = [PROFILE_EDITOR, ANY_PROFILE_EDITOR].map((type) => vscode.window.registerCustomEditorProvider(type, this, options));
    const status = server.onStatus(({ state }) => {
      this.isLoading = state === 'loading';
    });
    this.registered = vscode.Disposable.from(...editors, status);
  }

  dispose(): void {
    this.registered.dispose();
  }

  openCustomDocument(uri: vscode.Uri): vscode.CustomDocument {
    return { uri, dispose: () => undefined };
  }

  resolveCustomEditor({ uri }: vscode.CustomDocument, panel: vscode.WebviewPanel): void {
    const of: ProfileFile = { path: uri.fsPath };
    const pages = new PageServer(this.server, () => this.isLoading);
    const changed = new Later(REFRESH_MS, () => void tell(panel, { type: 'changed' }));
    const watcher = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(vscode.Uri.joinPath(uri, '..'), path.basename(uri.fsPath)));
    const ask = () => {
      changed.ask();
    };
    const parts = [changed, watcher, watcher.onDidChange(ask), watcher.onDidCreate(ask), this.server.onStarted(ask)];
    panel.onDidDispose(() => {
      vscode.Disposable.from(...parts).dispose();
    });
    panel.webview.options = { enableScripts: true, localResourceRoots: [this.folder] };
    panel.webview.onDidReceiveMessage(async (message: FromPage) => {
      if (message.type === 'sampleType') {
        of.sampleType = message.name;
        ask();
      } else if (message.type === 'compare') {
        const base = await pickBase(uri);
        if (base !== undefined) {
          of.base = base;
          ask();
        }
      } else {
        await pages.hear(panel, message, of);
      }
    });
    panel.webview.html = html(panel.webview, this.folder, 'profile', 'Profile');
  }
}

// Returns the path of the profile to compare with; '' for none.
async function pickBase(uri: vscode.Uri): Promise<string | undefined> {
  const folder = vscode.Uri.joinPath(uri, '..');
  const files = (await vscode.workspace.fs.readDirectory(folder)).filter(([name, type]) => type === vscode.FileType.File && name !== path.basename(uri.fsPath));
  const items = [
    { label: 'No Base', value: '' },
    { label: 'Another File…', value: undefined },
    ...files.map(([name]) => ({ label: name, value: vscode.Uri.joinPath(folder, name).fsPath })),
  ];
  const chosen = await vscode.window.showQuickPick(items, { title: `Compare ${path.basename(uri.fsPath)} with` });
  if (chosen === undefined || chosen.value !== undefined) {
    return chosen?.value;
  }
  const [other] = (await vscode.window.showOpenDialog({ title: 'The base', openLabel: 'Compare', defaultUri: folder })) ?? [];
  return other?.fsPath;
}
