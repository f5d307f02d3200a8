// "Open the Sample": a recorded series with its source, so that the first numbers need no program of the user.
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import * as vscode from 'vscode';

const OPENED = 'sample.opened'; // that the next window on the sample shows its leak
const FILE = 'shop.go';
const LEAK = 'kept := make([]byte, receiptBytes)';

// Copies the sample to where it may be edited, and opens it: in this window if no folder is open.
export async function openSample(context: vscode.ExtensionContext): Promise<void> {
  const from = path.join(context.extensionPath, 'sample');
  const to = folder(context);
  await fs.rm(to.fsPath, { recursive: true, force: true });
  await fs.cp(from, to.fsPath, { recursive: true });
  await asOldAs(await firstProfile(to.fsPath), to.fsPath);
  await context.globalState.update(OPENED, true);
  await vscode.commands.executeCommand('vscode.openFolder', to, { forceNewWindow: vscode.workspace.workspaceFolders !== undefined });
}

// Shows the sample's leak in the window that was opened for it.
export async function showSample(context: vscode.ExtensionContext): Promise<void> {
  const opened = vscode.workspace.workspaceFolders?.[0]?.uri;
  if (opened?.toString() !== folder(context).toString() || !context.globalState.get(OPENED)) {
    return;
  }
  await context.globalState.update(OPENED, undefined);
  const document = await vscode.workspace.openTextDocument(vscode.Uri.joinPath(opened, FILE));
  const at = document.positionAt(document.getText().indexOf(LEAK));
  const editor = await vscode.window.showTextDocument(document, { selection: new vscode.Range(at, at) });
  editor.revealRange(new vscode.Range(at, at), vscode.TextEditorRevealType.InCenter);
  await vscode.commands.executeCommand('alloclens.findings.focus');
}

function folder(context: vscode.ExtensionContext): vscode.Uri {
  return vscode.Uri.joinPath(context.globalStorageUri, 'sample');
}

// A source that is newer than the profiles might be another one; that of the sample is not.
async function asOldAs(time: Date, directory: string): Promise<void> {
  for (const name of await fs.readdir(directory)) {
    await fs.utimes(path.join(directory, name), time, time);
  }
}

// The time in the name of the first profile, heap-20261129T100816.285Z.pb.gz.
async function firstProfile(directory: string): Promise<Date> {
  const [first = ''] = (await fs.readdir(path.join(directory, 'profiles'))).sort();
  const [, ...parts] = /(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)/.exec(first) ?? [];
  const [year = 0, month = 1, day, hour, minute] = parts.map(Number);
  return new Date(Date.UTC(year, month - 1, day, hour, minute));
}
