// The call graph, as pprof's web view draws it: functions as boxes sized by flat, calls as arrows as thick as their weight.
import type { Graph, GraphOptions } from '../src/protocol.ts';
import type { Entry } from './colours.ts';
import { GREY, Hues, nodeFill, significant } from './colours.ts';
import { button, make, onWidth, setAttributes, svg, swatch, toggle, write, writeTitled } from './dom.ts';
import type { Exports } from './export.ts';
import { exportButton } from './export.ts';
import type { Arrow, Box } from './graph-layout.ts';
import { firstToSee, layoutGraph, pathThrough } from './graph-layout.ts';
import { Menu } from './menu.ts';
import { packageOf, shortName } from './packages.ts';
import { printable } from './printable.ts';
import { drawnOf, spoken } from './tree.ts';

export interface GraphView extends Required<GraphOptions> {
  plain: boolean; // coloured by package
  scale: number; // 0: as large as it fits, if it can be read then
}

export interface CallGraphOptions extends Exports {
  data: Graph;
  ask?: (options: GraphOptions) => Promise<Graph | null | undefined>; // null: there is no profile; undefined: no answer
  open?: (file: string, line: number, stay: boolean) => Promise<string>; // why it could not be opened, or ''
  sandwich?: (name: string, file: string) => void;
  view?: Partial<GraphView>;
  keep?: (view: GraphView) => void;
}

export interface GraphHandle {
  update(data: Graph): void; // as `view` asks for
}

const DEFAULTS: GraphView = { nodeFraction: 0.005, edgeFraction: 0.001, nodeCount: 80, through: '', plain: false, scale: 0 };
const ZOOM = 1.25;
const [LEAST_SCALE, MOST_SCALE] = [0.1, 4];
const READABLE_SCALE = 0.5; // what is larger is scrolled to its heaviest function

export function graph(element: HTMLElement, options: CallGraphOptions): GraphHandle {
  return new CallGraph(element, options);
}

class CallGraph implements GraphHandle {
  private readonly options: CallGraphOptions;
  private readonly view: GraphView;
  private readonly hues = new Hues();
  private data: Graph;
  private turn = 0;
  private current = 0; // the node that Tab goes to
  private groups: SVGGElement[] = [];

  private readonly heading = make('p', 'alloclens-heading');
  private readonly status = make('p', 'alloclens-status');
  private readonly host = make('div', 'alloclens-graph');
  private readonly picture = svg('svg', { role: 'group' });
  private readonly legend = make('ul', 'alloclens-legend');
  private readonly all = button('All Functions', () => void this.renew({ through: '' }));
  private readonly menu: Menu;

  constructor(element: HTMLElement, options: CallGraphOptions) {
    this.options = options;
    this.view = { ...DEFAULTS, ...options.view };
    this.data = options.data;
    const section = make('section', 'alloclens-picture');
    section.setAttribute('aria-label', 'Call graph');
    this.menu = new Menu(section);
    this.status.setAttribute('role', 'status');
    this.host.append(this.picture);
    const bar = make('div', 'alloclens-bar');
    bar.append(this.heading, ...this.limits(), ...this.buttons());
    section.append(bar, this.status, this.host, this.legend, make('p', 'alloclens-help', this.help()));
    element.replaceChildren(section);
    this.listen();
    this.update(options.data);
    onWidth(this.host, () => { this.resize(); });
  }

  update(data: Graph): void {
    this.data = data;
    this.turn++;
    this.current = 0;
    const { functions, nodes, totalLabel, through } = data;
    const left = functions > nodes.length ? [`${nodes.length} of ${functions} functions`] : [];
    const only = through === '' ? [] : [`only through ${shortName(through)}`];
    write(this.heading, drawnOf(data, totalLabel, [...only, ...left]));
    this.all.hidden = through === '';
    this.draw();
  }

