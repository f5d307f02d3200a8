// The timeline: what is in use, snapshot by snapshot; where processes began; and the choice of base and head.
import type { Timeline, TimelinePoint } from '../src/protocol.ts';
import { make, newId, swatch, write, writeTitled } from './dom.ts';
import type { Line } from './plot.ts';
import { Plot } from './plot.ts';
import { printable } from './printable.ts';
import type { Ends } from './series.ts';
import { clock, heading, moved, sampled, shownEnds, still, stretch, summary } from './series.ts';
import { amount } from './units.ts';

export interface TimelineOptions {
  data: Timeline;
  choose?: (baseName: string, headName: string) => void;
}

export interface TimelineHandle {
  update(data: Timeline): void;
}

const MOST_ROWS = 50; // of the table
const MEMSTAT_COLOURS = 4;
const SETTLED_MS = 500; // a slider that is moved by keys stands still for so long

export function timeline(element: HTMLElement, options: TimelineOptions): TimelineHandle {
  return new Picture(element, options);
}

class Picture implements TimelineHandle {
  private readonly options: TimelineOptions;
  private data: Timeline;
  private ends: Ends;
  private plot: Plot | undefined;
  private chose = false; // the status says base and head
  private settling = 0; // the timer; 0: nothing is about to be chosen

  private readonly heading = make('p', 'alloclens-heading');
  private readonly status = make('p', 'alloclens-status');
  private readonly pointed = make('p', 'alloclens-pointed');
  private readonly host = make('div', 'alloclens-plot');
  private readonly legend = make('ul', 'alloclens-legend');
  private readonly sliders = make('div', 'alloclens-sliders');
  private readonly base = this.slider('base', 'Base');
  private readonly head = this.slider('head', 'Head');
  private readonly table = make('table');

  constructor(element: HTMLElement, options: TimelineOptions) {
    this.options = options;
    this.data = options.data;
    this.ends = shownEnds(options.data.points);
    this.status.setAttribute('role', 'status');
    this.pointed.setAttribute('aria-hidden', 'true'); // the table has the same numbers
    const section = make('section', 'alloclens-picture');
    section.setAttribute('aria-label', 'Timeline');
    const bar = make('div', 'alloclens-bar');
    bar.append(this.heading);
    const hidden = make('div', 'alloclens-hidden'); // a table itself is never narrower than its words
    hidden.append(this.table);
    const said = make('div', 'alloclens-said');
    said.append(this.pointed, this.status);
    section.append(bar, this.host, said, this.legend, this.sliders, hidden);
    element.replaceChildren(section);
    this.update(options.data);
  }

  // What a person is choosing stays as long as it is there.
  update(data: Timeline): void {
    const choosing = this.settling === 0 ? undefined : still(this.ends, this.data.points, data.points);
    if (choosing === undefined) {
      this.settled();
    }
    this.data = data;
    this.ends = choosing ?? shownEnds(data.points);
    write(this.heading, heading(data));
    this.redraw();
    this.offer();
    this.say([this.chose ? this.chosenWords() : '', data.withoutLine].filter((words) => words !== '').join(' '));
    const lines = linesOf(data);
    this.legend.replaceChildren(...lines.map(entry));
    this.table.replaceChildren(...rows(data, lines));
  }

  private redraw(): void {
    this.plot?.destroy();
    this.plot = undefined;
    const { points } = this.data;
    this.host.replaceChildren();
    this.pointed.textContent = '';
    this.pointed.hidden = this.legend.hidden = points.length < 2;
    if (points.length < 2) {
      this.host.append(make('p', 'alloclens-empty', `${summary(this.data)} A line needs two snapshots.`));
    } else {
      this.plot = new Plot(this.host, this.data, linesOf(this.data), this.ends, {
        brushed: this.options.choose && ((from, to) => { this.brushed(from, to); }),
        pointed: (index) => { this.point(index); },
      });
      this.plot.describe(summary(this.data));
    }
  }

  private offer(): void {
    const { points } = this.data;
    this.sliders.hidden = this.options.choose === undefined || points.length < 2;
    for (const input of [this.base, this.head]) {
      input.max = String(points.length - 1);
    }
    this.showEnds();
  }

  private slider(end: keyof Ends, word: string): HTMLInputElement {
    const input = make('input', 'alloclens-slider');
    const label = make('label', '', word);
    const value = make('span', 'alloclens-value');
    input.type = 'range';
    input.id = label.htmlFor = newId();
    value.setAttribute('aria-hidden', 'true'); // the slider's own text says it
    input.addEventListener('input', () => {
      this.ends = moved(this.ends, end, Number(input.value), this.data.points.length);
      this.showEnds();
      this.settle();
    });
    this.sliders.append(label, input, value);
    return input;
  }

