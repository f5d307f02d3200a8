// What a picture's page in VS Code and the extension say to each other.
import type { Flame, Graph, GraphOptions, Placement, ProfileSummary, ProfileTable, Sandwich, TableOptions, Timeline } from '../src/protocol.ts';
import type { Site } from './tree.ts';

// Those with an id are answered.
export type Question =
  | { type: 'flame'; id: number; path: Site[]; inverted: boolean; search: string }
  | { type: 'graph'; id: number; options: GraphOptions }
  | { type: 'table'; id: number; options: TableOptions }
  | { type: 'sandwich'; id: number; name: string; file: string }
  | { type: 'summary'; id: number }
  | { type: 'timeline'; id: number }
  | { type: 'placement'; id: number }
  | { type: 'open'; id: number; file: string; line: number; stay: boolean };

export type FromPage =
  | Question
  | { type: 'focus'; functionName: string }
  | { type: 'focusStack'; functionNames: string[] }
  | { type: 'ignore'; functionName: string }
  | { type: 'choose'; base: string; head: string }
  | { type: 'copy'; text: string }
  | { type: 'save'; name: string; data: string } // a data: URL
  | { type: 'sampleType'; name: string }
  | { type: 'compare' }
  | { type: 'openFile'; path: string }
  | { type: 'addMapping' };

// null: no profile is read, or there is nothing more. undefined: the server does not run, or has yet to read.
export type Answer = Flame | Graph | Placement | ProfileSummary | ProfileTable | Sandwich | Timeline | string | null | undefined;

export type ToPage =
  | { type: 'answer'; id: number; data?: Answer }
  | { type: 'changed' }; // everything may be another: ask again
