// What the server answers with: server/alloclens/lsp/features/pictures.py.

// What a path tells functions apart by: of one name there may be several, in different files.
export type Site = readonly [name: string, file: string];

export interface FlameNode {
  name: string;
  value: number; // of the head, in the unit of the sample type
  label: string; // the value and its share, in words
  growth: number | null; // since the base; null without one
  growthLabel: string;
  certain: boolean; // the growth is more than sampling can make
  file: string;
  line: number; // 1-based; 0: unknown
  own: boolean;
  more: boolean; // children are left out
  children: FlameNode[];
}

export interface Flame {
  sampleType: string;
  unit: string;
  total: number;
  totalLabel: string;
  base: boolean;
  focus: string; // in words; "": everything is seen
  truncated: boolean;
  root: FlameNode;
}

export interface TimelinePoint {
  name: string;
  path: string;
  time: number; // seconds since 1970
  value: number;
  begins: boolean; // a process starts here
  base: boolean;
  head: boolean;
}

// `values` here and of a line are as many as there are points.
export interface MemStat {
  name: string;
  values: (number | null)[];
}

export interface RecordedLine {
  file: string;
  line: number; // 1-based
}

export interface Timeline {
  sampleType: string;
  unit: string;
  focus: string; // in words, though all samples are shown; "": there is none
  points: TimelinePoint[]; // oldest first
  memstats: MemStat[];
  at: RecordedLine | null; // that is asked about
  line: { label: string; values: (number | null)[] } | null;
}
