// The view Stacks: the callers or callees of the line under the cursor, with the bytes on each path.
import * as vscode from 'vscode';
import { printable } from '../../pictures/printable.ts';
import { setContext } from '../contexts.ts';
import { Later } from '../later.ts';
import type { Direction } from '../protocol.ts';
import { STACK_TREE } from '../protocol.ts';
import type { Server } from '../server.ts';
import type { FrameRow } from './frame-rows.ts';
import { frameRows, placeName, samePlace, titleOf } from './frame-rows.ts';
import type { Place } from './rows.ts';
import { opening, View } from './view.ts';

const WAIT_MS = 250;
const MEMORY = 'stacks';
export const OPEN_FRAME = 'alloclens.openFrame';

export class StacksView extends View<FrameRow> {
  private readonly memory: vscode.Memento;
  private readonly moved = new Later(WAIT_MS, () => {
    this.follow();
  });
  private chosen: Direction; // by the user
  private direction: Direction; // of what is shown
  private at: Place | undefined;
  private asked: Place | undefined; // by a command
  private opened: Place | undefined; // opened from this view, or where it was asked for: the tree must not follow the cursor there

  constructor(server: Server, memory: vscode.Memento) {
    super(server, 'alloclens.stacks', { showCollapseAll: true });
    this.memory = memory;
    this.chosen = memory.get(MEMORY) === 'callees' ? 'callees' : 'callers';
    this.direction = this.chosen;
    setContext('stacks.direction', this.direction);
    const ask = () => {
      this.moved.ask();
    };
    this.keep(vscode.window.onDidChangeTextEditorSelection(ask));
    this.keep(vscode.window.onDidChangeActiveTextEditor(ask));
    this.keep(this.moved);
  }

  async turn(direction: Direction): Promise<void> {
    this.chosen = direction;
    this.face(direction);
    await this.memory.update(MEMORY, direction);
  }

  async open({ place }: FrameRow): Promise<void> {
    if (place) {
      this.opened = { ...place, uri: vscode.Uri.parse(place.uri).toString() }; // as VS Code spells it
      await vscode.commands.executeCommand('vscode.open', ...opening(place, true)); // keep the focus here: else an arrow key would move the cursor, and so change the tree
    }
  }

  // Shows the stacks of a line, or of the one under the cursor, until the cursor goes to another: what it calls, if that allocates,
  // else who calls it.
  async show(at = cursor()): Promise<void> {
    this.opened = cursor();
    this.at = this.asked = at;
    const lines = at && (await this.server.ask(STACK_TREE, at.uri, at.line, 'callees', []));
    this.face(lines?.some(({ leaf }) => !leaf) ? 'callees' : 'callers');
    await vscode.commands.executeCommand('alloclens.stacks.focus');
  }

  protected override describe(): void {
    // it says which line the rows are of
  }

  protected override async rows(parent?: FrameRow): Promise<FrameRow[]> {
    this.at ??= cursor();
    const root = parent?.root ?? (this.at && { at: this.at, direction: this.direction });
    if (root === undefined) {
      return [];
    }
    this.view.description = printable(titleOf(root));
    const path = parent?.path ?? [];
    const nodes = await this.server.ask(STACK_TREE, root.at.uri, root.at.line, root.direction, path);
    if (parent === undefined) {
      const isNone = nodes?.length === 0 && samePlace(root.at, this.asked);
      this.view.message = isNone ? printable(`No number is on ${placeName(root.at)} as the text is now. If it was edited after the snapshot, the next one has its stacks.`) : '';
    }
    return frameRows(nodes ?? [], root, path, parent === undefined || parent.folding === 'open');
  }

  protected override appeared(): void {
    this.follow();
    super.appeared();
  }

  protected override click(row: FrameRow): vscode.Command | undefined {
    return row.place ? { command: OPEN_FRAME, title: 'Open', arguments: [row] } : super.click(row);
  }

  private face(direction: Direction): void {
    this.direction = direction;
    setContext('stacks.direction', direction);
    this.refresh();
  }

  private follow(): void {
    const now = cursor();
    if (now === undefined || samePlace(now, this.opened) || samePlace(now, this.at)) {
      return;
    }
    this.opened = undefined;
    this.at = now;
    this.face(this.chosen); // what was asked for of one line alone ends with it
  }
}

// Returns where the cursor is; undefined if the active editor shows no file.
export function cursor(): Place | undefined {
  const editor = vscode.window.activeTextEditor;
  return editor?.document.uri.scheme === 'file'
    ? { uri: editor.document.uri.toString(), line: editor.selection.active.line }
    : undefined;
}
