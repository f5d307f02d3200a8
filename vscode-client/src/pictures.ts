// The flame graph and the timeline: webviews whose pictures are drawn in ../pictures.
import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import type { FromPage, ToPage } from '../pictures/messages.ts';
import { printable } from '../pictures/printable.ts';
import type { AskedLine } from '../pictures/series.ts';
import { headSetting, recorded } from '../pictures/series.ts';
import { inMessage } from './plain.ts';
import type { Commands, FocusStep, Timeline } from './protocol.ts';
import { FLAME, FOCUS, FRAME, TIMELINE } from './protocol.ts';
import type { Server, Status } from './server.ts';
import { NOT_RUNNING } from './server.ts';
import * as settings from './settings.ts';

type Place = Extract<FromPage, { type: 'open' }>;

const LINE = 'timeline.line'; // stored, so that the timeline is restored with its line

const REFRESH_MS = 100;

const KINDS = ['flame', 'timeline'] as const;
type Kind = (typeof KINDS)[number];
const TITLES: Record<Kind, string> = { flame: 'Flame Graph', timeline: 'Timeline' };
const typeOf = (kind: Kind) => `alloclens.${kind}`;

export class Pictures implements vscode.Disposable, vscode.WebviewPanelSerializer {
  private readonly server: Server;
  private readonly folder: vscode.Uri; // of the webviews' script and style
  private readonly panels = new Map<Kind, vscode.WebviewPanel>();
  private readonly follow: vscode.Disposable[];
  private readonly memory: vscode.Memento;
  private line: AskedLine | undefined;
  private latest = ''; // the name of the newest snapshot of the timeline
  private again: NodeJS.Timeout | undefined;
  private state: Status['state'] = 'loading';

  constructor(server: Server, extension: vscode.Uri, memory: vscode.Memento) {
    this.server = server;
    this.folder = vscode.Uri.joinPath(extension, 'dist');
    this.memory = memory;
    this.line = memory.get<AskedLine>(LINE);
    const onStatus = server.onStatus(({ state }) => {
      this.state = state;
      clearTimeout(this.again);
      this.again = setTimeout(() => {
        this.changed();
      }, REFRESH_MS);
    });
    this.follow = [onStatus, ...KINDS.map((kind) => vscode.window.registerWebviewPanelSerializer(typeOf(kind), this))];
  }

  showFlame(): void {
    this.show('flame');
  }

  // Shows a picture; the timeline with this line, else with the one under the cursor, if it owns something.
  showTimeline(uri?: string, line?: number): void {
    this.remember(uri !== undefined && line !== undefined ? { uri, line } : underCursor());
    this.show('timeline');
    this.changed();
  }

  dispose(): void {
    clearTimeout(this.again);
    vscode.Disposable.from(...this.follow).dispose();
    for (const panel of [...this.panels.values()]) {
      panel.dispose();
    }
  }

  // Restores the pictures of a window that was reloaded.
  deserializeWebviewPanel(panel: vscode.WebviewPanel): Promise<void> {
    const kind = KINDS.find((candidate) => typeOf(candidate) === panel.viewType);
    if (kind === undefined || this.panels.has(kind)) {
      panel.dispose();
    } else {
      this.fill(panel, kind);
    }
    return Promise.resolve();
  }

  private changed(): void {
    for (const panel of this.panels.values()) {
      void tell(panel, { type: 'changed' });
    }
  }

  private show(kind: Kind): void {
    const open = this.panels.get(kind);
    if (open !== undefined) {
      open.reveal();
      return;
    }
    this.fill(vscode.window.createWebviewPanel(typeOf(kind), TITLES[kind], vscode.ViewColumn.Beside), kind);
  }

  private fill(panel: vscode.WebviewPanel, kind: Kind): void {
    this.panels.set(kind, panel);
    panel.webview.options = { enableScripts: true, localResourceRoots: [this.folder] };
    panel.onDidDispose(() => this.panels.delete(kind));
    panel.webview.onDidReceiveMessage((message: FromPage) => this.hear(panel, message));
    panel.webview.html = html(panel.webview, this.folder, kind);
  }