  private limits(): HTMLElement[] {
    if (!this.options.ask) {
      return [];
    }
    return [
      this.limit('Functions from %', 100 * this.view.nodeFraction, 100, (value) => ({ nodeFraction: value / 100 })),
      this.limit('Calls from %', 100 * this.view.edgeFraction, 100, (value) => ({ edgeFraction: value / 100 })),
      this.limit('At most', this.view.nodeCount, 120, (value) => ({ nodeCount: Math.max(1, Math.round(value)) })),
    ];
  }

  private limit(words: string, value: number, most: number, change: (value: number) => Partial<GraphView>): HTMLElement {
    const label = make('label', 'alloclens-label', words);
    const box = make('input', 'alloclens-input alloclens-number');
    setAttributes(box, { type: 'number', min: 0, max: most, step: 'any' });
    box.value = String(Math.round(1000 * value) / 1000);
    box.addEventListener('change', () => {
      const given = Number(box.value);
      if (box.value !== '' && given >= 0 && given <= most) {
        void this.renew(change(given));
      }
    });
    label.append(box);
    return label;
  }

  private buttons(): HTMLElement[] {
    const plain = toggle('Plain Colours', this.view.plain, (pressed) => {
      this.set({ plain: pressed });
      this.draw();
    });
    plain.title = 'By package, without growth';
    const zooms = [['−', 1 / ZOOM, 'Zoom Out'], ['+', ZOOM, 'Zoom In']] as const;
    const zoom = zooms.map(([sign, factor, words]) => {
      const made = button(sign, () => { this.zoom(this.scale * factor); });
      made.setAttribute('aria-label', words);
      return made;
    });
    const fit = button('Fit', () => { this.zoom(this.host.clientWidth / this.width); });
    const exports = exportButton(this.menu, this.options, 'call-graph', () => this.picture, () => this.heading.textContent);
    return [plain, ...zoom, fit, this.all, ...exports];
  }

  private help(): string {
    const focus = this.options.ask ? 'Click or Enter keeps only the samples through a function. ' : '';
    const menu = this.options.open ? 'The context menu opens the source. ' : '';
    return `${focus}${menu}Arrow keys go from function to function. Dashed arrows pass functions that are left out.`;
  }

  private width = 1;
  private height = 1;
  private scale = 1; // as drawn
  private shown: string | undefined; // what was last scrolled to: a new snapshot does not move the picture

  private draw(): void {
    const { data } = this;
    const placed = layoutGraph(data);
    [this.width, this.height] = [placed.width, placed.height];
    const packages = this.packages();
    this.hues.learn(packages);
    const largest = data.nodes.reduce((most, node) => Math.max(most, Math.abs(significant(node))), 0);
    const arrows = placed.arrows.flatMap((arrow) => drawArrow(arrow));
    this.groups = placed.boxes.map((box) => this.drawBox(box, nodeFill(box.node, data, largest, this.view.plain ? this.hues : undefined)));
    this.picture.replaceChildren(...arrows, ...this.groups);
    this.picture.setAttribute('aria-label', `Call graph of ${printable(data.totalLabel)}, ${data.nodes.length} functions`);
    this.legend.replaceChildren(...this.entries(packages).map(listed));
    this.groups[this.current]?.setAttribute('tabindex', '0');
    this.resize();
    if (this.shown !== data.through) {
      this.shown = data.through;
      this.showHeaviest();
    }
    writeTitled(this.status, data.nodes.length === 0 ? 'No function is heavy enough to be drawn.' : '');
  }

