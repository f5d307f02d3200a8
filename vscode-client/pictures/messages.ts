// What a picture's page in VS Code and the extension say to each other.
import type { Flame, Timeline } from '../src/protocol.ts';
import type { Site } from './tree.ts';

export type FromPage =
  | { type: 'flame'; id: number; path: Site[]; inverted: boolean; search: string } // answered
  | { type: 'timeline'; id: number } // answered
  | { type: 'open'; id: number; file: string; line: number; stay: boolean } // answered
  | { type: 'focus'; functionName: string }
  | { type: 'focusStack'; functionNames: string[] }
  | { type: 'ignore'; functionName: string }
  | { type: 'choose'; base: string; head: string };

// null: no profile is read, or there is nothing more. undefined: the server does not run, or has yet to read.
export type Answer = Flame | Timeline | string | null | undefined;

export type ToPage =
  | { type: 'answer'; id: number; data?: Answer }
  | { type: 'changed' }; // everything may be another: ask again
