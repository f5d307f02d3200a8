// The flame graph: where the bytes are, by call stack.
import { Chart, frameOf } from './chart.ts';
import type { Drawn } from './chart.ts';
import type { Entry } from './colours.ts';
import { FOUND, growthFill, Hues, largestGrowth, legend, packageFill } from './colours.ts';
import type { Flame } from '../src/protocol.ts';
import type { Site } from './tree.ts';
import { button, make, onWidth, swatch, toggle, write, writeTitled } from './dom.ts';
import { Frames } from './frames.ts';
import type { Item } from './menu.ts';
import { Menu } from './menu.ts';
import { printable } from './printable.ts';
import { Tip } from './tip.ts';
import { at, cells, graft, hasMore, heading, matches, nothing, search, spoken } from './tree.ts';
import { amount, share } from './units.ts';

// What a person has chosen, to be kept while the picture is away.
export interface FlameView {
  inverted: boolean; // callers: the leaves are the root's children
  rootOnTop: boolean;
  search: string;
  only: boolean; // nothing but the stacks through what is searched for
  path: Site[]; // of the frame that is zoomed into
}

export interface FlameOptions {
  data: Flame;
  // null: there is nothing more; undefined: no answer. With a part of a name only the stacks through such functions, those too light to be drawn, too.
  ask?: (path: Site[], inverted: boolean, search: string) => Promise<Flame | null | undefined>;
  open?: (file: string, line: number, stay: boolean) => Promise<string>; // the words for a person; '' when it is open. `stay`: the picture keeps the keyboard
  focus?: (functionName: string) => void;
  focusStack?: (functionNames: string[]) => void; // from the root
  ignore?: (functionName: string) => void;
  view?: Partial<FlameView>;
  keep?: (view: FlameView) => void;
}

export interface FlameHandle {
  update(data: Flame): void; // of what `view` says
}

