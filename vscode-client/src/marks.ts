// Whether a workspace has what starts the server with the window. In others a file of tests may have woken the extension, and the server
// is started when something asks for it.
import * as vscode from 'vscode';

const CONTAINS = 'workspaceContains:';

// `events`: the activation events of the manifest.
export async function isMarked(events: readonly string[]): Promise<boolean> {
  const marks = events.filter((event) => event.startsWith(CONTAINS)).map((event) => event.slice(CONTAINS.length));
  const folders = vscode.workspace.workspaceFolders ?? [];
  const places = folders.flatMap(({ uri }) => marks.filter((mark) => !mark.includes('*')).map((name) => vscode.Uri.joinPath(uri, name)));
  if ((await Promise.all(places.map(isThere))).includes(true)) {
    return true;
  }
  const found = marks.filter((mark) => mark.includes('*')).map((pattern) => vscode.workspace.findFiles(pattern, null, 1));
  return (await Promise.all(found)).some((files) => files.length > 0);
}

function isThere(uri: vscode.Uri): Thenable<boolean> {
  return vscode.workspace.fs.stat(uri).then(() => true, () => false);
}
