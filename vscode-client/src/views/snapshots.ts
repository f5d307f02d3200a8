// The view Snapshots: every series, with the base and the head.
import * as vscode from 'vscode';
import { printable } from '../../pictures/printable.ts';
import { PROFILE_EDITOR } from '../profile-editor.ts';
import { SERIES } from '../protocol.ts';
import type { Server } from '../server.ts';
import { DroppedProfiles } from './drop.ts';
import type { SeriesRow } from './series-rows.ts';
import { seriesRows } from './series-rows.ts';
import { View } from './view.ts';

export class SnapshotsView extends View<SeriesRow> {
  constructor(server: Server) {
    super(server, 'alloclens.snapshots', { canSelectMany: true, showCollapseAll: true, dragAndDropController: new DroppedProfiles(server) });
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
    const all = await this.server.ask(SERIES);
    return all === undefined ? [] : seriesRows(all);
  }

  // The list keeps the focus, so that its keys go on working.
  protected override click(row: SeriesRow): vscode.Command | undefined {
    return row.path === undefined
      ? undefined
      : { command: 'vscode.openWith', title: 'Open Profile', arguments: [vscode.Uri.file(row.path), PROFILE_EDITOR, { preview: true, preserveFocus: true }] };
  }
}
