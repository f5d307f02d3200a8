// The drawn frames as a tree that a keyboard and a screen reader can go through: one of them at a time takes the focus.
import type { Chart, Drawn } from './chart.ts';
import { frameOf } from './chart.ts';
import { direction, step } from './keyboard.ts';
import { printable } from './printable.ts';
import { spoken } from './tree.ts';

export interface Actions {
  go: (frame: Drawn) => void;
  zoom: (frame: Drawn) => void;
  menu: (frame: Drawn, element: Element) => void;
  back: () => void;
  selected: (frame: Drawn) => void;
}

export class Frames {
  private readonly chart: Chart;
  private readonly actions: Actions;
  private elements = new Map<string, SVGGElement>();
  private current = '';

  constructor(chart: Chart, actions: Actions) {
    this.chart = chart;
    this.actions = actions;
    chart.host.addEventListener('keydown', (event) => {
      this.key(event);
    });
    chart.host.addEventListener('focusin', (event) => {
      this.focused(event.target as Element);
    });
  }

  // After each drawing: the library knows nothing of roles.
  refresh(label: string, rootOnTop: boolean): void {
    const focus = this.chart.host.contains(document.activeElement);
    const svg = this.chart.host.querySelector('svg');
    svg?.setAttribute('role', 'tree');
    svg?.setAttribute('aria-label', label);
    this.chart.host.dataset.rootOnTop = String(rootOnTop);
    this.elements = new Map(this.chart.elements().map((element) => [frameOf(element).data.key, element]));
    for (const element of this.elements.values()) {
      describe(element);
    }
    this.choose(this.elements.has(this.current) ? this.current : '', focus);
  }

  focus(frame: Drawn): void {
    this.choose(frame.data.key, true);
  }

  private choose(key: string, focus: boolean): void {
    this.elements.get(this.current)?.setAttribute('tabindex', '-1');
    this.current = key;
    const element = this.elements.get(key);
    element?.setAttribute('tabindex', '0');
    if (focus && element !== document.activeElement) {
      element?.focus({ preventScroll: false });
    }
  }

  private focused(target: Element): void {
    const element = target.closest('g.frame');
    if (element !== null) {
      const frame = frameOf(element);
      this.choose(frame.data.key, false);
      this.actions.selected(frame);
    }
  }

  private key(event: KeyboardEvent): void {
    const element = this.elements.get(this.current);
    if (element === undefined || event.target !== element || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    if (this.act(event, frameOf(element), element)) {
      event.preventDefault();
    }
  }

  private act(event: KeyboardEvent, frame: Drawn, element: Element): boolean {
    if (event.key === 'Enter') {
      this.actions.go(frame);
    } else if (event.key === ' ') {
      this.actions.zoom(frame);
    } else if (event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey)) {
      this.actions.menu(frame, element);
    } else if (event.key === 'Escape') {
      this.actions.back();
    } else {
      return this.move(event.key, frame);
    }
    return true;
  }

  private move(key: string, from: Drawn): boolean {
    const frames = [...this.elements.values()].map(frameOf);
    const to = direction(key, this.chart.host.dataset.rootOnTop === 'true');
    const next = key === 'Home' ? frames.find((frame) => frame.depth === 0) : to && step(frames, from, to);
    if (next !== undefined) {
      this.focus(next);
    }
    return to !== undefined || key === 'Home';
  }
}

function describe(element: SVGGElement): void {
  const frame = frameOf(element);
  const siblings = frame.parent?.children ?? [frame];
  const attributes: Record<string, string> = {
    'data-name': printable(frame.data.name),
    role: 'treeitem',
    tabindex: '-1',
    'aria-label': printable(spoken(frame.data.node)),
    'aria-level': String(frame.depth + 1),
    'aria-setsize': String(siblings.length),
    'aria-posinset': String(siblings.indexOf(frame) + 1),
  };
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, value);
  }
}
