// Shows the call stacks of a line in the editor's peek view.
import * as vscode from 'vscode';
import { placedFrames } from './frames.ts';
import { plain } from './plain.ts';
import type { LineStacks } from './protocol.ts';
import { STACKS } from './protocol.ts';
import type { Server } from './server.ts';
import { NOT_RUNNING } from './server.ts';

export async function showStacks(server: Server, uri?: string, line?: number): Promise<void> {
  const at = place(uri, line);
  if (at === undefined) {
    return;
  }
  const answer = await server.ask(STACKS, at.uri.toString(), at.position.line);
  const frames = placedFrames(answer?.stacks ?? []);
  if (frames.locations.length === 0) {
    void vscode.window.showInformationMessage(nothing(answer));
    return;
  }
  const locations = frames.locations.map(
    ({ uri, range }) => new vscode.Location(vscode.Uri.parse(uri), new vscode.Position(range.start.line, 0)),
  );
  vscode.window.setStatusBarMessage(plain(`${answer?.title ?? ''}${frames.said}`), 15_000);
  await vscode.commands.executeCommand('editor.action.peekLocations', at.uri, at.position, locations, 'peek');
}

function place(uri?: string, line?: number): { uri: vscode.Uri; position: vscode.Position } | undefined {
  if (uri !== undefined && line !== undefined) {
    return { uri: vscode.Uri.parse(uri), position: new vscode.Position(line, 0) };
  }
  const editor = vscode.window.activeTextEditor;
  return editor && { uri: editor.document.uri, position: new vscode.Position(editor.selection.active.line, 0) };
}

function nothing(answer: LineStacks | null | undefined): string {
  if (answer === undefined) {
    return NOT_RUNNING;
  }
  return answer === null
    ? 'alloclens: no profile has a stack through this line. Lines with a number beside them have some.'
    : 'alloclens: none of the files of the stacks through this line is in this workspace.';
}