  private drawBox({ node, number, lines, font, x, y, width, height }: Box, fill: string): SVGGElement {
    const group = svg('g', {
      class: node.verdict === '' ? 'node' : 'node marked',
      role: 'button',
      tabindex: -1,
      transform: `translate(${(x - width / 2).toFixed(1)}, ${(y - height / 2).toFixed(1)})`,
      'data-name': printable(node.name),
      'data-number': number,
      'aria-label': printable(lines.join(' ')), // as it is seen; the status line says all
    });
    const texts = lines.map((line, i) => {
      const text = svg('text', { x: width / 2, y: 6 + font * (1 + 1.3 * i), 'font-size': font, 'text-anchor': 'middle' });
      write(text, line);
      return text;
    });
    group.append(svg('rect', { width, height, rx: 3, fill }), ...texts.flatMap((text) => [text, ' '])); // as words apart, as in the label
    return group;
  }

  private entries(packages: readonly string[]): Entry[] {
    if (this.view.plain) {
      return [...packages.slice(0, 6).map((name) => ({ colour: this.hues.colour(name), words: name })), { colour: GREY, words: 'not your own code' }];
    }
    return this.data.base
      ? [
          { colour: 'var(--alloclens-grew-3)', words: 'grew since the base' },
          { colour: 'var(--alloclens-shrank-3)', words: 'shrank' },
          { colour: GREY, words: 'no change, or one that may be noise' },
        ]
      : [{ colour: 'var(--alloclens-grew-3)', words: 'more than 30 % of the total (cum)' }, { colour: 'var(--alloclens-grew-1)', words: 'more than 0.5 %' }];
  }

  private packages(): string[] {
    const own = [...this.data.nodes].filter((node) => node.own).sort((a, b) => b.cum - a.cum);
    return [...new Set(own.map(({ name, file }) => packageOf(name, file)))];
  }

  private listen(): void {
    const numberOf = (event: Event) => {
      const group = (event.target as Element).closest('g.node');
      return group === null ? undefined : Number(group.getAttribute('data-number'));
    };
    this.picture.addEventListener('click', (event) => {
      const number = numberOf(event);
      if (number !== undefined) {
        this.select(number);
        void this.through(number);
      }
    });
    this.picture.addEventListener('contextmenu', (event) => {
      const number = numberOf(event);
      if (number !== undefined) {
        event.preventDefault();
        this.showMenu(number, event.clientX, event.clientY);
      }
    });
    this.picture.addEventListener('focusin', (event) => {
      this.current = numberOf(event) ?? this.current;
      this.tell(numberOf(event));
    });
    this.picture.addEventListener('mouseover', (event) => {
      this.tell(numberOf(event));
    });
    this.picture.addEventListener('keydown', (event) => {
      const number = numberOf(event);
      if (number !== undefined && this.key(event, number)) {
        event.preventDefault();
      }
    });
  }

  // Shows all about a function, whose name and place may not fit into its box.
  private tell(number: number | undefined): void {
    const node = this.data.nodes[number ?? -1];
    if (node !== undefined) {
      const place = node.file === '' ? '' : `, ${node.file}:${node.line}`;
      writeTitled(this.status, spoken({ ...node, label: `flat ${node.flatLabel}, cum ${node.cumLabel}` }) + place);
    }
  }

  private key({ key, shiftKey }: KeyboardEvent, number: number): boolean {
    const last = this.groups.length - 1;
    const steps: Record<string, number> = { ArrowRight: number + 1, ArrowDown: number + 1, ArrowLeft: number - 1, ArrowUp: number - 1, Home: 0, End: last };
    const to = steps[key];
    if (to !== undefined) {
      this.select(Math.min(Math.max(to, 0), last));
    } else if (key === 'Enter' || key === ' ') {
      void this.through(number);
    } else if (key === 'ContextMenu' || (key === 'F10' && shiftKey)) {
      const box = this.groups[number]?.getBoundingClientRect();
      this.showMenu(number, box?.left ?? 0, box?.bottom ?? 0);
    } else if (key === 'Escape' && this.data.through !== '') {
      void this.renew({ through: '' });
    } else {
      return false;
    }
    return true;
  }

  private select(number: number): void {
    this.groups[this.current]?.setAttribute('tabindex', '-1');
    this.groups[number]?.setAttribute('tabindex', '0');
    this.groups[number]?.focus();
  }

