// uPlot with our series: lines, restarts, base and head, and a stretch that can be drawn with the mouse.
import uPlot from 'uplot';
import type { Timeline, TimelinePoint } from '../src/protocol.ts';
import { onTheme, onWidth } from './dom.ts';
import { printable } from './printable.ts';
import type { Ends } from './series.ts';
import { gaps, restarts, ticks } from './series.ts';
import { amount } from './units.ts';

const HEIGHT = 280; // px
const BYTE_STEPS = Array.from({ length: 53 }, (_, i) => 2 ** i); // of an axis: 1MB, 2MB, 4MB …
const WORD = 34; // px; room for "base" or "head"
const RESTART = 46; // px; room for "restart"
const TIMES = 32; // px; the height of the times below the plot
const STROKE = 2; // px; of a line
const ROW = 14; // px; of words above the plot
const MOST_DOTS = 60; // of a line; more of them would be a thicker line
const SHORTEST = 6; // px; a shorter stretch is a click

export interface Line {
  label: string;
  colour: string; // a variable of pictures.css
  values: (number | null)[];
  dashed: boolean;
}

interface Mark {
  word: string;
  colour: string;
  dash: number[]; // px
  align: CanvasTextAlign;
  row: number; // from the plot upwards
}

export interface PlotEvents {
  brushed: ((from: number, to: number) => void) | undefined; // seconds since 1970
  pointed: (index: number | null) => void;
}

export class Plot {
  private readonly plot: uPlot;
  private readonly host: HTMLElement;
  private readonly data: Timeline;
  private readonly followed: (() => void)[]; // what ends it
  private ends: Ends;

  constructor(host: HTMLElement, data: Timeline, lines: readonly Line[], ends: Ends, events: PlotEvents) {
    this.host = host;
    this.data = data;
    this.ends = ends;
    const columns = [data.points.map((point) => point.time), ...lines.map((line) => line.values)];
    this.plot = new uPlot(this.options(lines, events), columns as uPlot.AlignedData, host);
    this.plot.ctx.canvas.setAttribute('role', 'img');
    const width = onWidth(host, (width) => {
      this.plot.setSize({ width, height: HEIGHT });
    });
    const theme = onTheme(() => {
      this.plot.redraw(false, true);
    });
    this.followed = [width, theme];
  }

  describe(words: string): void {
    this.plot.ctx.canvas.setAttribute('aria-label', printable(words));
  }

  mark(ends: Ends): void {
    this.ends = ends;
    this.plot.redraw(false);
  }

  destroy(): void {
    this.followed.forEach((end) => { end(); });
    this.plot.destroy();
  }

  private options(lines: readonly Line[], events: PlotEvents): uPlot.Options {
    return {
      width: Math.max(200, this.host.clientWidth),
      height: HEIGHT,
      padding: [2 * ROW + 4, WORD, null, null],
      legend: { show: false },
      scales: { x: { range: () => someTime(this.data.points) }, y: { range: fromZero } },
      series: [{}, ...lines.map((line) => this.series(line))],
      axes: this.axes(),
      cursor: {
        y: false,
        points: { fill: (_, i) => this.colour(lines[i - 1]?.colour ?? '--alloclens-fg') },
        drag: { x: events.brushed !== undefined, y: false, setScale: false, dist: SHORTEST },
      },
      hooks: {
        drawAxes: [this.band],
        draw: [this.marks],
        setCursor: [(plot) => { events.pointed(plot.cursor.idx ?? null); }],
        setSelect: [(plot) => { this.selected(plot, events); }],
      },
    };
  }

  private series({ label, colour, values, dashed }: Line): uPlot.Series {
    return {
      label,
      scale: 'y',
      stroke: () => this.colour(colour),
      width: STROKE,
      dash: dashed ? [6, 4] : [],
      points: { show: values.length <= MOST_DOTS, fill: () => this.colour('--alloclens-bg') },
      gaps: (plot) => gaps(this.data.points, (i) => this.x(plot, i), STROKE * devicePixelRatio),
    };
  }

