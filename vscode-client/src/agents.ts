// Offers findings to agents: a server of the Model Context Protocol, where VS Code has an interface for it, and text to copy.
import * as vscode from 'vscode';
import type { AgentCommand } from './agent-command.ts';
import { agentCommand } from './agent-command.ts';
import { FINDING_TEXT } from './protocol.ts';
import type { Server } from './server.ts';
import { given, onChosen, SECTION } from './settings.ts';

const PROVIDER = 'alloclens.mcp'; // as in package.json

// The part of VS Code's interface (from 1.101 on) that is used here; the types of the oldest version that we support lack it.
interface Definition {
  cwd?: vscode.Uri;
}
interface Provider {
  onDidChangeMcpServerDefinitions: vscode.Event<unknown>;
  provideMcpServerDefinitions: () => Promise<Definition[]>;
}
interface Offering {
  lm?: { registerMcpServerDefinitionProvider?: (id: string, provider: Provider) => vscode.Disposable };
  McpStdioServerDefinition?: new (label: string, command: string, args: string[], env: Record<string, string>, version: string) => Definition;
}

// Registers the server for agents; nothing in an older VS Code, or another editor of its kind.
export function offerToAgents(server: Server, version: string): vscode.Disposable {
  const api = vscode as unknown as Offering;
  const Made = api.McpStdioServerDefinition;
  if (typeof api.lm?.registerMcpServerDefinitionProvider !== 'function' || typeof Made !== 'function') {
    return vscode.Disposable.from();
  }
  const changed = new vscode.EventEmitter<undefined>();
  const tell = (): void => {
    changed.fire(undefined);
  };
  const provider: Provider = {
    onDidChangeMcpServerDefinitions: changed.event,
    provideMcpServerDefinitions: async () => {
      const started = await commandOf(server);
      if (started === undefined) {
        return [];
      }
      const definition = new Made('alloclens', started.command, started.args, {}, version);
      definition.cwd = vscode.Uri.file(started.cwd);
      return [definition];
    },
  };
  return vscode.Disposable.from(
    api.lm.registerMcpServerDefinitionProvider(PROVIDER, provider),
    changed,
    server.onStarted(tell),
    onChosen(tell),
    vscode.workspace.onDidChangeWorkspaceFolders(tell),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration(SECTION)) {
        tell();
      }
    }),
  );
}

// Copies the text of a finding, named by its id or by its row in the view.
export async function copyForAgent(server: Server, of?: unknown): Promise<void> {
  const id = typeof of === 'string' ? of : (of as { finding?: string } | undefined)?.finding;
  const text = id === undefined ? '' : await server.ask(FINDING_TEXT, id);
  if (!text) {
    void vscode.window.showInformationMessage('alloclens: this is no longer a finding.');
    return;
  }
  await vscode.env.clipboard.writeText(text);
  vscode.window.setStatusBarMessage('The finding was copied for an agent.', 5000);
}

// Without a folder, there is nothing to ask about.
async function commandOf(server: Server): Promise<AgentCommand | undefined> {
  const folders = (vscode.workspace.workspaceFolders ?? []).filter((folder) => folder.uri.scheme === 'file');
  const { command } = folders.length === 0 ? { command: undefined } : await server.find();
  return command && agentCommand(command, folders.map((folder) => folder.uri.fsPath), given());
}