  private showEnds(): void {
    for (const [input, index] of [[this.base, this.ends.base], [this.head, this.ends.head]] as const) {
      const words = this.words(this.data.points[index]);
      input.value = String(index);
      input.setAttribute('aria-valuetext', printable(words));
      if (input.nextElementSibling !== null) {
        write(input.nextElementSibling, words);
      }
    }
    this.plot?.mark(this.ends);
  }

  // Each step of a slider would be a comparison of its own.
  private settle(): void {
    window.clearTimeout(this.settling);
    this.settling = window.setTimeout(() => {
      this.chosen(this.ends);
    }, SETTLED_MS);
  }

  private settled(): void {
    window.clearTimeout(this.settling);
    this.settling = 0;
  }

  private brushed(from: number, to: number): void {
    const ends = stretch(this.data.points, from, to);
    if (ends === undefined) {
      this.chose = false;
      this.say('Both ends are nearest to the same snapshot: draw a longer stretch.');
      return;
    }
    this.ends = ends;
    this.showEnds();
    this.chosen(ends);
  }

  private chosen({ base, head }: Ends): void {
    this.settled();
    const [from, to] = [this.data.points[base], this.data.points[head]];
    if (from !== undefined && to !== undefined) {
      this.chose = true;
      this.say(this.chosenWords());
      this.options.choose?.(from.name, to.name);
    }
  }

  private chosenWords(): string {
    const [from, to] = [this.data.points[this.ends.base], this.data.points[this.ends.head]];
    return from === undefined || to === undefined ? '' : `Base ${from.name}, head ${to.name}.`;
  }

  private say(words: string): void {
    writeTitled(this.status, words);
  }

  private point(index: number | null): void {
    const point = index === null ? undefined : this.data.points[index];
    if (this.data.points.length > 1) {
      const { line, unit } = this.data;
      const own = index === null ? null : line?.values[index];
      const more = own === null || own === undefined ? '' : ` · ${line?.label ?? ''} ${amount(own, unit)}`;
      write(this.pointed, point === undefined ? '' : `${this.words(point)}${more}`);
    }
  }

  private words(point: TimelinePoint | undefined): string {
    return point === undefined ? '' : `${point.name} · ${clock(point.time)} · ${amount(point.value, this.data.unit)}`;
  }
}

function linesOf({ points, sampleType, memstats, line }: Timeline): Line[] {
  const values = points.map((point) => point.value);
  const total = { label: `${sampleType}, total`, colour: '--alloclens-total', values, dashed: false };
  const stats = memstats.map((stat, i) => {
    const colour = `--alloclens-stat-${i % MEMSTAT_COLOURS}`;
    return { label: `${stat.name} (dashed)`, colour, values: stat.values, dashed: true };
  });
  const own = line === null ? [] : [{ label: line.label, colour: '--alloclens-line', values: line.values, dashed: false }];
  return [total, ...stats, ...own];
}

function entry({ label, colour }: Line): HTMLElement {
  const made = make('li', '', label);
  made.prepend(swatch(`var(${colour})`));
  return made;
}

function rows({ points, unit }: Timeline, lines: readonly Line[]): HTMLElement[] {
  const kept = sampled(points, MOST_ROWS);
  const some = kept.length < points.length ? `${kept.length} of ${points.length} snapshots` : 'All snapshots';
  const header = row('th', ['Snapshot', 'Time', ...lines.map((line) => line.label), 'What it is']);
  const words = (i: number) => lines.map(({ values }) => (typeof values[i] === 'number' ? amount(values[i], unit) : 'unknown'));
  const body = kept.flatMap((i) => {
    const point = points[i];
    return point === undefined ? [] : [row('td', [point.name, clock(point.time), ...words(i), roles(point).join(', ')])];
  });
  const [head, rest] = [make('thead'), make('tbody')];
  head.append(header);
  rest.append(...body);
  return [make('caption', '', some), head, rest];
}

function roles(point: TimelinePoint): string[] {
  return [...(point.begins ? ['a process begins'] : []), ...(point.base ? ['base'] : []), ...(point.head ? ['head'] : [])];
}

function row(tag: 'td' | 'th', texts: string[]): HTMLElement {
  const made = make('tr');
  made.append(...texts.map((text) => make(tag, '', text)));
  if (tag === 'th') {
    made.querySelectorAll('th').forEach((cell) => { cell.scope = 'col'; });
  }
  return made;
}
