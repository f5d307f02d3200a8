// Captures profiles of running programs: the server does it, and this asks the user from where, what and how often.
import * as vscode from 'vscode';
import type { From, Item, Often, Remembered } from './capture-words.ts';
import { fromItems, fromTitle, gcItems, IDLE, KINDS, namesOne, OFTEN, ofTarget, said, withoutSecrets, wrongSeconds } from './capture-words.ts';
import { setContext } from './contexts.ts';
import { inMessage } from './plain.ts';
import type { CaptureOptions, CaptureState, CaptureTargets } from './protocol.ts';
import { CAPTURE, CAPTURE_NOW, CAPTURE_TARGETS, STOP_CAPTURE } from './protocol.ts';
import type { Server } from './server.ts';
import { NOT_RUNNING } from './server.ts';

const REMEMBERED = 'capture.last';
const MAX_INTERVAL = 86400;
const MAX_DIFFERENCE = 3600;

export class Capture implements vscode.Disposable {
  private readonly server: Server;
  private readonly memory: vscode.Memento;
  private readonly show: (message: string) => void;
  private readonly item = vscode.window.createStatusBarItem('alloclens.capture', vscode.StatusBarAlignment.Left, 0);
  private readonly parts: vscode.Disposable[];
  private taken = 0;
  private time = ''; // of the last capture
  private runs = false;
  private shown = ''; // the state of what is shown

  // `show` shows a message in the view Snapshots.
  constructor(server: Server, memory: vscode.Memento, show: (message: string) => void) {
    this.server = server;
    this.memory = memory;
    this.show = show;
    this.item.name = 'alloclens: Capture';
    this.item.command = 'alloclens.captureMenu';
    const follow = server.onCapture((state) => {
      this.changed(state);
    });
    const started = server.onStarted(() => {
      this.changed(IDLE);
    });
    const status = server.onStatus(({ state }) => {
      if (state === 'empty' && this.shown === 'ok' && !this.runs) {
        this.changed(IDLE); // what was captured has been deleted
      }
      this.shown = state;
    });
    this.parts = [this.item, follow, started, status];
  }

  // Asks from where, what and how often.
  async start(): Promise<void> {
    const last = this.memory.get<Remembered>(REMEMBERED);
    const url = await this.from(last?.url ?? '');
    const options = url === undefined ? undefined : await ask(url, last);
    if (url === undefined || options === undefined) {
      return;
    }
    await this.memory.update(REMEMBERED, { ...options, url: withoutSecrets(url) });
    await this.answer(await this.server.ask(CAPTURE, url, options), () => this.server.ask(CAPTURE, url, options));
  }

  // Captures once more, or from what was captured last in this workspace.
  async now(): Promise<void> {
    const last = this.memory.get<Remembered>(REMEMBERED);
    if (this.item.text !== '') {
      await this.answer(await this.server.ask(CAPTURE_NOW), () => this.server.ask(CAPTURE_NOW));
    } else if (last !== undefined) {
      const { url, ...options } = last;
      const once = { ...options, every: 0 };
      await this.answer(await this.server.ask(CAPTURE, url, once), () => this.server.ask(CAPTURE, url, once));
    } else {
      await this.start();
    }
  }

  async stop(): Promise<void> {
    await this.server.ask(STOP_CAPTURE);
  }

  async menu(): Promise<void> {
    const items: Item<() => Promise<void>>[] = [
      { label: 'Capture Now', value: () => this.now() },
      { label: 'Stop Capturing', value: () => this.stop() },
      { label: 'Capture…', value: () => this.start() },
    ];
    const chosen = await vscode.window.showQuickPick(items, { title: 'alloclens' });
    await chosen?.value();
  }

  dispose(): void {
    vscode.Disposable.from(...this.parts).dispose();
  }

  private changed(state: CaptureState): void {
    if (state.taken !== this.taken) {
      this.taken = state.taken;
      this.time = new Date().toLocaleTimeString(undefined, { hourCycle: 'h23' });
    }
    const words = said(state, this.time);
    this.runs = state.running;
    setContext('capturing', state.running);
    this.show(words?.message ?? '');
    if (words === undefined) {
      this.item.text = '';
      this.item.hide();
      return;
    }
    this.item.text = words.text;
    this.item.tooltip = words.tooltip;
    this.item.show();
  }

