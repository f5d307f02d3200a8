// The editor of a profile file: what it holds, as a table and as pictures. It shows the file alone; the numbers in the source stay.
import * as path from 'node:path';
import * as vscode from 'vscode';
import type { FromPage } from '../pictures/messages.ts';
import type { BaseItem } from './base-items.ts';
import { baseItems } from './base-items.ts';
import { Later } from './later.ts';
import { html, PageServer, tell } from './picture-page.ts';
import { inMessage, plain } from './plain.ts';
import type { ProfileFile } from './protocol.ts';
import { SUMMARY } from './protocol.ts';
import type { Server } from './server.ts';

export const PROFILE_EDITOR = 'alloclens.profile';
const ANY_PROFILE_EDITOR = 'alloclens.anyProfile'; // the same, offered for every file by Reopen Editor With
const REFRESH_MS = 200;

export class ProfileEditor implements vscode.CustomReadonlyEditorProvider, vscode.Disposable {
  private readonly server: Server;
  private readonly folder: vscode.Uri; // of the webviews' script and style
  private readonly registered: vscode.Disposable;
  private readonly opened = new Map<string, Set<(base: string) => void>>(); // by path: what compares each open editor of a file
  private readonly bases = new Map<string, string>(); // by path: the base of the next editor of a file
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

  // Shows a profile compared with another one, in the editor that it has or in a new one.
  async compare(base: string, head: string): Promise<void> {
    const opened = this.opened.get(head) ?? new Set();
    if (opened.size === 0) {
      this.bases.set(head, base);
    }
    opened.forEach((compare) => {
      compare(base);
    });
    await vscode.commands.executeCommand('vscode.openWith', vscode.Uri.file(head), PROFILE_EDITOR, { preview: false });
  }

  openCustomDocument(uri: vscode.Uri): vscode.CustomDocument {
    return { uri, dispose: () => undefined };
  }

  resolveCustomEditor({ uri }: vscode.CustomDocument, panel: vscode.WebviewPanel): void {
    const base = this.bases.get(uri.fsPath);
    const of: ProfileFile = { path: uri.fsPath, ...(base !== undefined && { base }) };
    this.bases.delete(uri.fsPath);
    const pages = new PageServer(this.server, () => this.isLoading);
    const changed = new Later(REFRESH_MS, () => void tell(panel, { type: 'changed' }));
    const watcher = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(vscode.Uri.joinPath(uri, '..'), path.basename(uri.fsPath)));
    const ask = () => {
      changed.ask();
    };
    const compare = (other: string) => {
      of.base = other;
      ask();
    };
    const opened = this.opened.get(uri.fsPath) ?? new Set();
    this.opened.set(uri.fsPath, opened.add(compare));
    const parts = [changed, watcher, watcher.onDidChange(ask), watcher.onDidCreate(ask), watcher.onDidDelete(ask), this.server.onStarted(ask)];
    panel.onDidDispose(() => {
      vscode.Disposable.from(...parts).dispose();
      opened.delete(compare);
    });
    panel.webview.options = { enableScripts: true, localResourceRoots: [this.folder] };
    panel.webview.onDidReceiveMessage(async (message: FromPage) => {
      if (message.type === 'sampleType') {
        of.sampleType = message.name;
        ask();
      } else if (message.type === 'compare') {
        const other = await pickBase(uri, of.base !== undefined && of.base !== '');
        const wrong = other === undefined ? '' : (await pages.ask(SUMMARY, { ...of, base: other }))?.problem;
        if (other !== undefined && (wrong ?? '') === '') {
          compare(other);
        } else if (wrong) {
          void vscode.window.showErrorMessage(inMessage(`alloclens: not compared: ${wrong}`)); // what was shown stays
        }
      } else {
        await pages.hear(panel, message, of);
      }
    });
    panel.webview.html = html(panel.webview, this.folder, 'profile', 'Profile');
  }
}

// Returns the path of the profile to compare with; '' for none, undefined if the user changes nothing.
async function pickBase(uri: vscode.Uri, isCompared: boolean): Promise<string | undefined> {
  const folder = vscode.Uri.joinPath(uri, '..');
  const names = (await vscode.workspace.fs.readDirectory(folder)).filter(([, type]) => type === vscode.FileType.File).map(([name]) => name);
  const pick = vscode.window.createQuickPick<BaseItem>();
  pick.title = `Compare ${plain(path.basename(uri.fsPath))} with`;
  pick.placeholder = 'A profile beside this one, or the path of another';
  const offer = () => {
    pick.items = baseItems(pick.value, folder.fsPath, path.basename(uri.fsPath), names, isCompared);
  };
  offer();
  pick.onDidChangeValue(offer);
  const chosen = await new Promise<BaseItem | undefined>((resolve) => {
    pick.onDidAccept(() => {
      resolve(pick.selectedItems[0]);
    });
    pick.onDidHide(() => {
      resolve(undefined);
    });
    pick.show();
  });
  pick.dispose();
  if (chosen === undefined || chosen.value !== undefined) {
    return chosen?.value;
  }
  const [other] = (await vscode.window.showOpenDialog({ title: 'The base', openLabel: 'Compare', defaultUri: folder })) ?? [];
  return other?.fsPath;
}
