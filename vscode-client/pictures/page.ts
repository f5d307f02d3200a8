// The script of a picture's page in VS Code; <body data-picture> says which picture it is.
import './pictures.css';
import type { Flame, Graph, GraphOptions, Placement, Timeline } from '../src/protocol.ts';
import type { Site } from './tree.ts';
import { make } from './dom.ts';
import type { FlameHandle, FlameView } from './flame.ts';
import { flame } from './flame.ts';
import type { GraphHandle, GraphView } from './graph.ts';
import { graph } from './graph.ts';
import { placement } from './placement.ts';
import type { ProfileView } from './profile.ts';
import { ProfilePage } from './profile.ts';
import type { Answer, FromPage, ToPage } from './messages.ts';
import type { TimelineHandle } from './timeline.ts';
import { timeline } from './timeline.ts';

type View = FlameView | GraphView | ProfileView;

interface Editor {
  postMessage(message: FromPage): void;
  getState(): Partial<View> | undefined;
  setState(state: View): void;
}

declare function acquireVsCodeApi(): Editor;

const editor = acquireVsCodeApi();
const place = document.querySelector('main') ?? document.body;
const waiting = new Map<number, (data: Answer) => void>();
let lastId = 0;

const shared = {
  open: (file: string, line: number, stay: boolean) => answer<string>((id) => ({ type: 'open', id, file, line, stay })),
  copy: (text: string) => { editor.postMessage({ type: 'copy', text }); },
  save: (name: string, data: string) => { editor.postMessage({ type: 'save', name, data }); },
};

function flamePage(): () => Promise<void> {
  let view = (editor.getState() ?? {}) as Partial<FlameView>;
  let shown: FlameHandle | undefined;
  const keep = (now: FlameView) => {
    view = now;
    editor.setState(now);
  };
  const actions = {
    ...shared,
    ask: askFlame,
    focus: (functionName: string) => { editor.postMessage({ type: 'focus', functionName }); },
    focusStack: (functionNames: string[]) => { editor.postMessage({ type: 'focusStack', functionNames }); },
    ignore: (functionName: string) => { editor.postMessage({ type: 'ignore', functionName }); },
  };
  const query = (): [boolean, string] => [view.inverted === true, view.only === true ? (view.search ?? '') : ''];
  let asked = query();
  const whole = () => {
    asked = query();
    return askFlame([], ...asked);
  };
  return newest(whole, (data) => {
    if (data === null || shown === undefined) {
      shown = data === null ? undefined : flame(place, { data, view, keep, ...actions });
    } else if (query().every((part, i) => part === asked[i])) { // else the picture has asked for what is wanted by now
      shown.update(data);
    }
  });
}

function graphPage(): () => Promise<void> {
  let view = (editor.getState() ?? {}) as Partial<GraphView>;
  let shown: GraphHandle | undefined;
  const keep = (now: GraphView) => {
    view = now;
    editor.setState(now);
  };
  const whole = () => {
    const { nodeFraction = 0.005, edgeFraction = 0.001, nodeCount = 80, through = '' } = view;
    return askGraph({ nodeFraction, edgeFraction, nodeCount, through });
  };
  return newest(whole, (data) => {
    if (data === null || shown === undefined) {
      shown = data === null ? undefined : graph(place, { data, view, keep, ask: askGraph, ...shared });
    } else {
      shown.update(data);
    }
  });
}

function placementPage(): () => Promise<void> {
  const openFile = (path: string) => { editor.postMessage({ type: 'openFile', path }); };
  const addMapping = () => { editor.postMessage({ type: 'addMapping' }); };
  return newest(
    () => answer<Placement | undefined>((id) => ({ type: 'placement', id })),
    (data) => {
      if (data !== null) {
        placement(place, data, { openFile, addMapping });
      }
    },
  );
}

function profilePage(): () => Promise<void> {
  const page = new ProfilePage(place, {
    ...shared,
    summary: () => answer((id) => ({ type: 'summary', id })),
    table: (options) => answer((id) => ({ type: 'table', id, options })),
    flame: askFlame,
    graph: askGraph,
    sandwich: (name, file) => answer((id) => ({ type: 'sandwich', id, name, file })),
    sampleType: (name) => { editor.postMessage({ type: 'sampleType', name }); },
    compare: () => { editor.postMessage({ type: 'compare' }); },
    view: (editor.getState() ?? {}) as Partial<ProfileView>,
    keep: (view) => { editor.setState(view); },
  });
  return () => page.refresh();
}

function timelinePage(): () => Promise<void> {
  let shown: TimelineHandle | undefined;
  const choose = (base: string, head: string) => { editor.postMessage({ type: 'choose', base, head }); };
  return newest(askTimeline, (data) => {
    if (data === null || shown === undefined) {
      shown = data === null ? undefined : timeline(place, { data, choose });
    } else {
      shown.update(data);
    }
  });
}

// Asks and shows; of several questions under way only the last one's answer counts. Without one, what is shown stays.
function newest<T>(get: () => Promise<T | null | undefined>, show: (data: T | null) => void): () => Promise<void> {
  let turn = 0;
  return async () => {
    const mine = ++turn;
    const data = await get();
    if (mine !== turn) {
      return;
    }
    if (data === undefined) {
      wait();
      return;
    }
    if (data === null) {
      place.replaceChildren(make('p', 'alloclens-empty', 'No profile is read yet. The status bar says why.'));
    }
    show(data);
  };
}

function wait(): void {
  if (place.childElementCount === 0) {
    place.append(make('p', 'alloclens-empty', 'Waiting for the server. The status bar says what it does.'));
  }
}

function askFlame(path: Site[], inverted: boolean, search: string): Promise<Flame | null | undefined> {
  return answer((id) => ({ type: 'flame', id, path, inverted, search }));
}

function askGraph(options: GraphOptions): Promise<Graph | null | undefined> {
  return answer((id) => ({ type: 'graph', id, options }));
}

function askTimeline(): Promise<Timeline | null | undefined> {
  return answer((id) => ({ type: 'timeline', id }));
}

function answer<T extends Answer>(question: (id: number) => FromPage): Promise<T> {
  const id = ++lastId;
  return new Promise((resolve) => {
    waiting.set(id, (data) => { resolve(data as T); });
    editor.postMessage(question(id));
  });
}

const PAGES: Record<string, () => () => Promise<void>> = { flame: flamePage, graph: graphPage, placement: placementPage, profile: profilePage, timeline: timelinePage };
const refresh = (PAGES[document.body.dataset.picture ?? ''] ?? flamePage)();
window.addEventListener('message', ({ data: message }: MessageEvent<ToPage>) => {
  if (message.type === 'changed') {
    void refresh();
  } else {
    waiting.get(message.id)?.(message.data);
    waiting.delete(message.id);
  }
});
void refresh();
