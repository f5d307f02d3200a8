// Adds profile servers and buckets, and fetches from them: the server asks them, and this asks the user which, of what and of when.
import * as vscode from 'vscode';
import type { Item } from './capture-words.ts';
import { inMessage, plain } from './plain.ts';
import type { FetchOptions, Source, SourceProcesses, SourceTest } from './protocol.ts';
import { FETCH, SOURCE_PROCESSES, SOURCES, STOP_FETCH, TEST_SOURCE, WRITE_SOURCE } from './protocol.ts';
import type { Server } from './server.ts';
import { NOT_RUNNING } from './server.ts';
import * as settings from './settings.ts';
import type { Field, Kind } from './source-words.ts';
import { accessItems, bare, FIELDS, KINDS, nameOf, processItems, RANGES, serviceItems, withSource, wrongName, wrongUrl } from './source-words.ts';
import type { SeriesRow } from './views/series-rows.ts';

const STOPPED = 'it was stopped';
const SELECTED: Source['type'][] = ['pyroscope', 'parca', 'kubernetes']; // that take a selector

export class Sources {
  private readonly server: Server;
  private readonly last = new Map<string, FetchOptions>(); // by the name of the source

  constructor(server: Server) {
    this.server = server;
  }

  // Asks for a source, tests it, saves it where the user wants, and fetches from it.
  async add(): Promise<void> {
    const kind = await pick('Add Source: Kind', KINDS);
    const url = kind && (await input('Add Source: Address', { value: '', placeHolder: kind.url, validateInput: wrongUrl }));
    const name = url === undefined ? undefined : await input('Add Source: Name', { value: nameOf(url), prompt: 'What you call it.', validateInput: wrongName });
    if (kind === undefined || url === undefined || name === undefined) {
      return;
    }
    const tested = await this.tested(kind, { name, type: kind.type, url: url.trim() });
    const select = tested && (SELECTED.includes(kind.type) ? await selector(tested.answer) : '');
    if (tested === undefined || select === undefined) {
      return;
    }
    const source = bare({ ...tested.source, select });
    if (await this.saved(source)) {
      await this.fetchFrom(source);
    }
  }

  // Fetches from the source of a row, or one that the user picks.
  async fetch(row?: SeriesRow): Promise<void> {
    const source = row?.source ?? (await this.chosen());
    if (source !== undefined) {
      await this.fetchFrom(source);
    }
  }

  // Fetches the same again as the last time.
  async again(row?: SeriesRow): Promise<void> {
    const options = row?.source && this.last.get(row.source.name);
    await (row?.source !== undefined && options !== undefined ? this.run(row.source, options) : this.fetch(row));
  }

  async stop(row?: SeriesRow): Promise<void> {
    if (row?.source !== undefined) {
      await this.server.ask(STOP_FETCH, row.source.name);
    }
  }

  private async tested(kind: Kind, first: Source): Promise<{ source: Source; answer: SourceTest } | undefined> {
    let source = first;
    for (;;) {
      const given = kind.access.length > 0 ? await access(kind, source) : source;
      if (given === undefined) {
        return undefined;
      }
      source = given;
      const asked = bare(source);
      const answer = await busy(`asking ${source.url}`, this.server.ask(TEST_SOURCE, asked));
      if (answer?.error === '') {
        return { source, answer };
      }
      const again = await vscode.window.showErrorMessage(inMessage(answer === undefined ? NOT_RUNNING : `alloclens: ${answer.error}`), 'Try Again');
      if (again === undefined) {
        return undefined;
      }
    }
  }

  private async saved(source: Source): Promise<boolean> {
    const where = await pick('Add Source: Save It In', [
      { label: 'User Settings', detail: 'For you, in all workspaces.', value: 'user' },
      { label: 'Write to alloclens.toml', detail: 'For all who work in this folder. Each of them is asked once whether it may be asked.', value: 'file' },
    ]);
    if (where === 'user') {
      await settings.setOfUser('sources', withSource((settings.ofUser('sources') ?? []) as Source[], source));
    }
    return where === 'user' || (where === 'file' && typeof (await this.server.ask(WRITE_SOURCE, source)) === 'string'); // otherwise the server has shown why
  }

