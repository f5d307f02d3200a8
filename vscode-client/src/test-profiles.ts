// Runs a test or benchmark at the user's click, and shows what it allocated, compared with the run before.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { printable } from '../pictures/printable.ts';
import { LEAVE } from './compare.ts';
import { inMessage } from './plain.ts';
import { PROFILE_EDITOR } from './profile-editor.ts';
import { isProgram, onPath, whyNot } from './programs.ts';
import { COMPARE, SUMMARY, TABLE } from './protocol.ts';
import type { Server } from './server.ts';
import { NOT_RUNNING } from './server.ts';
import type { Result, Run, Step } from './tests-found.ts';
import { goRun, languageOf, nodeRun, pytestRun, reasonOf, resultOf, runName, testsIn } from './tests-found.ts';

const RUN = 'alloclens.profileTest';
const MOST_OUTPUT = 16 << 20; // bytes
const GO_INSTALLED = ['/usr/local/go/bin/go', '/opt/homebrew/bin/go', 'C:\\Program Files\\Go\\bin\\go.exe']; // by Go's installers, for a PATH that lacks it
const TITLE = 'Profile Allocations';

// What is remembered of a run.
interface Earlier extends Result {
  profile: string;
  begun?: number; // when its program began to be built, in seconds since 1970
}

export class TestProfiles implements vscode.CodeLensProvider, vscode.Disposable {
  private readonly server: Server;
  private readonly storage: vscode.Uri;
  private readonly memory: vscode.Memento;
  private readonly registered: vscode.Disposable;

  constructor(server: Server, context: vscode.ExtensionContext) {
    this.server = server;
    this.storage = vscode.Uri.joinPath(context.storageUri ?? context.globalStorageUri, 'tests');
    this.memory = context.workspaceState;
    const languages = ['go', 'python', 'javascript'].map((language) => ({ scheme: 'file', language }));
    this.registered = vscode.languages.registerCodeLensProvider(languages, this);
  }

  dispose(): void {
    this.registered.dispose();
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    const file = document.uri.fsPath;
    return testsIn(document.getText(), file).map(({ name, line }) => {
      const at = new vscode.Range(line, 0, line, 0);
      return new vscode.CodeLens(at, { title: TITLE, command: RUN, arguments: [file, name] });
    });
  }

