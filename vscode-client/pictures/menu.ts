// The context menu of a frame.
import { button, make } from './dom.ts';

export interface Item {
  label: string;
  run: () => void;
}

export class Menu {
  private readonly host: HTMLElement;
  private open: HTMLElement | undefined;
  private whenClosed: () => void = () => undefined;

  constructor(host: HTMLElement) {
    this.host = host;
    document.addEventListener('pointerdown', (event) => {
      if (this.open !== undefined && event.target instanceof Node && !this.open.contains(event.target)) {
        this.close();
      }
    });
  }

  // At a point of the window; `closed` puts the focus back where it was.
  show(x: number, y: number, items: readonly Item[], closed: () => void): void {
    this.close();
    this.whenClosed = closed;
    const menu = make('div', 'alloclens-menu');
    menu.setAttribute('role', 'menu');
    menu.setAttribute('aria-label', 'What to do with this frame');
    menu.append(...items.map((item) => this.entry(item)));
    menu.addEventListener('keydown', (event) => {
      this.key(event, menu);
    });
    this.host.append(menu);
    this.open = menu;
    place(menu, x, y);
    focusOn(menu, 0);
  }

  close(): void {
    const open = this.open;
    this.open = undefined;
    if (open !== undefined) {
      open.remove();
      this.whenClosed();
    }
  }

  private entry({ label, run }: Item): HTMLElement {
    const made = button(label, () => {
      this.close();
      run();
    });
    made.setAttribute('role', 'menuitem');
    made.tabIndex = -1;
    return made;
  }

  private key(event: KeyboardEvent, menu: HTMLElement): void {
    const now = [...menu.children].indexOf(document.activeElement ?? menu);
    const steps: Record<string, number> = { ArrowDown: now + 1, ArrowUp: now - 1, Home: 0, End: -1 };
    const to = steps[event.key];
    if (event.key === 'Escape' || event.key === 'Tab') {
      this.close();
    } else if (to !== undefined) {
      focusOn(menu, to);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }
}

function focusOn(menu: HTMLElement, index: number): void {
  const entries = [...menu.querySelectorAll('button')];
  entries.at(index % entries.length)?.focus();
}

// Beside the point, within the window.
function place(menu: HTMLElement, x: number, y: number): void {
  const left = Math.min(x, window.innerWidth - menu.offsetWidth - 4);
  const top = Math.min(y, window.innerHeight - menu.offsetHeight - 4);
  menu.style.setProperty('left', `${Math.max(0, left)}px`);
  menu.style.setProperty('top', `${Math.max(0, top)}px`);
}
