// Shows where the recorded files lie here, or why they were not found, and adds a path mapping that finds more.
import * as path from 'node:path';
import * as vscode from 'vscode';
import type { FromPage } from '../pictures/messages.ts';
import { Later } from './later.ts';
import { html, showBeside, tell } from './picture-page.ts';
import { mappingPicks } from './picks.ts';
import { ADD_MAPPING, HOT_LINES, MAPPINGS, PLACEMENT } from './protocol.ts';
import type { Server } from './server.ts';
import { NOT_RUNNING } from './server.ts';

const TITLE = 'Placement';
const REFRESH_MS = 200;

// The page of the placement, which follows the numbers while it is open.
export class Placement implements vscode.Disposable {
  private readonly server: Server;
  private readonly folder: vscode.Uri; // of the page's script and style
  private readonly changed = new Later(REFRESH_MS, () => {
    if (this.panel !== undefined) {
      void tell(this.panel, { type: 'changed' });
    }
  });
  private readonly follow: vscode.Disposable;
  private panel: vscode.WebviewPanel | undefined;
  private about = '';

  constructor(server: Server, extension: vscode.Uri) {
    this.server = server;
    this.folder = vscode.Uri.joinPath(extension, 'dist');
    this.follow = server.onStatus(() => {
      this.changed.ask();
    });
  }

  // Explains one file, in addition to the whole; all files if no editor of a file is active.
  explain(uri?: string): void {
    const active = vscode.window.activeTextEditor?.document.uri;
    this.about = uri ?? (active?.scheme === 'file' ? active.toString() : this.panel?.active ? this.about : '');
    if (this.panel !== undefined) {
      this.panel.reveal();
      this.changed.ask();
      return;
    }
    this.panel = vscode.window.createWebviewPanel('alloclens.placement', TITLE, vscode.ViewColumn.Active);
    this.panel.webview.options = { enableScripts: true, localResourceRoots: [this.folder] };
    this.panel.onDidDispose(() => {
      this.panel = undefined;
    });
    this.panel.webview.onDidReceiveMessage((message: FromPage) => this.hear(message));
    this.panel.webview.html = html(this.panel.webview, this.folder, 'placement', TITLE);
  }

  dispose(): void {
    vscode.Disposable.from(this.follow, this.changed).dispose();
    this.panel?.dispose();
  }

  private async hear(message: FromPage): Promise<void> {
    if (message.type === 'placement' && this.panel !== undefined) {
      const data = await this.server.ask(PLACEMENT, this.about).catch(() => undefined); // the server is ending
      await tell(this.panel, { type: 'answer', id: message.id, data });
    } else if (message.type === 'openFile' && this.panel !== undefined) {
      const uri = vscode.Uri.file(message.path);
      await showBeside(this.panel, uri, await this.hottest(uri));
    } else if (message.type === 'addMapping') {
      await addMapping(this.server);
    }
  }

  // Returns the heaviest line (0-based) of a file; the first if none has a number.
  private async hottest(uri: vscode.Uri): Promise<number> {
    const named = { own: false, filter: path.basename(uri.fsPath) };
    const lines = (await this.server.ask(HOT_LINES, named).catch(() => undefined)) ?? []; // the server is ending
    const hot = lines.find(({ location }) => location !== null && vscode.Uri.parse(location.uri).fsPath === uri.fsPath);
    return hot?.location?.range.start.line ?? 0;
  }
}

export async function addMapping(server: Server): Promise<void> {
  const mappings = await server.ask(MAPPINGS);
  if (mappings === undefined) {
    void vscode.window.showInformationMessage(NOT_RUNNING);
    return;
  }
  if (mappings.length === 0) {
    await noMapping();
    return;
  }
  const chosen = await vscode.window.showQuickPick(mappingPicks(mappings), { title: 'Path mappings that find recorded files' });
  const settings = chosen && (await server.ask(ADD_MAPPING, chosen.from, chosen.to));
  if (typeof settings === 'string') {
    await vscode.window.showTextDocument(vscode.Uri.file(settings)); // otherwise the server has shown why
  }
}

async function noMapping(): Promise<void> {
  const message =
    'alloclens: there is no path mapping to suggest. Either no file is missing here, or none here could be one that is; ' +
    'the explanation says which, and what to do.';
  if ((await vscode.window.showInformationMessage(message, 'Explain Placement')) === 'Explain Placement') {
    await vscode.commands.executeCommand('alloclens.explain');
  }
}