  // Without arguments: the test at the cursor, or the one above it.
  async profile(file?: string, name?: string): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    const here = editor && testsIn(editor.document.getText(), editor.document.uri.fsPath).filter(({ line }) => line <= editor.selection.active.line).at(-1);
    const of = file ?? (here && editor.document.uri.fsPath);
    const test = name ?? here?.name;
    if (of === undefined || test === undefined) {
      void vscode.window.showInformationMessage('alloclens: there is no test or benchmark at the cursor.');
      return;
    }
    const key = createHash('sha256').update(`${of}\n${test}`).digest('hex').slice(0, 16);
    const folder = vscode.Uri.joinPath(this.storage, key).fsPath;
    await fs.mkdir(folder, { recursive: true });
    const before = this.memory.get<Earlier>(`test.${key}`);
    const base = path.join(folder, runName(test, of, new Date()));
    const run = await runOf(of, test, base, before?.times ?? 0);
    if (typeof run === 'string') {
      void vscode.window.showErrorMessage(inMessage(`alloclens: ${run}`));
      return;
    }
    const begun = Date.now() / 1000;
    const title = `${TITLE}: ${test === '' ? path.basename(of) : test}`;
    const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
    const output = await vscode.window.withProgress(options, (_, token) => this.run(run, before?.times ?? 0, { name: test === '' ? path.basename(of) : test, cwd: path.dirname(of), token }));
    if (output !== undefined) {
      const now = { ...resultOf(output), profile: run.profile, begun };
      await this.memory.update(`test.${key}`, now);
      await this.show(run, test, now, before);
    }
  }

  // Returns what the test printed; undefined if a step failed or was cancelled.
  private async run({ build, trial, test }: Run, before: number, how: How): Promise<string | undefined> {
    if (build !== undefined && (await this.execute(build, how, 'could not be built')) === undefined) {
      return undefined;
    }
    const tried = trial && (await this.execute(trial, how));
    return trial !== undefined && tried === undefined ? undefined : this.execute(test(tried === undefined ? before : resultOf(tried).times), how);
  }

  // Returns what the program printed; undefined if it failed or was cancelled.
  private execute(run: Step, { name, cwd, token }: How, what = 'failed'): Promise<string | undefined> {
    return new Promise((resolve) => {
      const child = execFile(run.program, run.arguments, { cwd, maxBuffer: MOST_OUTPUT }, (error, stdout, stderr) => {
        const lines = [[run.program, ...run.arguments].join(' '), ...`${stdout}${stderr}`.split(/\r?\n/)];
        this.server.log.info(lines.map(printable).join('\n  ')); // indented: no line of it looks like an entry of the log
        if (error !== null && !token.isCancellationRequested) {
          void this.failed(`${name} ${what}: ${reasonOf(`${stderr}\n${stdout}`) || `${path.basename(run.program)} has ended with ${error.code ?? error.signal ?? 'an error'}`}`);
        }
        resolve(error === null ? stdout : undefined);
      });
      token.onCancellationRequested(() => child.kill());
    });
  }

  private async failed(why: string): Promise<void> {
    if ((await vscode.window.showErrorMessage(inMessage(`alloclens: ${why}`), 'Show Log')) !== undefined) {
      this.server.log.show();
    }
  }

  private async show(run: Run, test: string, now: Earlier, before: Earlier | undefined): Promise<void> {
    if (!(await isThere(run.profile))) {
      await this.failed('the run has written no profile.');
      return;
    }
    const base = before !== undefined && (await isThere(before.profile)) ? before.profile : '';
    const wrong = await this.server.ask(COMPARE, base, run.profile, run.sampleType, before?.begun ?? 0, now.begun ?? 0);
    if (wrong === undefined) {
      void vscode.window.showErrorMessage(NOT_RUNNING);
      return;
    }
    if (wrong !== null) {
      await this.failed(wrong);
      return;
    }
    await removeOthers(path.dirname(run.profile), [run.profile, base]);
    const words = now.words === '' ? await this.inAll(run) : `${now.words}; the lines show what ${now.times} operations allocated`;
    const earlier = before === undefined || before.words === '' ? '' : `. Before: ${before.words}`;
    const chosen = await vscode.window.showInformationMessage(inMessage(`alloclens: ${test === '' ? 'done' : test}: ${words}${earlier}.`), 'Open Profile', LEAVE);
    if (chosen === 'Open Profile') {
      await vscode.commands.executeCommand('vscode.openWith', vscode.Uri.file(run.profile), PROFILE_EDITOR);
    } else if (chosen !== undefined) {
      await vscode.commands.executeCommand('alloclens.leaveComparison');
    }
  }

  // What a test allocated that is no benchmark: the numbers beside the lines leave out what is little.
  private async inAll({ profile, sampleType }: Run): Promise<string> {
    const of = { path: profile, sampleType };
    const [all, table] = await Promise.all([this.server.ask(SUMMARY, of), this.server.ask(TABLE, { by: 'line', sort: 'owned', most: 1 }, of)]);
    const [row] = table?.rows ?? [];
    const most = row === undefined || row.owned === 0 ? 'nothing through your own code' : `${row.ownedLabel} of it through ${path.basename(row.file)}:${row.line}`;
    return all ? `${all.total}, ${most}` : 'it is shown beside the lines';
  }
}

// How its programs are run.
interface How {
  name: string; // of the test, or of its file
  cwd: string;
  token: vscode.CancellationToken;
}

// How to run a test, or why it cannot be run.
async function runOf(file: string, name: string, base: string, times: number): Promise<Run | string> {
  switch (languageOf(file)) {
    case 'go': {
      const go = onPath('go') ?? GO_INSTALLED.find(isProgram);
      return go === undefined ? 'go is not on PATH.' : goRun(go, name, base, times);
    }
    case 'node': {
      const node = onPath('node');
      return node === undefined ? 'node is not on PATH.' : nodeRun(node, file, base);
    }
    case 'python': {
      const root = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(file))?.uri.fsPath ?? path.dirname(file);
      const python = ['.venv/bin/python', 'venv/bin/python'].map((own) => path.join(root, own)).find(isProgram) ?? onPath('python3') ?? '';
      const why = await whyNot(python, 'import memray, pytest', path.dirname(file));
      return why === '' ? pytestRun(python, file, name, base) : `pytest and memray are needed to profile this test: ${why}`;
    }
    case undefined:
      return `${path.basename(file)} is no file of tests.`;
  }
}

function isThere(file: string): Promise<boolean> {
  return fs.access(file).then(() => true, () => false);
}

// Removes the files of earlier runs than those of these profiles.
async function removeOthers(folder: string, profiles: readonly string[]): Promise<void> {
  const kept = profiles.map((file) => path.parse(file).name);
  const others = (await fs.readdir(folder)).filter((name) => !kept.includes(name.split('.')[0] ?? ''));
  await Promise.all(others.map((name) => fs.rm(path.join(folder, name), { force: true })));
}
