// All views and their commands.
import * as vscode from 'vscode';
import type { Direction } from '../protocol.ts';
import type { Server } from '../server.ts';
import { FindingsView } from './findings.ts';
import type { FrameRow } from './frame-rows.ts';
import { HotLinesView } from './hot-lines-view.ts';
import type { SeriesRow } from './series-rows.ts';
import type { Place, Row } from './rows.ts';
import { SnapshotActions } from './snapshot-actions.ts';
import { SnapshotsView } from './snapshots.ts';
import { StacksView } from './stack-tree.ts';
import { followState } from './state.ts';

type Commands = Record<string, (...args: never[]) => Promise<unknown>>;

export class Views implements vscode.Disposable {
  private readonly parts: vscode.Disposable[];
  private readonly snapshots: SnapshotsView;
  readonly commands: Commands;

  constructor(server: Server, memory: vscode.Memento) {
    const [hotLines, snapshots] = [new HotLinesView(server, memory), new SnapshotsView(server)];
    this.snapshots = snapshots;
    const stacks = new StacksView(server, memory);
    this.parts = [new FindingsView(server), hotLines, snapshots, stacks, followState(server)];
    this.commands = {
      ...ofHotLines(hotLines),
      ...ofSnapshots(new SnapshotActions(server, snapshots)),
      ...ofStacks(stacks),
    };
  }

  // Shows a message above the snapshots; none if it is empty.
  say(message: string): void {
    this.snapshots.say(message);
  }

  dispose(): void {
    for (const part of this.parts) {
      part.dispose();
    }
  }
}

function ofHotLines(view: HotLinesView): Commands {
  return {
    sortHotLines: () => view.sort(),
    filterHotLines: () => view.filter(),
    clearFilter: () => view.choose({ filter: '' }),
    showAllCode: () => view.choose({ own: false }),
    showOwnCode: () => view.choose({ own: true }),
  };
}

function ofSnapshots(actions: SnapshotActions): Commands {
  return {
    useAsBase: (of?: SeriesRow | vscode.Uri) => use(actions, 'base', of),
    useAsHead: (of?: SeriesRow | vscode.Uri) => use(actions, 'head', of),
    showSeries: (row?: SeriesRow) => actions.showSeries(row),
    labelSnapshot: (row?: SeriesRow) => actions.label(row),
    deleteSnapshot: (row?: SeriesRow, rows?: SeriesRow[]) => actions.remove(row, rows),
    revealSnapshot: (row?: SeriesRow) => actions.reveal(row),
  };
}

// A row of the view, or a file of the explorer.
function use(actions: SnapshotActions, end: 'base' | 'head', of?: SeriesRow | vscode.Uri): Promise<void> {
  return of !== undefined && 'fsPath' in of ? actions.useFileAs(end, of) : actions.useAs(end, of);
}

function ofStacks(view: StacksView): Commands {
  const turn = (direction: Direction) => () => view.turn(direction);
  return {
    showCallers: turn('callers'),
    showCallees: turn('callees'),
    openFrame: (row: FrameRow) => view.open(row),
    showStacks: (of?: string | Row, line?: number) => view.show(placeIn(of, line)),
  };
}

// The line of a hint (uri, line) or of a row; undefined for the one under the cursor.
function placeIn(of?: string | Row, line?: number): Place | undefined {
  if (typeof of === 'string' && line !== undefined) {
    return { uri: vscode.Uri.parse(of).toString(), line }; // as VS Code spells it
  }
  return typeof of === 'object' ? (of.place ?? undefined) : undefined;
}
