// A box beside the mouse with the whole name of a frame, its numbers and its place.
import { make } from './dom.ts';
import type { Frame } from './layout.ts';

const APART = 14; // px from the mouse

export class Tip {
  private readonly box = make('div', 'alloclens-tip');

  constructor(host: HTMLElement) {
    this.box.hidden = true;
    this.box.setAttribute('aria-hidden', 'true'); // the same words are the frame's label
    host.append(this.box);
  }

  // Hides where there is no frame.
  show = (event: MouseEvent, frame: Frame | undefined): void => {
    if (frame === undefined) {
      this.hide();
      return;
    }
    const { name, verdict, label, growth, file, line } = frame.data;
    const words = [name, [verdict, label, growth?.label ?? ''].filter((part) => part !== '').join(' · '), file === '' ? '' : `${file}:${line}`];
    const lines = words.filter((part) => part !== '').map((part) => make('div', '', part));
    this.box.replaceChildren(...lines);
    this.box.hidden = false;
    this.place(event.clientX, event.clientY);
  };

  hide = (): void => {
    this.box.hidden = true;
  };

  private place(x: number, y: number): void {
    const left = Math.min(x + APART, window.innerWidth - this.box.offsetWidth - 4);
    const below = y + APART + this.box.offsetHeight < window.innerHeight;
    const top = below ? y + APART : y - APART - this.box.offsetHeight;
    this.box.style.setProperty('left', `${Math.max(0, left)}px`);
    this.box.style.setProperty('top', `${Math.max(0, top)}px`);
  }
}
