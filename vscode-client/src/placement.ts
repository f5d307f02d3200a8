// Shows where the recorded files lie here, or why they were not found, and adds a path mapping that finds more.
import * as vscode from 'vscode';
import { mappingPicks } from './picks.ts';
import { ADD_MAPPING, EXPLAIN, MAPPINGS } from './protocol.ts';
import type { Server } from './server.ts';
import { NOT_RUNNING } from './server.ts';

const SCHEME = 'alloclens-placement';
const PAGE = vscode.Uri.from({ scheme: SCHEME, path: 'alloclens: placement' }); // the path is the title of the tab

// Provides the last explanation as a read-only document.
export class Placement implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly server: Server;
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.changed.event;
  private readonly registration = vscode.workspace.registerTextDocumentContentProvider(SCHEME, this);
  private about: string | undefined;
  private text = '';

  constructor(server: Server) {
    this.server = server;
  }

  provideTextDocumentContent(): string {
    return this.text;
  }

  // Explains one file, in addition to the whole; all files if no editor of a file is active.
  async explain(uri?: string): Promise<void> {
    this.about = uri ?? this.aboutActive();
    const explanation = await this.server.ask(EXPLAIN, this.about);
    if (explanation === undefined) {
      void vscode.window.showInformationMessage(NOT_RUNNING);
      return;
    }
    this.text = explanation;
    this.changed.fire(PAGE);
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(PAGE), { preview: false });
  }

  dispose(): void {
    this.registration.dispose();
    this.changed.dispose();
  }

  private aboutActive(): string | undefined {
    const active = vscode.window.activeTextEditor?.document.uri;
    if (active?.scheme === SCHEME) {
      return this.about; // the explanation itself: show the same again
    }
    return active?.scheme === 'file' ? active.toString() : undefined;
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
  if ((await vscode.window.showInformationMessage(message, 'Explain')) === 'Explain') {
    await vscode.commands.executeCommand('alloclens.explain');
  }
}