  private showMenu(number: number, x: number, y: number): void {
    const node = this.data.nodes[number];
    const { open, sandwich, ask } = this.options;
    if (node === undefined) {
      return;
    }
    const { name, file, line } = node;
    const items = [
      ...(open && file !== '' ? [{ label: 'Open Source', run: () => void open(file, line, false).then((why) => { writeTitled(this.status, why); }) }] : []),
      ...(ask ? [{ label: 'Only Through This', run: () => void this.through(number) }] : []),
      ...(sandwich ? [{ label: 'Callers and Callees', run: () => { sandwich(name, file); } }] : []),
    ];
    if (items.length > 0) {
      this.menu.show(x, y, items, () => { this.select(number); });
    }
  }

  private async through(number: number): Promise<void> {
    const name = this.data.nodes[number]?.name;
    if (name !== undefined) {
      await this.renew({ through: name === this.view.through ? '' : name });
    }
  }

  private async renew(change: Partial<GraphView>): Promise<void> {
    if (!this.options.ask) {
      return;
    }
    this.set(change);
    const mine = ++this.turn;
    const { nodeFraction, edgeFraction, nodeCount, through } = this.view;
    const data = await this.options.ask({ nodeFraction, edgeFraction, nodeCount, through });
    if (data && mine === this.turn) {
      const focused = this.picture.contains(document.activeElement);
      this.update(data);
      const number = Math.max(0, data.nodes.findIndex(({ name }) => name === through));
      if (focused) {
        this.select(number);
      }
    }
  }

  private zoom(scale: number): void {
    this.set({ scale: Math.min(Math.max(scale, LEAST_SCALE), MOST_SCALE) });
    this.resize();
  }

  private resize(): void {
    const { width, height } = this;
    const fitting = Math.min(1, Math.max(this.host.clientWidth / width, READABLE_SCALE));
    this.scale = this.view.scale === 0 ? fitting : this.view.scale;
    setAttributes(this.picture, { viewBox: `0 0 ${width} ${height}`, width: Math.round(width * this.scale), height: Math.round(height * this.scale) });
  }

  // Scrolls a picture that is too large.
  private showHeaviest(): void {
    const box = this.groups[firstToSee(this.data.nodes)]?.getBoundingClientRect();
    if (box !== undefined) {
      const host = this.host.getBoundingClientRect();
      this.host.scrollBy(box.left + box.width / 2 - host.left - host.width / 2, box.top + box.height / 2 - host.top - host.height / 2);
    }
  }

  private set(change: Partial<GraphView>): void {
    Object.assign(this.view, change);
    this.options.keep?.({ ...this.view });
  }
}

function drawArrow({ points, label, share, residual }: Arrow): SVGElement[] {
  const end = points.at(-1);
  const before = points.at(-2) ?? end;
  const middle = points[Math.floor(points.length / 2)];
  if (end === undefined || before === undefined || middle === undefined) {
    return [];
  }
  const line = svg('path', { class: residual ? 'edge residual' : 'edge', d: pathThrough(points), 'stroke-width': (1 + 5 * share).toFixed(2) });
  const angle = (Math.atan2(end.y - before.y, end.x - before.x) * 180) / Math.PI;
  const head = svg('path', { class: 'head', d: 'M 0 0 L -7 -3.5 L -7 3.5 Z', transform: `translate(${end.x}, ${end.y}) rotate(${angle.toFixed(1)}) scale(${(1 + share).toFixed(2)})` });
  const words = svg('text', { class: 'weight', x: middle.x + 4, y: middle.y, 'font-size': 9 });
  write(words, label);
  return [line, head, words];
}

function listed({ colour, words }: Entry): HTMLElement {
  const entry = make('li', '', words);
  entry.prepend(swatch(colour));
  return entry;
}
