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
import { deletion, filesOf, seriesRows, settingOf, snapshotRows } from './series-rows.ts';
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
async function whichOf({ meant, all, counts, series }: Deletion): Promise<readonly SeriesRow[]> {
  const paths = meant.flatMap(({ path }) => path ?? []);
  if (paths.length === 0) {
    return [];
  }
  const labels = all.flatMap(({ snapshot }) => (snapshot?.label ? [`“${snapshot.label}”`] : []));
  const labelled = labels.length === 0 ? '' : ` (${labels.join(', ')})`;
  const [trash, forGood, title] = isLocal()
    ? (['Moved to the trash if there is one; otherwise you are asked again.', '', 'Delete'] as const)
    : (['A remote machine has no trash.', ' for good', 'Delete for Good'] as const);
  if (all.length === meant.length) {
    const detail = counts === '' ? trash : `There are ${counts}. ${trash}`;
    return (await ask(`Delete ${filesOf(paths, series)}${labelled}${forGood}?`, detail, [title])) === undefined ? [] : all;
  }
  const [these, every] = [paths.length === 1 ? 'Only This File' : `Only These ${paths.length} Files`, `All ${all.length} Files`];
  const detail = `The series has files of other kinds from the same captures: ${counts}. ${trash}`;
  const answer = await ask(`Delete ${filesOf(paths, [])}, or all ${all.length} files of the series ${series.join(' and ')}${labelled}${forGood}?`, detail, [these, every]);
  return answer === undefined ? [] : answer === every ? all : meant;
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
  const why = `${failed.length === 1 ? 'It' : 'They'} could not be moved to a trash. The log has the reason.`;
  if ((await ask(`Delete ${filesOf(paths, series)} for good?`, why, ['Delete for Good'])) !== undefined) {
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
async function ask(question: string, detail: string, answers: readonly string[]): Promise<string | undefined> {
  const items = [{ label: 'Keep' }, ...answers.map((label) => ({ label, detail: plain(detail) }))]; // the first is the default
  const chosen = await vscode.window.showQuickPick(items, { title: printable(question), placeHolder: 'Keep or delete', ignoreFocusOut: true });
  return answers.find((answer) => answer === chosen?.label);
}

function isLocal(): boolean {
  return vscode.env.remoteName === undefined && vscode.env.uiKind === vscode.UIKind.Desktop;
}
