// Starts the language server, keeps it running, and tells the user if that fails.
import * as vscode from 'vscode';
import { printable } from '../pictures/printable.ts';
import type { LanguageClient } from 'vscode-languageclient/node';
import { State } from 'vscode-languageclient/node';
import { end, newClient } from './client.ts';
import { setContext } from './contexts.ts';
import { CrashPolicy } from './crash-policy.ts';
import type { CaptureState, Commands, SourceState, State as ServerState, Status as ServerStatus } from './protocol.ts';
import { logOptions } from './log-options.ts';
import type { Command, Search } from './server-command.ts';
import { findServer } from './server-command.ts';
import { InstalledServer } from './install-server.ts';
import { MissingServer } from './missing-server.ts';
import { inMessage } from './plain.ts';
import { given, onChosen, openServerSetting, SECTION } from './settings.ts';
import { surroundings } from './surroundings.ts';
import { Turns } from './turns.ts';

export const NOT_RUNNING = 'alloclens: the server is not running. "alloclens: Restart Server" starts it.';

// Without a server, whether the user has named one that is not there.
export type Status = Omit<ServerStatus, 'state'> & { state: ServerState | 'missing' | 'misnamed' };

export class Server implements vscode.Disposable {
  readonly log = vscode.window.createOutputChannel('alloclens', { log: true });
  private readonly statusChanged = new vscode.EventEmitter<Status>();
  readonly onStatus = this.statusChanged.event;
  private readonly captureChanged = new vscode.EventEmitter<CaptureState>();
  readonly onCapture = this.captureChanged.event;
  private readonly sourceChanged = new vscode.EventEmitter<SourceState>();
  readonly onSource = this.sourceChanged.event;
  private readonly started = new vscode.EventEmitter<undefined>();
  readonly onStarted = this.started.event;
  private readonly policy = new CrashPolicy();
  private readonly turns = new Turns();
  private client: LanguageClient | undefined;
  private again: NodeJS.Timeout | undefined;
  private awake = false;

  private readonly extension: string; // its directory
  private readonly installed: InstalledServer;
  private readonly missing = new MissingServer(
    () => this.find(),
    () => void this.restart(),
  );

  private readonly chosen = onChosen(() => {
    if (this.client?.state === State.Running) {
      void this.client.sendNotification('workspace/didChangeConfiguration', { settings: null }); // the server then asks for them
    }
  });

  constructor(context: vscode.ExtensionContext) {
    this.extension = context.extensionPath;
    this.installed = new InstalledServer(context, this.log);
  }

  get runs(): boolean {
    return this.client?.state === State.Running;
  }

  // Whether anything has asked for the server.
  get isAwake(): boolean {
    return this.awake;
  }

  // Starts the server, unless something has asked for it before.
  wake(): void {
    if (!this.awake) {
      void this.restart();
    }
  }

  // Starts or restarts the server at the user's request, and forgets earlier crashes.
  restart(): Promise<void> {
    this.awake = true;
    this.policy.forget();
    return this.replace();
  }

  // Installs a server of this version, and starts it.
  async install(): Promise<void> {
    if (await this.installed.install()) {
      await this.restart();
    }
  }

  // Runs a command of the server, which is started for the first one; undefined if there is no server.
  async ask<C extends keyof Commands>(command: C, ...args: Commands[C]['arguments']): Promise<Commands[C]['answer'] | undefined> {
    this.wake();
    await this.turns.settled();
    if (this.client?.state !== State.Running) {
      return undefined;
    }
    const params = { command, arguments: args };
    return await this.client.sendRequest<Commands[C]['answer']>('workspace/executeCommand', params);
  }

  dispose(): void {
    void this.stop();
    this.missing.dispose();
    this.chosen.dispose();
    this.statusChanged.dispose();
    this.captureChanged.dispose();
    this.sourceChanged.dispose();
    this.started.dispose();
    this.log.dispose();
  }

  async stop(): Promise<void> {
    this.awake = true; // nothing starts it now
    const ended = this.end();
    await this.turns.take(() => ended);
  }

  private async replace(): Promise<void> {
    const ended = this.end(); // at once, not in turn: a start that hangs would never finish
    await this.turns.take(async (outdated) => {
      await ended;
      this.say('loading', 'starting', 'The server is starting.');
      const search = await this.find();
      if (outdated()) {
        return;
      }
      if (search.command === undefined) {
        void this.notFound(search.searched);
        return;
      }
      this.missing.end();
      await this.start(search.command);
    });
  }

  // Looks for the server, without starting it.
  find(): Promise<Search> {
    return findServer(surroundings(this.extension, this.installed.pythons()));
  }

  private async end(): Promise<void> {
    clearTimeout(this.again);
    const client = this.client;
    this.client = undefined;
    if (client !== undefined) {
      await end(client);
    }
  }

  private async start(bare: Command): Promise<void> {
    const command = { ...bare, args: [...bare.args, ...logOptions(this.log.logLevel)] };
    this.log.info(printable(`starting ${[command.command, ...command.args].join(' ')}`));
    const client = newClient(command, given, {
      log: this.log,
      status: (status) => {
        this.statusChanged.fire(status);
      },
      capture: (state) => {
        this.captureChanged.fire(state);
      },
      source: (state) => {
        this.sourceChanged.fire(state);
      },
      closed: () => {
        this.crashed(client, 'The server ended.');
      },
    });
    this.client = client;
    await client.start().then(
      () => {
        setContext('started', true); // a step of the walkthrough is done
        this.started.fire(undefined);
      },
      (error: unknown) => {
        this.crashed(client, `The server did not start: ${String(error)}`);
      },
    );
  }

  // A crash during the start is reported twice. A server that was ended on purpose has not crashed.
  private crashed(client: LanguageClient, what: string): void {
    if (this.client !== client) {
      return;
    }
    this.client = undefined;
    this.log.error(what);
    const wait = this.policy.crashed(Date.now());
    if (wait === undefined) {
      void this.gaveUp();
      return;
    }
    this.say('problem', `alloclens: starting again in ${wait / 1000} s`, `${what} It is started again in ${wait / 1000} s.`);
    this.again = setTimeout(() => void this.replace(), wait);
  }

  private async gaveUp(): Promise<void> {
    this.say('problem', 'alloclens: stopped', 'The server ended again and again. *Restart Server* starts it once more.');
    const message = 'alloclens: the server ended again and again. Its log says why.';
    const choice = await vscode.window.showErrorMessage(message, 'Show Log');
    if (choice !== undefined) {
      this.log.show();
    }
  }

  private async notFound(searched: readonly string[]): Promise<void> {
    this.log.warn(printable(['no server was found:', ...searched].join('\n  ')));
    const named = vscode.workspace.getConfiguration(SECTION).get('server.command', '').trim();
    if (named !== '') {
      this.say('misnamed', 'no server', 'The setting `alloclens.server.command` names a program that is not there.');
      if (await this.missing.say(inMessage(`alloclens: the setting alloclens.server.command names a program that is not there: ${named}`), 'Open Setting')) {
        await openServerSetting();
      }
      return;
    }
    this.say('missing', 'no server', 'No server was found. *Install Server* installs it; the log says where it was searched for.');
    if (await this.installed.isOutdated()) {
      await this.install(); // the user has installed that of the version before
    } else if (await this.missing.say('alloclens: no server was found on this machine.', 'Install Server')) {
      await this.install();
    }
  }

  private say(state: Status['state'], text: string, tooltip: string): void {
    this.statusChanged.fire({ state, text, tooltip, plainTooltip: tooltip, focus: '', series: '', compares: false });
  }
}