  private async chosen(): Promise<Source | undefined> {
    const listed = await this.server.ask(SOURCES);
    if (listed === undefined) {
      void vscode.window.showInformationMessage(NOT_RUNNING);
    } else if (listed.length === 0) {
      await this.add();
    } else if (listed.length === 1) {
      return listed[0]?.source;
    } else {
      return await pick('Fetch from Which Source', listed.map(({ source, asks }) => ({ label: plain(source.name), description: plain(asks), value: source })));
    }
    return undefined;
  }

  private async fetchFrom(source: Source): Promise<void> {
    const seconds = await pick(`Snapshots of ${source.name}: When`, RANGES);
    const found = seconds === undefined ? undefined : await this.processes(source, seconds);
    if (seconds === undefined || found === undefined) {
      return;
    }
    const left = found.more > 0 ? ` (${found.more} more: narrow the selector)` : '';
    const title = `Snapshots of ${source.name}: Which Processes${left}`;
    const placeHolder = 'Search by service, version or instance; those that grow most are first';
    const chosen = await vscode.window.showQuickPick(processItems(found.processes), { title, placeHolder, canPickMany: true, matchOnDescription: true, matchOnDetail: true, ignoreFocusOut: true });
    if (chosen !== undefined && chosen.length > 0) {
      await this.run(source, { seconds, processes: chosen.map(({ value }) => value) });
    }
  }

  private async processes(source: Source, seconds: number): Promise<SourceProcesses | undefined> {
    const found = await busy(`asking ${source.name}`, this.server.ask(SOURCE_PROCESSES, source, seconds));
    if (found?.error === '') {
      return found;
    }
    const again = await vscode.window.showErrorMessage(inMessage(found === undefined ? NOT_RUNNING : `alloclens: ${source.name}: ${found.error}`), 'Try Again');
    return again === undefined ? undefined : await this.processes(source, seconds);
  }

  private async run(source: Source, options: FetchOptions): Promise<void> {
    this.last.set(source.name, options);
    const error = await this.server.ask(FETCH, source, options);
    if (error === undefined) {
      void vscode.window.showInformationMessage(NOT_RUNNING);
    } else if (error !== null && !error.startsWith(STOPPED)) {
      const again = await vscode.window.showErrorMessage(inMessage(`alloclens: ${source.name}: ${error}`), 'Try Again');
      if (again !== undefined) {
        await this.run(source, options);
      }
    }
  }
}

// Asks where the credentials are, until the user tests the connection.
async function access(kind: Kind, source: Source): Promise<Source | undefined> {
  const chosen = await pick<Field | 'test'>('Add Source: Credentials', accessItems(kind, source));
  if (chosen === undefined || chosen === 'test') {
    return chosen && source;
  }
  const { label, prompt, wrong } = FIELDS[chosen];
  const value = await input(`Add Source: ${label.replace('…', '')}`, { value: source[chosen] ?? '', prompt, ...(wrong && { validateInput: wrong }) });
  return await access(kind, value === undefined ? source : { ...source, [chosen]: value.trim() });
}

async function selector(answer: SourceTest): Promise<string | undefined> {
  const items = serviceItems(answer).map((item) => ({ ...item, value: { select: item.value } }));
  const chosen = await pick(`Add Source: Which Service (${answer.text})`, items);
  return chosen === undefined ? undefined : (chosen.select ?? (await input('Add Source: Label Selector', { value: '', placeHolder: 'service_name="api",namespace="prod"' })));
}

async function pick<Value>(title: string, items: readonly Item<Value>[]): Promise<Value | undefined> {
  return (await vscode.window.showQuickPick(items, { title: plain(title), ignoreFocusOut: true, matchOnDescription: true }))?.value;
}

async function input(title: string, options: vscode.InputBoxOptions): Promise<string | undefined> {
  return await vscode.window.showInputBox({ title: plain(title), ignoreFocusOut: true, ...options });
}

async function busy<Answer>(what: string, answer: Promise<Answer>): Promise<Answer> {
  return await vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title: plain(`alloclens: ${what}`) }, () => answer);
}