  private async hear(panel: vscode.WebviewPanel, message: FromPage): Promise<void> {
    switch (message.type) {
      case 'flame': {
        const { id, path, inverted, search } = message;
        const data = await this.ask(FLAME, { path, inverted, search });
        return tell(panel, { type: 'answer', id, data });
      }
      case 'timeline':
        return tell(panel, { type: 'answer', id: message.id, data: await this.timeline() });
      case 'open':
        return tell(panel, { type: 'answer', id: message.id, data: await this.open(panel, message).catch(String) });
      case 'focus':
        return this.focus({ function: message.functionName });
      case 'focusStack':
        return this.focus({ stack: message.functionNames });
      case 'ignore':
        return this.focus({ ignoreFunction: message.functionName });
      case 'choose':
        settings.choose({ base: message.base, head: headSetting(message.head, this.latest) });
    }
  }

  private async timeline(): Promise<Timeline | null | undefined> {
    const { line } = this;
    const data = await this.ask(TIMELINE, ...(line === undefined ? [] : [line]));
    if (data && line === this.line) {
      this.remember(recorded(line, data));
    }
    this.latest = data?.points.at(-1)?.name ?? '';
    return data;
  }

  private remember(line: AskedLine | undefined): void {
    if (line !== this.line) {
      this.line = line;
      void this.memory.update(LINE, line);
    }
  }

  // A request is always answered: with undefined if there is no server, it is still reading, or it fails.
  private async ask<C extends keyof Commands>(
    command: C,
    ...args: Commands[C]['arguments']
  ): Promise<Commands[C]['answer'] | undefined> {
    try {
      const data = await this.server.ask(command, ...args);
      return data === null && this.state === 'loading' ? undefined : data;
    } catch (error) {
      this.server.log.error(printable(`${command}: ${String(error)}`));
      return undefined;
    }
  }

  // Opens a line beside the picture. Returns why it could not, else ''.
  private async open(picture: vscode.WebviewPanel, { file, line, stay }: Place): Promise<string> {
    const place = await this.server.ask(FRAME, file, line);
    if (!place) {
      return place === null ? `${file}:${line} is not in this workspace. “alloclens: Explain Placement” says why.` : NOT_RUNNING;
    }
    const at = new vscode.Position(place.range.start.line, 0);
    const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(place.uri));
    const viewColumn = picture.viewColumn === vscode.ViewColumn.One ? vscode.ViewColumn.Two : vscode.ViewColumn.One;
    await vscode.window.showTextDocument(document, { selection: new vscode.Range(at, at), viewColumn, preserveFocus: stay });
    return '';
  }

  private async focus(step: FocusStep): Promise<void> {
    const error = await this.ask(FOCUS, step);
    if (error) {
      void vscode.window.showErrorMessage(inMessage(`alloclens: ${error}`));
    }
  }
}

async function tell(panel: vscode.WebviewPanel, message: ToPage): Promise<void> {
  await panel.webview.postMessage(message);
}

function underCursor(): AskedLine | undefined {
  const editor = vscode.window.activeTextEditor;
  return editor && { uri: editor.document.uri.toString(), line: editor.selection.active.line };
}

function html(webview: vscode.Webview, folder: vscode.Uri, kind: Kind): string {
  const nonce = randomBytes(16).toString('base64');
  const file = (name: string) => webview.asWebviewUri(vscode.Uri.joinPath(folder, name)).toString();
  const policy = `default-src 'none'; script-src 'nonce-${nonce}'; style-src ${webview.cspSource}; img-src 'none'; font-src 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width">
<link rel="stylesheet" href="${file('pictures.css')}">
<title>${TITLES[kind]}</title>
</head>
<body data-picture="${kind}"><main></main><script nonce="${nonce}" src="${file('pictures.js')}"></script></body>
</html>`;
}
