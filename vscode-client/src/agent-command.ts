// How the server for agents is started: as the language server is, with the folders and settings of this window.
import type { Command } from './server-command.ts';

export interface AgentCommand {
  command: string;
  args: string[];
  cwd: string;
}

export function agentCommand({ command, args, options }: Command, folders: readonly string[], settings: object): AgentCommand {
  const own = args.slice(0, -1); // the last is "lsp"
  const workspace = folders.flatMap((folder) => ['--workspace', folder]);
  return { command, args: [...own, 'mcp', ...workspace, '--settings', JSON.stringify(settings)], cwd: options.cwd };
}
