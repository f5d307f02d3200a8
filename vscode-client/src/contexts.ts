// The context keys of the extension: VS Code decides by them what it offers, and so does the menu of the status bar item.
import * as vscode from 'vscode';

const PREFIX = 'alloclens.';
const keys = new Map<string, unknown>();

export function setContext(key: string, value: unknown): void {
  keys.set(PREFIX + key, value);
  void vscode.commands.executeCommand('setContext', PREFIX + key, value);
}

// Returns the value of a key with its prefix.
export function contextOf(key: string): unknown {
  return keys.get(key);
}
