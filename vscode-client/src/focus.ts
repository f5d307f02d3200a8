// Focus: limits all numbers to samples that pass through a function, or to all others. Steps add up and can be undone.
import * as vscode from 'vscode';
import { printable } from '../pictures/printable.ts';
import { setContext } from './contexts.ts';
import { named, pattern } from './focus-words.ts';
import { inMessage, plain } from './plain.ts';
import type { FocusStep } from './protocol.ts';
import { FOCUS, STACK_TREE, UNFOCUS } from './protocol.ts';
import type { Server } from './server.ts';
import { NOT_RUNNING } from './server.ts';
import type { FrameRow } from './views/frame-rows.ts';
import { frameOf } from './views/frame-rows.ts';
import { cursor } from './views/stack-tree.ts';

const TITLES = { focus: 'Focus: count only samples that pass through', ignore: 'Ignore: do not count samples that pass through' };

// Asks for a pattern; the default matches the function under the cursor.
export async function askPattern(server: Server, key: 'focus' | 'ignore'): Promise<void> {
  const here = await functionHere(server);
  const prompt = `A function or file, as a regular expression (pprof's -${key})`;
  const value = here === undefined ? '' : pattern(here);
  const given = await vscode.window.showInputBox({ title: TITLES[key], prompt, value });
  if (given !== undefined && given.trim() !== '') {
    await take(server, { [key]: given.trim() });
  }
}

// Focuses on the function of a row, on a name, or on the function under the cursor.
export async function stepOn(server: Server, key: 'function' | 'ignoreFunction', argument?: unknown): Promise<void> {
  const name = named(argument) ?? (await functionHere(server));
  if (name === undefined) {
    void vscode.window.showInformationMessage('alloclens: this line has no number, so there is no function to focus on.');
    return;
  }
  await take(server, { [key]: name });
}

// Focuses on samples that pass through all functions on the path to a row of the view Stacks.
export async function stackOf(server: Server, row?: FrameRow): Promise<void> {
  const stack = (row?.path ?? []).map((id) => frameOf(id).name).filter((name) => name !== '');
  await take(server, { stack });
}

export async function back(server: Server, all: boolean): Promise<void> {
  await server.ask(UNFOCUS, all);
}

async function take(server: Server, step: FocusStep): Promise<void> {
  const wrong = await server.ask(FOCUS, step);
  if (wrong === undefined) {
    void vscode.window.showInformationMessage(NOT_RUNNING);
  } else if (wrong !== null) {
    void vscode.window.showErrorMessage(inMessage(`alloclens: ${wrong}`));
  }
}

// Returns the function under the cursor; of several on the line, the heaviest.
async function functionHere(server: Server): Promise<string | undefined> {
  const at = cursor();
  const roots = at && (await server.ask(STACK_TREE, at.uri, at.line, 'callers', []));
  const [heaviest] = roots ?? [];
  const name = frameOf(heaviest?.id ?? '').name;
  if (at === undefined || heaviest === undefined || name !== '') {
    return named(name);
  }
  const [first] = (await server.ask(STACK_TREE, at.uri, at.line, 'callers', [heaviest.id])) ?? []; // below a kind of profile
  return named(frameOf(first?.id ?? '').name);
}

// Shows the focus in the status bar, if there is one; a click undoes the last step.
export function focusItem(server: Server): vscode.Disposable {
  const item = vscode.window.createStatusBarItem('alloclens.focus', vscode.StatusBarAlignment.Left, -1);
  item.name = 'alloclens: Focus';
  item.command = 'alloclens.unfocus';
  const follow = server.onStatus(({ focus }) => {
    show(item, focus);
  });
  return vscode.Disposable.from(item, follow);
}

function show(item: vscode.StatusBarItem, focus: string): void {
  setContext('focused', focus !== '');
  if (focus === '') {
    item.hide();
    return;
  }
  item.text = `$(eye) ${plain(focus)}`;
  item.tooltip = `alloclens: all numbers are of samples ${printable(focus)}. Click to undo the last step; "alloclens: Clear Focus" undoes all.`;
  item.accessibilityInformation = { label: `alloclens: only samples ${printable(focus)}; undo the last step`, role: 'button' };
  item.show();
}
