// The flame graph: where the bytes are, by call stack.
import { Chart } from './chart.ts';
import type { Entry } from './colours.ts';
import { FOUND, growthFill, Hues, largestGrowth, legend, ownPackages, packageFill } from './colours.ts';
import type { Flame } from '../src/protocol.ts';
import type { Site } from './tree.ts';
import { button, make, swatch, toggle, write, writeTitled } from './dom.ts';
import type { Exports } from './export.ts';
import { exportButton } from './export.ts';
import { listen } from './gestures.ts';
import type { Frame } from './layout.ts';
import { pathOf } from './layout.ts';
import type { Item } from './menu.ts';
import { Menu } from './menu.ts';
import { printable } from './printable.ts';
import { Tip } from './tip.ts';
import { at, graft, hasMore, heading, matches, nothing, search, spoken } from './tree.ts';
import { amount, share } from './units.ts';

// What the user has chosen. The page keeps it while the picture is hidden.
export interface FlameView {
  inverted: boolean; // callers: the leaves are the root's children
  rootOnTop: boolean;
  search: string;
  only: boolean; // only the stacks through functions that match the search
  path: Site[]; // of the frame that is zoomed into
}

export interface FlameOptions extends Exports {
  data: Flame;
  // null: there is nothing more; undefined: no answer. `search` keeps the stacks through functions that match, also those too light to be drawn.
  ask?: (path: Site[], inverted: boolean, search: string) => Promise<Flame | null | undefined>;
  open?: (file: string, line: number, stay: boolean) => Promise<string>; // why it could not be opened, or ''. `stay`: the picture keeps the keyboard
  chosen?: Site; // a function that the picture is about, which is marked
  focus?: (functionName: string) => void;
  focusStack?: (functionNames: string[]) => void; // from the root
  ignore?: (functionName: string) => void;
  view?: Partial<FlameView>;
  keep?: (view: FlameView) => void;
}

export interface FlameHandle {
  update(data: Flame): void; // as `view` asks for
}

const SEARCH_MS = 150;

export function flame(element: HTMLElement, options: FlameOptions): FlameHandle {
  return new Picture(element, options);
}

class Picture implements FlameHandle {
  private readonly options: FlameOptions;
  private readonly view: FlameView;
  private data: Flame;
  private largest = 1;
  private readonly hues = new Hues();
  private asked = new Set<string>(); // paths
  private turn = 0; // counts the questions for other data, and the data itself
  private typing = 0;
  private about: readonly Site[] | undefined; // the frame in the status line

  private readonly heading = make('p', 'alloclens-heading');
  private readonly status = make('p', 'alloclens-status');
  private readonly nothing = make('p', 'alloclens-empty');
  private readonly legend = make('ul', 'alloclens-legend');
  private readonly reset = button('Reset Zoom', () => {
    void this.zoomTo([]);
  });
  private readonly chart: Chart;
  private readonly menu: Menu;
  private readonly tip: Tip;

  constructor(element: HTMLElement, options: FlameOptions) {
    this.options = options;
    this.view = { inverted: false, rootOnTop: true, search: '', only: false, path: [], ...options.view };
    this.data = options.data;
    this.chart = new Chart(options.data.root, (node) => this.fill(node));
    const section = make('section', 'alloclens-picture');
    this.menu = new Menu(section);
    this.fillSection(section, this.chart.host);
    this.tip = new Tip(section);
    listen(this.chart, this.tip, {
      go: (frame, stay) => void this.go(frame, stay),
      zoom: (frame) => void this.zoomTo(pathOf(frame)),
      menu: (frame, x, y) => {
        this.showMenu(frame, x, y);
      },
      back: () => void this.zoomTo(this.view.path.slice(0, -1)),
      selected: (frame) => {
        this.tell(frame);
      },
    });
    element.replaceChildren(section);
    this.chart.fit(); // before the first drawing
    this.update(options.data);
  }

