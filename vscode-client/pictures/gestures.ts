// What the mouse and the keyboard do with the frames of a chart.
import type { Chart } from './chart.ts';
import { direction, step } from './keyboard.ts';
import type { Frame } from './layout.ts';
import type { Tip } from './tip.ts';

const MAX_CLICK = 5; // px; a mouse that moved farther while pressed has not clicked

export interface Actions {
  go: (frame: Frame, stay: boolean) => void; // `stay`: the chart keeps the keyboard
  zoom: (frame: Frame) => void;
  menu: (frame: Frame, x: number, y: number) => void;
  back: () => void;
  selected: (frame: Frame) => void;
}

export function listen(chart: Chart, tip: Tip, actions: Actions): void {
  const under = (event: Event) => chart.frameOf(event.target as Element);
  followMouse(chart, actions, under);
  chart.host.addEventListener('mouseover', (event) => {
    tip.show(event, under(event));
  });
  chart.host.addEventListener('mouseleave', tip.hide);
  chart.host.addEventListener('focusin', (event) => {
    const frame = under(event);
    if (frame !== undefined) {
      chart.select(frame);
      actions.selected(frame);
    }
  });
  chart.host.addEventListener('keydown', (event) => {
    const frame = under(event);
    if (frame !== undefined && !event.ctrlKey && !event.metaKey && !event.altKey && act(chart, actions, event, frame)) {
      event.preventDefault();
    }
  });
}

function followMouse(chart: Chart, actions: Actions, under: (event: Event) => Frame | undefined): void {
  let pressed: { frame: Frame; x: number; y: number } | undefined; // until it is a click
  let clicked: Frame | undefined;

  // The frame that was pressed: another one may be under the mouse when the button is released.
  const meant = (event: MouseEvent): Frame | undefined => {
    const still = pressed !== undefined && Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) <= MAX_CLICK;
    const frame = still ? pressed?.frame : under(event);
    pressed = undefined;
    return frame;
  };
  chart.host.addEventListener('pointerdown', (event) => {
    const frame = under(event);
    pressed = frame && { frame, x: event.clientX, y: event.clientY };
  });
  chart.host.addEventListener('click', (event) => {
    const frame = meant(event);
    if (frame !== undefined && event.detail > 1) {
      actions.zoom(clicked ?? frame); // the first click may have moved the frames
    } else if (frame !== undefined) {
      clicked = frame;
      chart.focus(frame);
      actions.go(frame, true);
    }
  });
  chart.host.addEventListener('contextmenu', (event) => {
    const frame = meant(event);
    if (frame !== undefined) {
      event.preventDefault();
      chart.focus(frame);
      actions.menu(frame, event.clientX, event.clientY);
    }
  });
}

// Returns whether the key has a meaning here.
function act(chart: Chart, actions: Actions, { key, shiftKey }: KeyboardEvent, frame: Frame): boolean {
  if (key === 'Enter') {
    actions.go(frame, false);
  } else if (key === ' ') {
    actions.zoom(frame);
  } else if (key === 'ContextMenu' || (key === 'F10' && shiftKey)) {
    const { x, y } = chart.corner(frame);
    actions.menu(frame, x, y);
  } else if (key === 'Escape') {
    actions.back();
  } else if (key === 'Home') {
    chart.focus(chart.find([]));
  } else {
    const to = direction(key, chart.rootOnTop);
    const next = to && step(chart.frames(), frame, to);
    if (next !== undefined) {
      chart.focus(next);
    }
    return to !== undefined;
  }
  return true;
}
