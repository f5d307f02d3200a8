// Opens VS Code's issue reporter with what a bug report needs, for a person to edit; or a document where there is none.
import * as os from 'node:os';
import * as vscode from 'vscode';
import { issueBody } from './issue.ts';
import { ABOUT } from './protocol.ts';
import type { Server } from './server.ts';
import { SECTION } from './settings.ts';

const REPORTER = 'workbench.action.openIssueReporter';
const OURS = ['heat', 'server.command', 'trace.server']; // the server says the others

export async function reportIssue(server: Server, extension: vscode.Extension<unknown>): Promise<void> {
  const body = issueBody({
    extension: (extension.packageJSON as { version: string }).version,
    vscode: vscode.version,
    place: vscode.env.remoteName ?? vscode.env.appHost,
    settings: ourSettings(),
    server: await server.ask(ABOUT).catch(String),
    home: os.homedir(),
  });
  if ((await vscode.commands.getCommands()).includes(REPORTER)) {
    await vscode.commands.executeCommand(REPORTER, { extensionId: extension.id, issueTitle: '', issueBody: body });
    return;
  }
  await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ language: 'markdown', content: body }));
}

function ourSettings(): Record<string, unknown> {
  const configuration = vscode.workspace.getConfiguration(SECTION);
  const differing = OURS.filter((name) => configuration.get(name) !== configuration.inspect(name)?.defaultValue);
  return Object.fromEntries(differing.map((name) => [name, configuration.get(name)]));
}
