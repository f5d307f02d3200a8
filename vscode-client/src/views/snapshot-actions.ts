// The actions on a snapshot: of a row, of the selected rows, or of one that the user picks.
import * as vscode from 'vscode';
import { printable } from '../../pictures/printable.ts';
import { compare } from '../compare.ts';
import { inMessage, plain } from '../plain.ts';
import { PROFILE_EDITOR } from '../profile-editor.ts';
import { LABEL, LEAVE_COMPARISON, SERIES } from '../protocol.ts';
import type { Server } from '../server.ts';
import { NOT_RUNNING } from '../server.ts';
import * as settings from '../settings.ts';
import type { Deletion, SeriesRow } from './series-rows.ts';
import { deletion, filesOf, question, seriesRows, settingOf, snapshotRows } from './series-rows.ts';
import type { SnapshotsView } from './snapshots.ts';

export class SnapshotActions {
  private readonly server: Server;
  private readonly view: SnapshotsView;

  constructor(server: Server, view: SnapshotsView) {
    this.server = server;
    this.view = view;
  }

  async useAs(end: 'base' | 'head', row?: SeriesRow): Promise<void> {
    const [chosen] = await this.files(row);
    const value = chosen && settingOf(chosen, end);
    if (value !== undefined) {
      settings.choose({ [end]: value });
    }
  }

  // Of a file in the explorer: a snapshot of the shown series becomes its base or head; any other file is compared with what is shown.
  async useFileAs(end: 'base' | 'head', uri: vscode.Uri): Promise<void> {
    const all = await this.server.ask(SERIES);
    const shown = all?.series.filter((series) => series.shown).flatMap(({ snapshots }) => snapshots) ?? [];
    const row = all && snapshotRows(all).find(({ path, kind }) => path === uri.fsPath && kind.includes('shown'));
    if (row) {
      await this.useAs(end, row);
      return;
    }
    const other = shown.find(({ base, head }) => (end === 'base' ? head : base || head));
    if (other === undefined) {
      await vscode.commands.executeCommand('vscode.openWith', uri, PROFILE_EDITOR);
      return;
    }
    await compare(this.server, ...(end === 'base' ? ([uri.fsPath, other.path] as const) : ([other.path, uri.fsPath] as const)));
  }

  async showSeries(row?: SeriesRow): Promise<void> {
    if (row?.series !== undefined) {
      settings.choose({ series: row.series });
      await this.server.ask(LEAVE_COMPARISON);
    }
  }

  async label(row?: SeriesRow): Promise<void> {
    const [chosen] = await this.files(row);
    if (chosen?.snapshot === undefined) {
      return;
    }
    const { name, path, label } = chosen.snapshot;
    const prompt = 'Such as "after load"; empty removes it. It is kept in labels.toml beside the profile.';
    const given = await vscode.window.showInputBox({ title: printable(`Label of ${name}`), prompt, value: label });
    const wrong = given === undefined ? null : await this.server.ask(LABEL, path, given.trim());
    if (typeof wrong === 'string') {
      void vscode.window.showErrorMessage(inMessage(`alloclens: ${wrong}`));
    }
  }

  async remove(row?: SeriesRow, rows?: readonly SeriesRow[]): Promise<void> {
    const chosen = rows ?? (row === undefined ? this.view.selection : [row]);
    const listed = await this.server.ask(SERIES);
    if (listed === undefined) {
      void vscode.window.showInformationMessage(NOT_RUNNING);
      return;
    }
    const deleted = deletion(chosen.length > 0 ? chosen : await this.pick(), seriesRows(listed));
    const paths = (await whichOf(deleted)).flatMap(({ path }) => path ?? []);
    if (isLocal()) {
      await askForGood(this.server, await toTrash(paths), deleted.series);
    } else {
      await removeForGood(paths);
    }
  }

  async reveal(row?: SeriesRow): Promise<void> {
    const [chosen] = await this.files(row);
    if (chosen?.path === undefined) {
      return;
    }
    const uri = vscode.Uri.file(chosen.path);
    if (isLocal()) {
      await vscode.commands.executeCommand('revealFileInOS', uri);
    } else if (vscode.workspace.getWorkspaceFolder(uri) !== undefined) {
      await vscode.commands.executeCommand('revealInExplorer', uri);
    } else {
      void vscode.window.showInformationMessage(inMessage(`alloclens: the file is outside the workspace: ${chosen.path}`));
    }
  }

  private async files(row?: SeriesRow): Promise<readonly SeriesRow[]> {
    const meant = row === undefined ? this.view.selection : [row];
    const files = meant.filter(({ path }) => path !== undefined);
    return files.length > 0 ? files : await this.pick();
  }

  private async pick(): Promise<SeriesRow[]> {
    const all = await this.server.ask(SERIES);
    const offered = all === undefined ? [] : snapshotRows(all);
    if (offered.length === 0) {
      void vscode.window.showInformationMessage('alloclens: no snapshot has been read yet.');
      return [];
    }
    const items = offered.map((row) => ({ label: plain(row.label), description: plain(row.description), row }));
    const chosen = await vscode.window.showQuickPick(items, { title: 'Which snapshot', matchOnDescription: true });
    return chosen === undefined ? [] : [chosen.row];
  }
}

// Returns the rows whose files the user has deleted; none if the user keeps them.
async function whichOf(deleted: Deletion): Promise<readonly SeriesRow[]> {
  return deleted.meant.length === 0 ? [] : ((await ask(question(deleted, isLocal())))?.deleted ?? []);
}

// Returns the files that could not be moved to the trash, and why.
async function toTrash(paths: readonly string[]): Promise<[path: string, why: string][]> {
  const failed: [string, string][] = [];
  for (const path of paths) {
    try {
      await vscode.workspace.fs.delete(vscode.Uri.file(path), { useTrash: true });
    } catch (error) {
      failed.push([path, error instanceof Error ? error.message : String(error)]);
    }
  }
  return failed;
}

async function askForGood(server: Server, failed: readonly [path: string, why: string][], series: readonly string[]): Promise<void> {
  if (failed.length === 0) {
    return;
  }
  const paths = failed.map(([path]) => path);
  server.log.warn(printable(failed.map(([path, why]) => `${path}: ${why}`).join('\n'))); // VS Code's words, with addresses
  const about = `${failed.length === 1 ? 'It' : 'They'} could not be moved to a trash. The log has the reason.`;
  const answers = [{ label: 'Delete for Good', detail: '' }];
  if ((await ask({ title: `Delete ${filesOf(paths, series)} for good?`, about, answers })) !== undefined) {
    await removeForGood(paths);
  }
}

async function removeForGood(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    try {
      await vscode.workspace.fs.delete(vscode.Uri.file(path));
    } catch (error) {
      void vscode.window.showErrorMessage(inMessage(`alloclens: ${path} could not be deleted: ${String(error)}`));
    }
  }
}

// Returns the answer; undefined if the user keeps the files. A modal message would have a button Cancel beside the default one.
async function ask<Answer extends { label: string; detail: string }>({ title, about, answers }: { title: string; about: string; answers: readonly Answer[] }): Promise<Answer | undefined> {
  const items = answers.map((answer) => ({ label: plain(answer.label), detail: plain(answer.detail), answer }));
  const keep = { label: 'Keep', answer: undefined }; // the first is the default
  const chosen = await vscode.window.showQuickPick([keep, ...items], { title: printable(title), placeHolder: about, ignoreFocusOut: true });
  return chosen?.answer;
}

function isLocal(): boolean {
  return vscode.env.remoteName === undefined && vscode.env.uiKind === vscode.UIKind.Desktop;
}
