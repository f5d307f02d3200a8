// What every page with pictures needs from the extension: its HTML, answers of the server, sources, the clipboard and files.
import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import type { Answer, FromPage, Question, ToPage } from '../pictures/messages.ts';
import { printable } from '../pictures/printable.ts';
import type { Commands, ProfileFile } from './protocol.ts';
import { FLAME, FRAME, GRAPH, SANDWICH, SUMMARY, TABLE } from './protocol.ts';
import type { Server } from './server.ts';
import { NOT_RUNNING } from './server.ts';

type Place = Extract<FromPage, { type: 'open' }>;

export async function tell(panel: vscode.WebviewPanel, message: ToPage): Promise<void> {
  await panel.webview.postMessage(message);
}

// Asks the server for pages. Every question is answered: with undefined if there is no server, it is still reading, or it fails.
export class PageServer {
  private readonly server: Server;
  private readonly reads: () => boolean; // whether the server has yet to read what is shown

  constructor(server: Server, reads: () => boolean) {
    this.server = server;
    this.reads = reads;
  }

  // Answers a question about a profile, or about what is shown. Returns whether it was one.
  async hear(panel: vscode.WebviewPanel, message: FromPage, of: ProfileFile = {}): Promise<boolean> {
    switch (message.type) {
      case 'copy':
        await vscode.env.clipboard.writeText(message.text);
        return true;
      case 'save':
        await save(message.name, message.data, of);
        return true;
      case 'flame':
      case 'graph':
      case 'table':
      case 'sandwich':
      case 'summary':
      case 'open': {
        const data = await this.answer(panel, message, of);
        await tell(panel, { type: 'answer', id: message.id, data });
        return true;
      }
      default:
        return false;
    }
  }

  async ask<C extends keyof Commands>(command: C, ...args: Commands[C]['arguments']): Promise<Commands[C]['answer'] | undefined> {
    try {
      const data = await this.server.ask(command, ...args);
      return data === null && this.reads() ? undefined : data;
    } catch (error) {
      this.server.log.error(printable(`${command}: ${String(error)}`));
      return undefined;
    }
  }

  private answer(panel: vscode.WebviewPanel, message: Exclude<Question, { type: 'timeline' | 'placement' }>, of: ProfileFile): Promise<Answer> {
    switch (message.type) {
      case 'flame': {
        const { path, inverted, search } = message;
        return this.ask(FLAME, { path, inverted, search }, of);
      }
      case 'graph':
        return this.ask(GRAPH, message.options, of);
      case 'table':
        return this.ask(TABLE, message.options, of);
      case 'sandwich':
        return this.ask(SANDWICH, message.name, message.file, of);
      case 'summary':
        return this.ask(SUMMARY, of);
      case 'open':
        return this.open(panel, message, of).catch(String);
    }
  }

  // Opens a line beside the picture. Returns why it could not, else ''.
  private async open(picture: vscode.WebviewPanel, { file, line, stay }: Place, of: ProfileFile): Promise<string> {
    const place = await this.server.ask(FRAME, file, line, of);
    if (!place) {
      return place === null ? `${file}:${line} is not in this workspace. “alloclens: Explain Placement” says why.` : NOT_RUNNING;
    }
    await showBeside(picture, vscode.Uri.parse(place.uri), place.range.start.line, stay);
    return '';
  }
}

// Shows a line (0-based) beside a page, in the first column unless the page has that one.
export async function showBeside(page: vscode.WebviewPanel, uri: vscode.Uri, line: number, preserveFocus = false): Promise<void> {
  const at = new vscode.Position(line, 0);
  const viewColumn = page.viewColumn === vscode.ViewColumn.One ? vscode.ViewColumn.Two : vscode.ViewColumn.One;
  await vscode.window.showTextDocument(uri, { selection: new vscode.Range(at, at), viewColumn, preserveFocus });
}

async function save(name: string, data: string, of: ProfileFile): Promise<void> {
  const folder = of.path === undefined || of.path === '' ? vscode.workspace.workspaceFolders?.[0]?.uri : vscode.Uri.joinPath(vscode.Uri.file(of.path), '..');
  const target = await vscode.window.showSaveDialog(folder === undefined ? {} : { defaultUri: vscode.Uri.joinPath(folder, name) });
  if (target !== undefined) {
    const [head = '', ...rest] = data.split(',');
    const body = rest.join(',');
    await vscode.workspace.fs.writeFile(target, head.endsWith(';base64') ? Buffer.from(body, 'base64') : Buffer.from(decodeURIComponent(body)));
  }
}

// The page of a picture. Its images are only those that it draws itself, to be saved.
export function html(webview: vscode.Webview, folder: vscode.Uri, kind: string, title: string): string {
  const nonce = randomBytes(16).toString('base64');
  const file = (name: string) => webview.asWebviewUri(vscode.Uri.joinPath(folder, name)).toString();
  const policy = `default-src 'none'; script-src 'nonce-${nonce}'; style-src ${webview.cspSource}; img-src data:; font-src 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width">
<link rel="stylesheet" href="${file('pictures.css')}">
<title>${title}</title>
</head>
<body data-picture="${kind}"><main></main><script nonce="${nonce}" src="${file('pictures.js')}"></script></body>
</html>`;
}
