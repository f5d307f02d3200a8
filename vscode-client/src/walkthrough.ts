// The ticks of the walkthrough. VS Code notes what happens only after something has shown a walkthrough in this window, and a context
// key only if it is set after that. So what was done before is told when the walkthrough is opened.
import * as vscode from 'vscode';
import { setContext } from './contexts.ts';
import type { Server } from './server.ts';

type Step = 'server' | 'profiles' | 'capture' | 'number';

// The steps that commands are about.
const OF_COMMANDS = new Map<string, Step>([
  ['capture', 'capture'],
  ['captureNow', 'capture'],
  ['openSample', 'capture'],
  ['nextHotLine', 'number'],
  ['previousHotLine', 'number'],
  ['showStacks', 'number'],
]);

export class Walkthrough implements vscode.Disposable {
  private readonly id: string;
  private readonly done = new Set<Step>();
  private readonly subscriptions: vscode.Disposable;
  private isOpened = false;

  constructor(server: Server, extension: string) {
    this.id = `${extension}#start`;
    this.subscriptions = vscode.Disposable.from(
      server.onStarted(() => {
        this.tick('server');
      }),
      server.onStatus(({ state }) => {
        if (state === 'ok') {
          this.tick('profiles');
        }
      }),
    );
  }

  async open(): Promise<void> {
    await vscode.commands.executeCommand('workbench.action.openWalkthrough', this.id, false);
    this.isOpened = true;
    this.done.forEach(tell);
  }

  // Notes that the user runs a command.
  ran(command: string): void {
    const step = OF_COMMANDS.get(command);
    if (step !== undefined) {
      this.tick(step);
    }
  }

  dispose(): void {
    this.subscriptions.dispose();
  }

  private tick(step: Step): void {
    this.done.add(step);
    if (this.isOpened) {
      tell(step);
    }
  }
}

function tell(step: Step): void {
  setContext(`walkthrough.${step}`, true);
}
