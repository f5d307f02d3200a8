// The flame graph, the call graph and the timeline: webviews whose pictures are drawn in ../pictures.
import * as vscode from 'vscode';
import type { FromPage } from '../pictures/messages.ts';
import type { AskedLine } from '../pictures/series.ts';
import { headSetting, recorded } from '../pictures/series.ts';
import { Later } from './later.ts';
import { html, PageServer, tell } from './picture-page.ts';
import { inMessage } from './plain.ts';
import type { FocusStep, Timeline } from './protocol.ts';
import { FOCUS, TIMELINE } from './protocol.ts';
import type { Server, Status } from './server.ts';
import * as settings from './settings.ts';
import { samePlace } from './views/frame-rows.ts';
import { cursor } from './views/stack-tree.ts';

const LINE = 'timeline.line'; // stored, so that the timeline is restored with its line

const REFRESH_MS = 100;
const CURSOR_MS = 250;

const KINDS = ['flame', 'graph', 'timeline'] as const;
type Kind = (typeof KINDS)[number];
const TITLES: Record<Kind, string> = { flame: 'Flame Graph', graph: 'Call Graph', timeline: 'Timeline' };
const typeOf = (kind: Kind) => `alloclens.${kind}`;

export class Pictures implements vscode.Disposable, vscode.WebviewPanelSerializer {
  private readonly pages: PageServer;
  private readonly folder: vscode.Uri; // of the webviews' script and style
  private readonly panels = new Map<Kind, vscode.WebviewPanel>();
  private readonly follow: vscode.Disposable[];
  private readonly memory: vscode.Memento;
  private line: AskedLine | undefined;
  private last = cursor(); // where it was when an editor was last active: a picture in focus has none
  private latest = ''; // the name of the newest snapshot of the timeline
  private again: NodeJS.Timeout | undefined;
  private state: Status['state'] = 'loading';

  constructor(server: Server, extension: vscode.Uri, memory: vscode.Memento) {
    this.pages = new PageServer(server, () => this.state === 'loading');
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
    const moved = new Later(CURSOR_MS, () => {
      this.followCursor();
    });
    const ask = () => {
      moved.ask();
    };
    const onCursor = [vscode.window.onDidChangeTextEditorSelection(ask), vscode.window.onDidChangeActiveTextEditor(ask), moved];
    this.follow = [onStatus, ...onCursor, ...KINDS.map((kind) => vscode.window.registerWebviewPanelSerializer(typeOf(kind), this))];
  }

  showFlame(): void {
    this.show('flame');
  }

  showGraph(): void {
    this.show('graph');
  }

  // Shows a picture; the timeline with this line, else with the one under the cursor, until the cursor goes to another.
  showTimeline(uri?: string, line?: number): void {
    this.last = cursor() ?? this.last;
    this.remember(uri !== undefined && line !== undefined ? { uri, line } : this.last);
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

  private followCursor(): void {
    const now = cursor();
    if (now === undefined || samePlace(now, this.last)) {
      return;
    }
    const before = this.last;
    this.last = now;
    const timeline = this.panels.get('timeline');
    if (timeline !== undefined && before !== undefined) { // else it has just been restored, with its line
      this.remember(now);
      void tell(timeline, { type: 'changed' });
    }
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
    const [other] = this.panels.values(); // two columns of pictures would leave the editor too narrow
    const column = other?.viewColumn ?? vscode.ViewColumn.Beside;
    this.fill(vscode.window.createWebviewPanel(typeOf(kind), TITLES[kind], column), kind);
  }

  private fill(panel: vscode.WebviewPanel, kind: Kind): void {
    this.panels.set(kind, panel);
    panel.webview.options = { enableScripts: true, localResourceRoots: [this.folder] };
    panel.onDidDispose(() => this.panels.delete(kind));
    panel.webview.onDidReceiveMessage((message: FromPage) => this.hear(panel, message));
    panel.webview.html = html(panel.webview, this.folder, kind, TITLES[kind]);
  }

  private async hear(panel: vscode.WebviewPanel, message: FromPage): Promise<void> {
    if (await this.pages.hear(panel, message)) {
      return;
    }
    switch (message.type) {
      case 'timeline':
        return tell(panel, { type: 'answer', id: message.id, data: await this.timeline() });
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
    const data = await this.pages.ask(TIMELINE, ...(line === undefined ? [] : [line]));
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

  private async focus(step: FocusStep): Promise<void> {
    const error = await this.pages.ask(FOCUS, step);
    if (error) {
      void vscode.window.showErrorMessage(inMessage(`alloclens: ${error}`));
    }
  }
}
