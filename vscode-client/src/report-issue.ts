// Opens VS Code's issue reporter with what a bug report needs, for the user to edit, or a document if the reporter cannot show it.
import * as os from 'node:os';
import * as vscode from 'vscode';
import { issueBody, placeName } from './issue.ts';
import { ABOUT } from './protocol.ts';
import type { Server } from './server.ts';
import { SECTION } from './settings.ts';

const REPORTER = 'workbench.action.openIssueReporter';
const OURS = ['heat', 'server.command', 'trace.server']; // the server reports the others

export async function reportIssue(server: Server, extension: vscode.Extension<unknown>): Promise<void> {
  const body = issueBody({
    extension: (extension.packageJSON as { version: string }).version,
    vscode: vscode.version,
    place: placeName(vscode.env.remoteName ?? vscode.env.appHost),
    settings: ourSettings(),
    server: await server.ask(ABOUT).catch(String),
    home: os.homedir(),
  });
  if (await canReport(extension)) {
    await vscode.commands.executeCommand(REPORTER, { extensionId: extension.id, issueTitle: '', issueBody: body });
    return;
  }
  await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ language: 'markdown', content: body }));
}

// In a browser, the reporter drops the text, and it needs to know where bugs are reported. Without feedback it does nothing.
async function canReport(extension: vscode.Extension<unknown>): Promise<boolean> {
  const hasAddress = 'bugs' in (extension.packageJSON as object);
  const feedback = vscode.workspace.getConfiguration('telemetry').get<boolean>('feedback.enabled', true);
  const exists = (await vscode.commands.getCommands()).includes(REPORTER);
  return vscode.env.uiKind === vscode.UIKind.Desktop && hasAddress && feedback && exists;
}

function ourSettings(): Record<string, unknown> {
  const configuration = vscode.workspace.getConfiguration(SECTION);
  const differing = OURS.filter((name) => configuration.get(name) !== configuration.inspect(name)?.defaultValue);
  return Object.fromEntries(differing.map((name) => [name, configuration.get(name)]));
}
