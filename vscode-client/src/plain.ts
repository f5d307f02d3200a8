// Escapes names where VS Code draws $(name) as an icon, or turns [text](command:name) into a link.
import { printable } from '../pictures/printable.ts';

// For the status bar and the entries of quick picks.
export function plain(text: string): string {
  return printable(text).replace(/\$\((?=[\w-]+(?:~[\w-]+)?\))/g, '\\$(');
}

// For messages.
export function inMessage(text: string): string {
  return printable(text).replaceAll('](', '] (');
}
