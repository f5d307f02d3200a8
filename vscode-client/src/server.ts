// Starts the language server, keeps it running, and tells a person when that fails.
import * as vscode from 'vscode';
import type { ClientCapabilities, LanguageClientOptions, StaticFeature } from 'vscode-languageclient/node';
import { CloseAction, ErrorAction, LanguageClient, State } from 'vscode-languageclient/node';
import { CrashPolicy } from './crash-policy.ts';
import { EXPERIMENTAL, SECTION, STATUS } from './protocol.ts';
import type { Status } from './protocol.ts';
import type { Command } from './server-command.ts';
import { serverCommand } from './server-command.ts';
import { surroundings } from './surroundings.ts';

const SETTINGS = ['profileDirs', 'base', 'head', 'sampleType', 'hints', 'codeLens'];

export class Server implements vscode.Disposable {
  readonly log = vscode.window.createOutputChannel('alloclens', { log: true });
  private readonly statusChanged = new vscode.EventEmitter<Status>();
  readonly onStatus = this.statusChanged.event;
  private readonly policy = new CrashPolicy();
  private client: LanguageClient | undefined;
  private again: NodeJS.Timeout | undefined;

  private readonly extension: vscode.Uri;

  constructor(extension: vscode.Uri) {
    this.extension = extension;
  }

  // Starts the server, or a new one in place of the one that runs.
  async restart(): Promise<void> {
    await this.stop();
    this.say('loading', 'starting', 'The server is starting.');
    const command = await serverCommand(surroundings());
    if (command === undefined) {
      await this.notFound();
      return;
    }
    this.log.info(`starting ${[command.command, ...command.args].join(' ')}`);
    await this.start(command);
  }

  // Runs a command of the server; undefined while there is none.
  async ask<T>(command: string, ...args: unknown[]): Promise<T | undefined> {
    if (this.client?.state !== State.Running) {
      return undefined;
    }
    const params = { command, arguments: args };
    return await this.client.sendRequest<T>('workspace/executeCommand', params);
  }

  dispose(): void {
    void this.stop();
    this.statusChanged.dispose();
    this.log.dispose();
  }

  async stop(): Promise<void> {
    clearTimeout(this.again);
    const client = this.client;
    this.client = undefined;
    if (client !== undefined) {
      await client.dispose().catch((error: unknown) => {
        this.log.warn(`the server did not end in order: ${String(error)}`);
      });
    }
  }

  private async start(command: Command): Promise<void> {
    const client = new LanguageClient(SECTION, 'alloclens', command, this.options());
    this.client = client;
    client.registerFeature(ourCapabilities);
    client.onNotification(STATUS, (status: Status) => {
      this.statusChanged.fire(status);
    });
    try {
      await client.start();
    } catch (error) {
      if (this.client === client) {
        this.crashed(`The server did not start: ${String(error)}`);
      }
    }
  }

  private options(): LanguageClientOptions {
    const settings = vscode.workspace.getConfiguration(SECTION);
    return {
      documentSelector: [{ scheme: 'file' }],
      initializationOptions: Object.fromEntries(SETTINGS.map((name) => [name, settings.get(name)])),
      outputChannel: this.log,
      initializationFailedHandler: () => false,
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue }),
        closed: () => {
          this.crashed('The server ended.');
          return { action: CloseAction.DoNotRestart, handled: true };
        },
      },
    };
  }

  private crashed(what: string): void {
    this.client = undefined;
    const wait = this.policy.crashed(Date.now());
    this.log.error(what);
    if (wait === undefined) {
      void this.gaveUp();
      return;
    }
    this.say('problem', `starting again in ${wait / 1000} s`, `${what} It is started again in ${wait / 1000} s.`);
    this.again = setTimeout(() => void this.restart(), wait);
  }

  private async gaveUp(): Promise<void> {
    this.say('problem', 'stopped', 'The server ended again and again. *Restart Server* starts it once more.');
    const message = 'alloclens: the server ended again and again. Its log says why.';
    const choice = await vscode.window.showErrorMessage(message, 'Show Log', 'Restart');
    if (choice === 'Show Log') {
      this.log.show();
    } else if (choice === 'Restart') {
      this.policy.forget();
      await this.restart();
    }
  }

  private async notFound(): Promise<void> {
    this.say('problem', 'no server', 'No server was found. Install it with `pip install alloclens`.');
    const message =
      'alloclens: no server was found. It is a Python package: install it in a virtual environment of this workspace ' +
      'or anywhere on PATH, or name the program in the setting alloclens.server.command.';
    const choice = await vscode.window.showErrorMessage(message, 'How to Install', 'Open Setting');
    if (choice === 'How to Install') {
      const readme = vscode.Uri.joinPath(this.extension, 'README.md');
      await vscode.commands.executeCommand('markdown.showPreview', readme.with({ fragment: 'install' }));
    } else if (choice === 'Open Setting') {
      await vscode.commands.executeCommand('workbench.action.openSettings', 'alloclens.server.command');
    }
  }

  private say(state: Status['state'], text: string, tooltip: string): void {
    this.statusChanged.fire({ state, text, tooltip });
  }
}

const ourCapabilities: StaticFeature = {
  fillClientCapabilities: (capabilities: ClientCapabilities) => {
    capabilities.experimental = { ...(capabilities.experimental as object | undefined), ...EXPERIMENTAL };
  },
  initialize: () => undefined,
  getState: () => ({ kind: 'static' }),
  clear: () => undefined,
};
