// Names where VS Code reads more than text: it draws $(name) as an icon, and makes links of [text](command:name).
import { printable } from '../pictures/printable.ts';

// For the status bar and the entries of quick picks.
export function plain(text: string): string {
  return printable(text).replace(/\$\((?=[\w-]+(?:~[\w-]+)?\))/g, '\\$(');
}

// For messages.
export function inMessage(text: string): string {
  return printable(text).replaceAll('](', '] (');
}