  private axes(): uPlot.Axis[] {
    const look = { stroke: () => this.colour('--alloclens-fg'), font: this.font(), grid: { stroke: () => this.colour('--alloclens-grid'), width: 1 } };
    const words = (_: uPlot, values: number[]) => values.map((value) => amount(value, this.data.unit));
    const time = (plot: uPlot, values: number[]) => {
      const shown = within(plot, values);
      return ticks(shown, (shown.at(-1) ?? 0) - (shown[0] ?? 0));
    };
    const times = { ...look.grid, filter: within };
    const steps = this.data.unit === 'bytes' ? { incrs: BYTE_STEPS } : {};
    return [
      { ...look, size: TIMES, space: 80, values: time, grid: times, ticks: times },
      { ...look, ...steps, scale: 'y', size: 70, values: words, ticks: look.grid },
    ];
  }

  private font(): string {
    return `12px ${getComputedStyle(this.host).fontFamily}`;
  }

  private colour(name: string): string {
    return getComputedStyle(this.host).getPropertyValue(name);
  }

  // What lies between base and head, behind the lines.
  private readonly band = (plot: uPlot): void => {
    const [from, to] = [this.x(plot, this.ends.base), this.x(plot, this.ends.head)];
    plot.ctx.save();
    plot.ctx.fillStyle = this.colour('--alloclens-band');
    plot.ctx.fillRect(from, plot.bbox.top, to - from, plot.bbox.height);
    plot.ctx.restore();
  };

  private readonly marks = (plot: uPlot): void => {
    const { base, head } = this.ends;
    const [left, right] = base <= head ? [base, head] : [head, base]; // a base may be newer
    const close = this.x(plot, right) - this.x(plot, left) < 3 * WORD * devicePixelRatio;
    const sides: [at: number, align: CanvasTextAlign][] = [[left, close ? 'right' : 'left'], [right, close ? 'left' : 'right']];
    plot.ctx.save();
    let free = -Infinity;
    for (const i of restarts(this.data.points)) {
      const x = this.x(plot, i);
      const word = x >= free ? 'restart' : '';
      free = word === '' ? free : x + RESTART * devicePixelRatio;
      this.drawMark(plot, i, { word, colour: '--alloclens-restart', dash: [4, 4], align: 'center', row: 1 });
    }
    const words = base <= head ? ['base', 'head'] : ['head', 'base'];
    sides.forEach(([at, align], i) => { this.drawMark(plot, at, { word: words[i] ?? '', colour: '--alloclens-fg', dash: [], align, row: 0 }); });
    plot.ctx.restore();
  };

  private drawMark(plot: uPlot, index: number, { word, colour, dash, align, row }: Mark): void {
    const { ctx, bbox } = plot;
    const [x, dots] = [Math.round(this.x(plot, index)), devicePixelRatio];
    ctx.strokeStyle = ctx.fillStyle = this.colour(colour);
    ctx.lineWidth = dots;
    ctx.setLineDash(dash.map((length) => length * dots));
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.font = this.font().replace('12px', `${11 * dots}px`);
    ctx.textBaseline = 'bottom';
    ctx.textAlign = align;
    ctx.fillText(word, x, bbox.top - (2 + row * ROW) * dots);
  }

  private x(plot: uPlot, index: number): number {
    return plot.valToPos(this.data.points[index]?.time ?? 0, 'x', true);
  }

  private selected(plot: uPlot, { brushed }: PlotEvents): void {
    const { left, width } = plot.select;
    if (width >= SHORTEST) {
      brushed?.(plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x'));
      plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    }
  }
}

// The library's first time may be later than all that is drawn.
function within({ scales }: uPlot, times: number[]): number[] {
  return times.filter((time) => time <= (scales.x?.max ?? time));
}

// Snapshots of one second get a minute around them: for an empty span, the axis would show years.
function someTime(points: readonly TimelinePoint[]): [number, number] {
  const [first, last] = [points[0]?.time ?? 0, points.at(-1)?.time ?? 0];
  return first < last ? [first, last] : [first - 30, last + 30];
}

function fromZero(_: uPlot, least: number | null, most: number | null): [number, number] {
  const [low, high] = [Math.min(0, least ?? 0), Math.max(0, most ?? 0)];
  return [low * 1.08, high === low ? 1 : high * 1.08];
}
