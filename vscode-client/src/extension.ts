// Composes the client: a server, a status bar item, commands.
import * as vscode from 'vscode';
import { chooseSampleType, chooseSnapshot } from './choices.ts';
import type { Manifest } from './menu.ts';
import { showMenu } from './menu.ts';
import { goToHotLine } from './navigation.ts';
import { addMapping, Placement } from './placement.ts';
import { SECTION } from './protocol.ts';
import { Server } from './server.ts';
import * as settings from './settings.ts';
import { showStacks } from './stacks.ts';
import { statusItem } from './status.ts';

let server: Server | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const running = new Server(context.extensionUri);
  server = running;
  const placement = new Placement(running);
  const commands: Record<string, (...args: never[]) => Promise<unknown> | undefined> = {
    showStacks: (uri?: string, line?: number) => showStacks(running, uri, line),
    nextHotLine: () => goToHotLine(running, 1),
    previousHotLine: () => goToHotLine(running, -1),
    toggleHints: () => settings.set('hints', !settings.get('hints', true)),
    chooseSampleType: () => chooseSampleType(running),
    chooseBase: () => chooseSnapshot(running, 'base'),
    chooseHead: () => chooseSnapshot(running, 'head'),
    explain: (uri?: string) => placement.explain(uri),
    addMapping: () => addMapping(running),
    restartServer: () => running.restart(),
    menu: () => showMenu(context.extension.packageJSON as Manifest),
    showLog: () => {
      running.log.show();
      return undefined;
    },
  };
  for (const [name, run] of Object.entries(commands)) {
    context.subscriptions.push(vscode.commands.registerCommand(`${SECTION}.${name}`, run));
  }
  const follow = vscode.workspace.onDidChangeConfiguration((change) => {
    if (change.affectsConfiguration(`${SECTION}.server.command`)) {
      void running.restart();
    }
  });
  context.subscriptions.push(running, statusItem(running), placement, follow);
  void running.restart(); // the commands work meanwhile
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}
