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

export interface HotLine {
  location: Location;
  label: string;
}