const SEARCH_MS = 150;
const NARROWEST = 200; // px
const STILL = 5; // px; a mouse that moved farther while pressed has not clicked

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
  private turn = 0; // goes on with each question for other data, and with the data
  private typing = 0;
  private pressed: Press | undefined; // until it is a click
  private last: Drawn | undefined; // that was clicked
  private about: readonly Site[] | undefined; // the frame that the status tells of

  private readonly heading = make('p', 'alloclens-heading');
  private readonly status = make('p', 'alloclens-status');
  private readonly nothing = make('p', 'alloclens-empty');
  private readonly legend = make('ul', 'alloclens-legend');
  private readonly reset = button('Reset Zoom', () => {
    void this.zoomTo([]);
  });
  private readonly chart: Chart;
  private readonly frames: Frames;
  private readonly menu: Menu;
  private readonly tip: Tip;

  constructor(element: HTMLElement, options: FlameOptions) {
    this.options = options;
    this.view = { inverted: false, rootOnTop: true, search: '', only: false, path: [], ...options.view };
    this.data = options.data;
    const host = make('div', 'alloclens-chart');
    const section = this.section(host);
    this.menu = new Menu(section);
    this.tip = new Tip(section);
    this.chart = new Chart(host, (cell) => this.fill(cell.node), this.tip);
    this.frames = new Frames(this.chart, {
      go: (frame) => void this.go(frame, false),
      zoom: (frame) => void this.zoom(frame),
      menu: (frame, at) => {
        const box = at.getBoundingClientRect();
        this.showMenu(frame, Math.max(box.left, 0), box.bottom);
      },
      back: () => void this.zoomTo(this.view.path.slice(0, -1)),
      selected: (frame) => {
        this.tell(frame);
      },
    });
    this.listen(host);
    element.replaceChildren(section);
    this.chart.width(Math.max(NARROWEST, host.clientWidth)); // at once: the first drawing is as wide as the page
    this.update(options.data);
    onWidth(host, (width) => {
      this.chart.width(width);
      this.refresh();
    });
  }

  update(data: Flame): void {
    this.data = data;
    this.asked = new Set();
    this.turn++;
    write(this.heading, heading(data));
    this.heading.title = printable(data.focus); // with the names in full
    this.draw();
    this.renewStatus();
    void this.complete(this.view.path);
  }

  private section(host: HTMLElement): HTMLElement {
    const section = make('section', 'alloclens-picture');
    section.setAttribute('aria-label', 'Flame graph');
    this.status.setAttribute('role', 'status');
    this.nothing.setAttribute('aria-live', 'polite');
    const bar = make('div', 'alloclens-bar');
    bar.append(this.heading, this.searchBox(), ...this.toggles(), this.reset);
    section.append(bar, this.status, this.nothing, host, this.legend, make('p', 'alloclens-help', this.help()));
    return section;
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
    const menu = [...(focus ? ['focus'] : []), ...(ignore ? ['ignore'] : [])];
    const zooms = open ? 'Click or Enter opens the source, double click or Space zooms in' : 'Click or Enter zooms in';
    const parts = [`${zooms}, Escape out; arrow keys go from frame to frame.`];
    parts.push(...(menu.length > 0 ? [`The context menu has: ${menu.join(', ')}.`] : []));
    return parts.join(' ');
  }

  private listen(host: HTMLElement): void {
    const on = (type: 'click' | 'contextmenu', act: (frame: Drawn, event: MouseEvent) => void) => {
      const listener = (event: MouseEvent) => {
        const frame = this.meant(event);
        if (frame !== undefined) {
          event.preventDefault();
          event.stopPropagation(); // the library would zoom
          act(frame, event);
        }
      };
      host.addEventListener(type, listener, { capture: true });
    };
    host.addEventListener('pointerdown', (event) => {
      const frame = under(event);
      this.pressed = frame && { frame, x: event.clientX, y: event.clientY };
    }, { capture: true });
    on('click', (frame, event) => {
      this.clicked(frame, event);
    });
    on('contextmenu', (frame, event) => {
      this.frames.focus(frame);
      this.showMenu(frame, event.clientX, event.clientY);
    });
  }

  // The frame that was pressed: by now another one may be there.
  private meant(event: MouseEvent): Drawn | undefined {
    const { pressed } = this;
    this.pressed = undefined;
    const same = pressed !== undefined && Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) <= STILL;
    return same ? pressed.frame : under(event);
  }

  // The first click of a double click may have moved the frames: it zooms into what that was on.
  private clicked(frame: Drawn, event: MouseEvent): void {
    if (event.detail > 1) {
      void this.zoom(this.last ?? frame);
    } else {
      this.last = frame;
      this.frames.focus(frame);
      void this.go(frame, true);
    }
  }

  // To the source; where there is none, into the frame.
  private async go(frame: Drawn, stay: boolean): Promise<void> {
    const { file, line } = frame.data.node;
    if (file === '' || !this.options.open) {
      await this.zoom(frame);
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

  private showMenu(frame: Drawn, x: number, y: number): void {
    this.tip.hide();
    this.menu.show(x, y, this.items(frame), () => {
      this.frames.focus(frame);
    });
  }

  private items(frame: Drawn): Item[] {
    const { name, file } = frame.data.node;
    const { open, focus, focusStack, ignore } = this.options;
    const items: Item[] = [{ label: 'Zoom In', run: () => void this.zoom(frame) }];
    if (frame.depth > 0 && focus) {
      items.push({ label: 'Focus', run: () => { focus(name); } });
    }
    if (frame.depth > 1 && focusStack) {
      items.push({ label: 'Focus on This Stack', run: () => { focusStack(frame.data.path.map(([functionName]) => functionName)); } });
    }
    if (frame.depth > 0 && ignore) {
      items.push({ label: 'Ignore', run: () => { ignore(name); } });
    }
    if (file !== '' && open) {
      items.unshift({ label: 'Open Source', run: () => void this.go(frame, false) });
    }
    return items;
  }

  private async zoom(frame: Drawn): Promise<void> {
    this.tip.hide();
    const there = this.chart.find(frame.data.path) ?? frame; // it may be of a drawing before
    this.set({ path: [...there.data.path] });
    this.chart.zoom(there);
    this.frames.focus(there);
    this.refresh();
    await this.complete(this.view.path);
  }

  private async zoomTo(path: readonly Site[]): Promise<void> {
    const frame = this.chart.find(path);
    if (frame !== undefined) {
      await this.zoom(frame);
    }
  }

  // Asks for what was left out below a frame: once, unless no answer came.
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

  // null: there is none. undefined: it could not be read, or by now another one is wanted.
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
    this.hues.learn(this.data.root);
    write(this.nothing, nothing(this.data, this.view.only ? this.view.search : ''));
    this.nothing.hidden = this.nothing.textContent === '';
    this.chart.host.hidden = this.legend.hidden = !this.nothing.hidden;
    this.legend.replaceChildren(...legend(this.data, this.hues).map(listed));
    this.chart.draw(cells(this.data.root), this.view.path, this.view.rootOnTop);
    this.refresh();
  }

  private refresh(): void {
    const { inverted, rootOnTop, path } = this.view;
    this.frames.refresh(inverted ? 'Allocating functions and their callers' : 'Call stacks, from the root', rootOnTop);
    this.reset.disabled = path.length === 0;
  }

  private fill(node: Flame['root']): string {
    if (matches(node.name, this.view.search)) {
      return FOUND;
    }
    return this.data.base ? growthFill(node, this.largest) : packageFill(node, this.hues);
  }

  private async find(term: string): Promise<void> {
    this.set({ search: term });
    this.mark();
    if (this.view.only) {
      await this.renew({});
    }
  }

  private mark(): void {
    const term = this.view.search;
    this.chart.again();
    this.refresh();
    this.say(this.found(term));
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

  private tell(frame: Drawn): void {
    this.say(spoken(at(this.data.root, frame.data.path) ?? frame.data.node)); // it may be of a drawing before
    this.about = frame.data.path;
  }

  // What was said is of the data before.
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

interface Press {
  frame: Drawn;
  x: number; // px
  y: number;
}

function under(event: Event): Drawn | undefined {
  const element = (event.target as Element).closest('g.frame');
  return element === null ? undefined : frameOf(element);
}

function listed({ colour, words }: Entry): HTMLElement {
  const entry = make('li', '', words);
  entry.prepend(swatch(colour));
  return entry;
}
