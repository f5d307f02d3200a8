// "Install Server": the server of this version, in a Python environment of its own in VS Code's storage for this extension.
import { spawn } from 'node:child_process';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import * as readline from 'node:readline';
import * as vscode from 'vscode';
import { printable } from '../pictures/printable.ts';
import type { Step } from './install-plan.ts';
import { LEAST, plan, progress } from './install-plan.ts';
import { inMessage } from './plain.ts';
import { lastLine, onPath, whyNot } from './programs.ts';
import { pythonOf } from './server-command.ts';

const PREFIX = 'server-';
const WINDOWS = process.platform === 'win32';
const NAMES = ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python', 'py'];
const IS_ENOUGH = `import sys, venv, ensurepip; sys.exit(sys.version_info < (${LEAST.replace('.', ', ')}))`;

// Has uv trust the certificates that the system trusts, as pip does; older versions of uv know the second name.
const TRUSTED = { UV_SYSTEM_CERTS: '1', UV_NATIVE_TLS: '1' };

export class InstalledServer {
  private readonly storage: string;
  private readonly folder: string;
  private readonly extension: string;
  private readonly log: vscode.LogOutputChannel;
  private installing: Promise<boolean> | undefined;

  constructor(context: vscode.ExtensionContext, log: vscode.LogOutputChannel) {
    const { version } = context.extension.packageJSON as { version: string };
    this.storage = context.globalStorageUri.fsPath;
    this.folder = path.join(this.storage, PREFIX + version);
    this.extension = context.extensionPath;
    this.log = log;
  }

  // The Pythons with a server of this version, whether they are there or not.
  pythons(): string[] {
    const bundled = path.join(this.extension, 'server', 'python', ...(WINDOWS ? ['python.exe'] : ['bin', 'python3']));
    return [bundled, pythonOf(this.folder, WINDOWS)];
  }

  // Whether an earlier version of this extension has installed a server.
  async isOutdated(): Promise<boolean> {
    const entries = await fs.readdir(this.storage).catch((): string[] => []);
    return entries.some((entry) => entry.startsWith(PREFIX)) && !entries.includes(path.basename(this.folder));
  }

  // Returns whether it is installed now. A second call waits for the first.
  install(): Promise<boolean> {
    this.installing ??= this.tryInstall().finally(() => {
      this.installing = undefined;
    });
    return this.installing;
  }

  private async tryInstall(): Promise<boolean> {
    const options = { location: vscode.ProgressLocation.Notification, title: 'alloclens: installing the server', cancellable: true };
    const wrong = await vscode.window.withProgress(options, (report, token) => this.run(report, token));
    if (wrong === undefined) {
      return true;
    }
    await fs.rm(this.folder, { recursive: true, force: true });
    if (wrong !== '') {
      this.log.error(printable(wrong));
      const choice = await vscode.window.showErrorMessage(inMessage(`alloclens: the server could not be installed: ${lastLine(wrong)}`), 'Show Log');
      if (choice !== undefined) {
        this.log.show();
      }
    }
    return false;
  }

  // Returns what went wrong: '' if the user has cancelled it, undefined if nothing did.
  private async run(report: vscode.Progress<{ message?: string }>, token: vscode.CancellationToken): Promise<string | undefined> {
    const server = path.join(this.extension, 'server');
    const wheel = (await fs.readdir(server).catch((): string[] => [])).find((name) => name.endsWith('.whl'));
    const steps = wheel === undefined ? undefined : plan({ uv: onPath('uv'), python: await this.python() }, path.join(server, wheel), this.folder, WINDOWS);
    if (steps === undefined) {
      return `neither uv nor Python ${LEAST} or later is on PATH; install one of them, then run "alloclens: Install Server" again`;
    }
    for (const entry of await fs.readdir(this.storage).catch(() => [])) {
      if (entry.startsWith(PREFIX)) {
        await fs.rm(path.join(this.storage, entry), { recursive: true, force: true }); // of other versions, or not finished
      }
    }
    await fs.mkdir(this.storage, { recursive: true });
    let wrong = await this.step(steps.make, report, token);
    for (const attempt of wrong === undefined ? steps.install : []) {
      wrong = await this.step(attempt, report, token);
      if (wrong === undefined || wrong === '') {
        break;
      }
    }
    return wrong;
  }

  private async python(): Promise<string | undefined> {
    for (const python of NAMES.map(onPath)) {
      if (python !== undefined && (await whyNot(python, IS_ENOUGH, this.extension)) === '') {
        return python;
      }
    }
    return undefined;
  }

  private step({ says, command, args }: Step, report: vscode.Progress<{ message?: string }>, token: vscode.CancellationToken): Promise<string | undefined> {
    report.report({ message: says });
    this.log.info(printable([command, ...args].join(' ')));
    const child = spawn(command, args, { cwd: this.extension, env: { ...process.env, ...TRUSTED }, stdio: ['ignore', 'pipe', 'pipe'] });
    const said: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      readline.createInterface(stream).on('line', (line) => {
        said.push(line);
        this.log.info(printable(line));
        const message = progress(line);
        if (message !== undefined) {
          report.report({ message: printable(message) });
        }
      });
    }
    const cancelled = token.onCancellationRequested(() => child.kill());
    return new Promise((resolve) => {
      child.on('error', (error) => {
        cancelled.dispose();
        resolve(error.message);
      });
      child.on('close', (code) => {
        cancelled.dispose();
        resolve(token.isCancellationRequested ? '' : code === 0 ? undefined : said.at(-1) ?? `${command} ended with exit status ${String(code)}`);
      });
    });
  }
}
