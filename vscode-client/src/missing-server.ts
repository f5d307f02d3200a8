// What happens while there is no server: one message with one button, and a check whether one has been installed.
import * as vscode from 'vscode';
import type { Search } from './server-command.ts';

const LOOK_MS = 3000;

export class MissingServer implements vscode.Disposable {
  private readonly find: () => Promise<Search>;
  private readonly appeared: () => void;
  private timer: NodeJS.Timeout | undefined;
  private isSaid = false;

  // `find` searches for a server; `appeared` is called once it finds one.
  constructor(find: () => Promise<Search>, appeared: () => void) {
    this.find = find;
    this.appeared = appeared;
  }

  // Says it, with a button; returns whether the user has pressed it while the server was still missing.
  async say(message: string, button: string): Promise<boolean> {
    this.look();
    if (this.isSaid) {
      return false;
    }
    this.isSaid = true;
    const choice = await vscode.window.showErrorMessage(message, button);
    this.isSaid = false;
    return choice !== undefined && this.timer !== undefined;
  }

  // There is a server: its absence is no longer looked into, and the message goes.
  end(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.isSaid) {
      void vscode.commands.executeCommand('notifications.hideToasts'); // VS Code has no other way to close one
    }
  }

  dispose(): void {
    clearTimeout(this.timer);
  }

  private look(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.lookOnce(), LOOK_MS);
  }

  private async lookOnce(): Promise<void> {
    const before = this.timer;
    const search = vscode.window.state.focused ? await this.find() : undefined;
    if (this.timer !== before) {
      return;
    }
    if (search?.command === undefined) {
      this.look();
    } else {
      this.appeared();
    }
  }
}
