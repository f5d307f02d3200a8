// What the server and this client say to each other beyond LSP. The server's side: server/alloclens/lsp.
import type { Location } from 'vscode-languageclient';

export const SECTION = 'alloclens';

// Commands of this client that the server may put into its answers, and what else of ours the client understands.
export const EXPERIMENTAL = { alloclens: { commands: ['alloclens.showStacks', 'alloclens.explain'], status: true } };

export const STATUS = 'alloclens/status';

export interface Status {
  state: 'empty' | 'loading' | 'ok' | 'problem';
  text: string;
  tooltip: string;
  focus?: string; // what is seen only, in words; "" or none: everything
}

export const STACKS = 'alloclens.server.stacks';

export interface Frame {
  label: string;
  location: Location | null;
  own: boolean;
}

export interface Stack {
  label: string;
  frames: Frame[];
}

export interface Stacks {
  title: string;
  stacks: Stack[];
}

export const SNAPSHOTS = 'alloclens.server.snapshots';

export interface Snapshot {
  name: string;
  directory: string;
  label: string;
  detail: string;
  base: boolean;
  head: boolean;
}

export const SAMPLE_TYPES = 'alloclens.server.sampleTypes';

export interface SampleType {
  name: string;
  unit: string;
  selected: boolean;
}

export const EXPLAIN = 'alloclens.server.explain';
export const MAPPINGS = 'alloclens.server.mappings';
export const ADD_MAPPING = 'alloclens.server.addMapping';

export interface PathMapping {
  from: string;
  to: string;
  label: string;
}

export const HOT_LINES = 'alloclens.server.hotLines';

export const HOT_LINE_COUNT = 'alloclens.server.hotLineCount'; // with the same options

export const HOT_LINE = 'alloclens.server.hotLine'; // the next or the previous

export const FINDINGS = 'alloclens.server.findings';

export type Severity = 'error' | 'warning' | 'information' | 'hint' | 'off';

export interface Finding {
  verdict: string;
  code: string;
  severity: Severity;
  label: string;
  detail: string;
  tooltip: string; // Markdown
  location: Location | null;
  function: string;
  file: string;
  line: number; // recorded, 1-based
}

// The options of HOT_LINES. Without any it answers with those of the user's own code, which all have a location.
export interface HotOptions {
  own: boolean;
  sort: 'owned' | 'flat' | 'cum' | 'growth';
  filter: string;
  most?: number;
}

export interface HotSite {
  location: Location | null;
  label: string;
  function: string;
  file: string;
  line: number; // recorded, 1-based
  own: boolean;
  flat: number;
  cum: number;
  owned: number;
  growth: { value: number; label: string; certain: boolean } | null;
}

export const SERIES = 'alloclens.server.series';

export interface SeriesSnapshot {
  name: string;
  path: string;
  label: string; // the user's, or ""
  time: string;
  detail: string;
  size: string;
  base: boolean;
  head: boolean;
  begins: boolean; // a process starts here
}

export interface Series {
  directory: string;
  program: string;
  sampleTypes: string[];
  shown: boolean;
  snapshots: SeriesSnapshot[]; // newest first
  more: number; // older ones that are not listed
  process: number; // snapshots of the latest process
}

export interface Unreadable {
  name: string;
  path: string;
  reason: string;
}

export interface AllSeries {
  series: Series[];
  problems: Unreadable[];
}

export const LABEL = 'alloclens.server.label';

export const STACK_TREE = 'alloclens.server.stackTree';

export type Direction = 'callers' | 'callees';

export interface StackNode {
  id: string; // JSON: [function, file, line, binary]; "" of a row that stands for many
  label: string;
  detail: string;
  location: Location | null;
  own: boolean;
  leaf: boolean;
}

export const FOCUS = 'alloclens.server.focus';
export const UNFOCUS = 'alloclens.server.unfocus';

// Names are exact, patterns are pprof's; of a stack all functions.
export type FocusStep = Partial<Record<'function' | 'ignoreFunction' | 'focus' | 'ignore', string>> & { stack?: string[] };