  update(data: Flame): void {
    this.tip.hide(); // its numbers are the previous ones
    this.data = data;
    this.asked = new Set();
    this.turn++;
    write(this.heading, heading(data));
    this.heading.title = printable(data.focus); // has the full names
    this.draw();
    this.renewStatus();
    void this.complete(this.view.path);
  }

  private fillSection(section: HTMLElement, host: HTMLElement): void {
    section.setAttribute('aria-label', 'Flame graph');
    this.status.setAttribute('role', 'status');
    this.nothing.setAttribute('aria-live', 'polite');
    const bar = make('div', 'alloclens-bar');
    const exports = exportButton(this.menu, this.options, 'flame-graph', () => this.chart.picture, () => this.heading.textContent);
    bar.append(this.heading, this.searchBox(), ...this.toggles(), this.reset, ...exports);
    section.append(bar, this.status, this.nothing, host, this.legend, make('p', 'alloclens-help', this.help()));
  }

  private searchBox(): HTMLElement {
    const box = make('input', 'alloclens-input');
    box.type = 'search';
    box.placeholder = 'Search functions';
    box.setAttribute('aria-label', 'Search functions');
    box.value = this.view.search;
    box.addEventListener('input', () => {
      window.clearTimeout(this.typing);
      this.typing = window.setTimeout(() => {
        void this.find(box.value.trim());
      }, SEARCH_MS);
    });
    return box;
  }

  private toggles(): HTMLElement[] {
    const upright = toggle('Root on Top', this.view.rootOnTop, (pressed) => {
      this.set({ rootOnTop: pressed });
      this.draw();
    });
    const callers = toggle('Callers', this.view.inverted, (pressed) => void this.renew({ inverted: pressed }));
    callers.title = 'From the functions that allocate, down to their callers';
    const only = toggle('Only Matches', this.view.only, (pressed) => void this.renew({ only: pressed }));
    only.title = 'Only the stacks through the functions that are searched for';
    return this.options.ask ? [only, upright, callers] : [upright];
  }

  private help(): string {
    const { open, focus, ignore } = this.options;
    const menu = [...(focus ? ['focuses on it'] : []), ...(ignore ? ['ignores it'] : [])];
    const zooms = open ? 'Click or Enter opens the source, double click or Space zooms in' : 'Click or Enter zooms in';
    const parts = [`${zooms}, Escape out; arrow keys go from frame to frame.`];
    parts.push(...(menu.length > 0 ? [`The context menu of a frame ${menu.join(' or ')}.`] : []));
    return parts.join(' ');
  }

  // Opens the source of a frame, or zooms into the frame if it has none.
  private async go(frame: Frame, stay: boolean): Promise<void> {
    const { file, line } = frame.data;
    if (file === '' || !this.options.open) {
      await this.zoomTo(pathOf(frame));
    } else {
      this.tip.hide();
      const refusal = await this.options.open(file, line, stay);
      if (refusal === '') {
        this.tell(frame);
      } else {
        this.say(refusal);
      }
    }
  }

  private showMenu(frame: Frame, x: number, y: number): void {
    this.tip.hide();
    this.menu.show(x, y, this.items(frame), () => {
      this.chart.focus(frame);
    });
  }

  private items(frame: Frame): Item[] {
    const { name, file } = frame.data;
    const { open, focus, focusStack, ignore } = this.options;
    const items: Item[] = [{ label: 'Zoom In', run: () => void this.zoomTo(pathOf(frame)) }];
    if (frame.depth > 0 && focus) {
      items.push({ label: 'Focus', run: () => { focus(name); } });
    }
    if (frame.depth > 1 && focusStack) {
      items.push({ label: 'Focus on This Stack', run: () => { focusStack(pathOf(frame).map(([functionName]) => functionName)); } });
    }
    if (frame.depth > 0 && ignore) {
      items.push({ label: 'Ignore', run: () => { ignore(name); } });
    }
    if (file !== '' && open) {
      items.unshift({ label: 'Open Source', run: () => void this.go(frame, false) });
    }
    return items;
  }

