// The view Snapshots: every series, with the base and the head.
import * as vscode from 'vscode';
import { printable } from '../../pictures/printable.ts';
import { PROFILE_EDITOR } from '../profile-editor.ts';
import { SERIES, SOURCES } from '../protocol.ts';
import type { Server } from '../server.ts';
import { DroppedProfiles } from './drop.ts';
import { sourceRows } from '../source-words.ts';
import type { SeriesRow } from './series-rows.ts';
import { seriesRows } from './series-rows.ts';
import { View } from './view.ts';

export class SnapshotsView extends View<SeriesRow> {
  constructor(server: Server) {
    super(server, 'alloclens.snapshots', { canSelectMany: true, showCollapseAll: true, dragAndDropController: new DroppedProfiles(server) });
    const states = new Map<string, string>(); // of the sources: how far they are is shown elsewhere
    this.keep(
      server.onSource(({ name, running, error }) => {
        const state = `${String(running)} ${error}`;
        if (states.get(name) !== state) {
          states.set(name, state);
          this.refresh();
        }
      }),
    );
  }

  get selection(): readonly SeriesRow[] {
    return this.view.visible ? this.view.selection : [];
  }

  say(message: string): void {
    this.view.message = printable(message);
  }

  protected override async rows(parent?: SeriesRow): Promise<SeriesRow[]> {
    if (parent !== undefined) {
      return parent.rows ?? [];
    }
    const [all, sources] = await Promise.all([this.server.ask(SERIES), this.server.ask(SOURCES)]);
    return all === undefined ? [] : [...sourceRows(sources ?? []), ...seriesRows(all)];
  }

  // The list keeps the focus, so that its keys go on working.
  protected override click(row: SeriesRow): vscode.Command | undefined {
    if (row.source !== undefined) {
      return { command: 'alloclens.fetchSnapshots', title: 'Fetch Snapshots', arguments: [row] };
    }
    return row.path === undefined
      ? undefined
      : { command: 'vscode.openWith', title: 'Open Profile', arguments: [vscode.Uri.file(row.path), PROFILE_EDITOR, { preview: true, preserveFocus: true }] };
  }
}
