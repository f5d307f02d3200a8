// Colours lines that hold memory in the overview ruler, and beside or behind the text; lines that grow have the warning colour.
import * as vscode from 'vscode';
import { printable } from '../pictures/printable.ts';
import type { HeatLine } from './heat-steps.ts';
import { heat, STEPS } from './heat-steps.ts';
import { Later } from './later.ts';
import type { HotLine } from './protocol.ts';
import { HOT_LINES } from './protocol.ts';
import type { Server } from './server.ts';
import * as settings from './settings.ts';
import { Turns } from './turns.ts';

const WAIT_MS = 100;
const MAX_LINES = 2000;

type Mode = 'off' | 'subtle' | 'strong';

const MODES: [mode: Mode, detail: string][] = [
  ['off', 'no colours'],
  ['subtle', 'a mark in the overview ruler and a thin border'],
  ['strong', 'a background, too'],
];

export async function chooseHeat(): Promise<void> {
  const now = settings.get<Mode>('heat', 'off');
  const offered = MODES.map(([value, detail]) => ({ label: value === now ? `$(check) ${value}` : value, detail, value }));
  const chosen = await vscode.window.showQuickPick(offered, { title: 'Colours of lines that hold memory' });
  if (chosen !== undefined) {
    await settings.setOfUser('heat', chosen.value);
  }
}

// The decorations of one mode.
interface Marks {
  steps: vscode.TextEditorDecorationType[]; // coldest first
  grown: vscode.TextEditorDecorationType;
}

export class Heat implements vscode.Disposable {
  private readonly server: Server;
  private readonly turns = new Turns();
  private readonly later = new Later(WAIT_MS, () => {
    this.draw();
  });
  private readonly follow: vscode.Disposable;
  private mode: Mode = 'off';
  private marks: Marks | undefined;

  constructor(server: Server) {
    this.server = server;
    const ask = () => {
      this.later.ask();
    };
    const chosen = vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration(`${settings.SECTION}.heat`)) {
        ask();
      }
    });
    this.follow = vscode.Disposable.from(server.onStatus(ask), vscode.window.onDidChangeVisibleTextEditors(ask), chosen);
  }

  dispose(): void {
    this.follow.dispose();
    this.later.dispose();
    this.clear();
  }

  private draw(): void {
    this.turns
      .take(async (outdated) => {
        this.change(settings.get<Mode>('heat', 'off'));
        const sites = this.marks && this.server.runs ? await this.server.ask(HOT_LINES, { own: false, most: MAX_LINES }) : undefined;
        if (!outdated()) {
          this.paint(sites ?? []);
        }
      })
      .catch((error: unknown) => {
        this.server.log.warn(printable(`heat: ${String(error)}`)); // the server may be ending, or is an older one
      });
  }

  private change(mode: Mode): void {
    if (mode !== this.mode) {
      this.clear();
      this.mode = mode;
      this.marks = marksOf(mode);
    }
  }

  private clear(): void {
    for (const mark of this.marks ? [...this.marks.steps, this.marks.grown] : []) {
      mark.dispose();
    }
    this.marks = undefined;
  }

  private paint(sites: readonly HotLine[]): void {
    const files = new Map([...heat(sites)].map(([uri, lines]) => [vscode.Uri.parse(uri).toString(), lines]));
    for (const editor of this.marks ? vscode.window.visibleTextEditors : []) {
      this.mark(editor, files.get(editor.document.uri.toString()) ?? []);
    }
  }

  // The thin borders of a step and of growth would hide each other; growth wins.
  private mark(editor: vscode.TextEditor, lines: readonly HeatLine[]): void {
    const coloured = this.mode === 'strong' ? lines : lines.filter(({ grown }) => !grown);
    this.marks?.steps.forEach((mark, i) => {
      editor.setDecorations(mark, ranges(coloured.filter(({ step }) => step === i + 1)));
    });
    if (this.marks !== undefined) {
      editor.setDecorations(this.marks.grown, ranges(lines.filter(({ grown }) => grown)));
    }
  }
}

function ranges(lines: readonly HeatLine[]): vscode.Range[] {
  return lines.map(({ line }) => new vscode.Range(line, 0, line, 0));
}

function marksOf(mode: Mode): Marks | undefined {
  if (mode !== 'subtle' && mode !== 'strong') {
    return undefined;
  }
  const colors = Array.from({ length: STEPS }, (_, i) => new vscode.ThemeColor(`alloclens.heat${i + 1}`));
  const warning = new vscode.ThemeColor('editorWarning.foreground');
  return {
    steps: colors.map((color) => decoration(color, mode === 'strong' ? { backgroundColor: color } : border(color))),
    grown: decoration(warning, border(warning), vscode.OverviewRulerLane.Right),
  };
}

function decoration(
  color: vscode.ThemeColor,
  look: vscode.DecorationRenderOptions,
  lane = vscode.OverviewRulerLane.Left,
): vscode.TextEditorDecorationType {
  const ruler = { overviewRulerColor: color, overviewRulerLane: lane };
  return vscode.window.createTextEditorDecorationType({ isWholeLine: true, ...ruler, ...look });
}

function border(borderColor: vscode.ThemeColor): vscode.DecorationRenderOptions {
  return { borderStyle: 'solid', borderWidth: '0 0 0 2px', borderColor };
}