  private async answer(error: string | null | undefined, again: () => Promise<string | null | undefined>): Promise<void> {
    if (error === undefined) {
      void vscode.window.showInformationMessage(NOT_RUNNING);
    } else if (error !== null) {
      const chosen = await vscode.window.showErrorMessage(inMessage(`alloclens: ${error}`), 'Try Again', 'Capture…');
      if (chosen === 'Try Again') {
        await this.answer(await again(), again);
      } else if (chosen !== undefined) {
        await this.start();
      }
    }
  }

  // Offers the programs that answer, as soon as they have; a URL can be typed at once.
  private async from(remembered: string): Promise<string | undefined> {
    const pick = vscode.window.createQuickPick<Item<From>>();
    pick.title = fromTitle(this.runs);
    pick.placeholder = 'A URL, such as http://localhost:6060; the program imports net/http/pprof';
    pick.matchOnDescription = true;
    pick.matchOnDetail = true; // a URL that is typed whole
    pick.ignoreFocusOut = true;
    pick.busy = true;
    let found: CaptureTargets | undefined;
    const offer = () => {
      pick.items = fromItems(pick.value, remembered, found?.targets ?? [], found?.kubectl ?? false);
    };
    offer();
    pick.onDidChangeValue(offer);
    void this.targets(false).then((answer) => {
      found = answer;
      pick.busy = false;
      offer();
    });
    const chosen = await new Promise<From | undefined>((resolve) => {
      pick.onDidAccept(() => {
        resolve(pick.selectedItems[0]?.value);
      });
      pick.onDidHide(() => {
        resolve(undefined);
      });
      pick.show();
    });
    pick.dispose();
    return chosen === 'pods' ? await this.pod() : chosen?.url;
  }

  private async pod(): Promise<string | undefined> {
    const listed = this.targets(true).then(({ targets, problem }) => {
      if (targets.length === 0) {
        throw new Error(problem === '' ? 'no running pod has a port' : problem);
      }
      return targets.map((target) => ofTarget(target));
    });
    try {
      const [chosen] = await Promise.all([vscode.window.showQuickPick(listed, { title: 'Capture from Which Pod', matchOnDescription: true }), listed]);
      return chosen?.value.url;
    } catch (error) {
      void vscode.window.showErrorMessage(inMessage(`alloclens: ${error instanceof Error ? error.message : String(error)}`));
      return undefined;
    }
  }

  private async targets(pods: boolean): Promise<CaptureTargets> {
    try {
      return (await this.server.ask(CAPTURE_TARGETS, pods)) ?? { targets: [], kubectl: false, problem: NOT_RUNNING };
    } catch (error) {
      return { targets: [], kubectl: false, problem: String(error) }; // the server is ending
    }
  }
}

async function ask(url: string, last: Remembered | undefined): Promise<CaptureOptions | undefined> {
  const kind = namesOne(url) ? 'named' : await choose('Capture What', KINDS, last?.kind);
  const often = kind && (await choose('How Often', OFTEN, lastOften(last)));
  const time = often === undefined ? undefined : await times(often);
  if (kind === undefined || time === undefined) {
    return undefined;
  }
  const isHeap = kind === 'heap' || kind === 'all';
  const gc = isHeap ? await choose('Collect Garbage First?', gcItems(time.every), last?.gc) : false;
  return gc === undefined ? undefined : { kind, gc, ...time };
}

function lastOften(last: Remembered | undefined): Often | undefined {
  if (last?.every) {
    return OFTEN.some(({ value }) => value === last.every) ? last.every : 'interval';
  }
  return last?.seconds ? 'difference' : 'once';
}

async function times(often: Often): Promise<{ every: number; seconds: number } | undefined> {
  if (often === 'once') {
    return { every: 0, seconds: 0 };
  }
  if (typeof often === 'number') {
    return { every: often, seconds: 0 };
  }
  const [title, most] = often === 'interval' ? (['Seconds from Capture to Capture', MAX_INTERVAL] as const) : (['Seconds between the Two Ends', MAX_DIFFERENCE] as const);
  const text = await vscode.window.showInputBox({ title, value: '30', validateInput: (given) => wrongSeconds(given, most) });
  if (text === undefined) {
    return undefined;
  }
  return often === 'interval' ? { every: Number(text), seconds: 0 } : { every: 0, seconds: Number(text) };
}

// Offers what was chosen last first.
async function choose<Value>(title: string, items: readonly Item<Value>[], last: Value | undefined): Promise<Value | undefined> {
  const sorted = [...items].sort((a, b) => Number(b.value === last) - Number(a.value === last));
  const chosen = await vscode.window.showQuickPick(sorted, { title, ignoreFocusOut: true });
  return chosen?.value;
}