  private async zoomTo(path: readonly Site[]): Promise<void> {
    this.tip.hide();
    const frame = this.chart.find(path);
    this.set({ path: pathOf(frame) });
    this.chart.zoom(frame);
    this.chart.focus(frame);
    this.refresh();
    await this.complete(this.view.path);
  }

  // Asks for what was left out below a frame, once, or again if no answer came.
  private async complete(path: readonly Site[]): Promise<void> {
    const { asked } = this;
    const node = at(this.data.root, path);
    const key = JSON.stringify(path);
    if (this.options.ask === undefined || node === undefined || !hasMore(node) || path.length === 0 || asked.has(key)) {
      return;
    }
    asked.add(key);
    const part = await this.get([...path], this.turn);
    if (part === undefined) {
      asked.delete(key);
    } else if (part !== null) {
      this.data = { ...this.data, root: graft(this.data.root, path, part.root) };
      this.draw();
    }
  }

  private async renew(change: Partial<FlameView>): Promise<void> {
    this.set({ ...change, path: [] });
    const data = await this.get([], ++this.turn);
    if (data) {
      this.update(data);
    }
  }

  // null: there is none. undefined: it could not be read, or another one is wanted by now.
  private async get(path: Site[], turn: number): Promise<Flame | null | undefined> {
    const { inverted, only, search } = this.view;
    try {
      const answer = await this.options.ask?.(path, inverted, only ? search : '');
      return turn === this.turn ? answer : undefined;
    } catch {
      this.say('The rest could not be read.');
      return undefined;
    }
  }

  private draw(): void {
    this.largest = largestGrowth(this.data.root) || 1;
    this.hues.learn(ownPackages(this.data.root));
    write(this.nothing, nothing(this.data, this.view.only ? this.view.search : ''));
    this.nothing.hidden = this.nothing.textContent === '';
    this.chart.host.hidden = this.legend.hidden = !this.nothing.hidden;
    this.legend.replaceChildren(...legend(this.data, this.hues).map(listed));
    this.chart.rootOnTop = this.view.rootOnTop;
    this.chart.show(this.data.root, this.view.path);
    this.refresh();
  }

  private refresh(): void {
    this.chart.describe(this.view.inverted ? 'Allocating functions and their callers' : 'Call stacks, from the root');
    this.reset.disabled = this.view.path.length === 0;
  }

  private fill(node: Flame['root']): string {
    const [name, file] = this.options.chosen ?? [];
    if (matches(node.name, this.view.search) || (node.name === name && node.file === file)) {
      return FOUND;
    }
    return this.data.base ? growthFill(node, this.largest) : packageFill(node, this.hues);
  }

  private async find(term: string): Promise<void> {
    this.set({ search: term });
    this.chart.draw();
    this.say(this.found(term));
    if (this.view.only) {
      await this.renew({});
    }
  }

  private found(term: string): string {
    if (term === '' || !this.nothing.hidden) {
      return '';
    }
    const { frames, value } = search(this.data.root, term);
    const { unit, total } = this.data;
    const part = `${amount(value, unit)} (${share(value, total)})`;
    return frames === 0 ? `No frame shown has “${term}” in its name.` : `“${term}”: ${part} in ${frames} frame${frames === 1 ? '' : 's'}.`;
  }

  private tell(frame: Frame): void {
    const path = pathOf(frame);
    this.say(spoken(at(this.data.root, path) ?? frame.data)); // the frame may be of an earlier drawing
    this.about = path;
  }

  // The status line is about the previous data.
  private renewStatus(): void {
    const { about } = this;
    const node = about && at(this.data.root, about);
    this.say(node === undefined ? this.found(this.view.search) : spoken(node));
    this.about = node && about;
  }

  private say(words: string): void {
    this.about = undefined;
    writeTitled(this.status, words);
  }

  private set(change: Partial<FlameView>): void {
    Object.assign(this.view, change);
    this.options.keep?.({ ...this.view, path: [...this.view.path] });
  }
}

function listed({ colour, words }: Entry): HTMLElement {
  const entry = make('li', '', words);
  entry.prepend(swatch(colour));
  return entry;
}
