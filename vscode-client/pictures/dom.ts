// Elements without inline style attributes and without HTML made of strings: both are refused by the page's policy. All
// text of a picture is set here.
import { printable } from './printable.ts';

export function make<K extends keyof HTMLElementTagNameMap>(tag: K, className = '', text = ''): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  element.className = className;
  write(element, text);
  return element;
}

export function svg<K extends keyof SVGElementTagNameMap>(tag: K, attributes: Attributes): SVGElementTagNameMap[K] {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  setAttributes(element, attributes);
  return element;
}

type Attributes = Record<string, string | number>;

export function setAttributes(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, String(value));
  }
}

export function write(element: Node, text: string): void {
  element.textContent = printable(text);
}

// Words that may be longer than the line they are in: the mouse shows all of them.
export function writeTitled(element: HTMLElement, words: string): void {
  element.title = printable(words);
  if (element.textContent !== element.title) { // else it is heard again
    write(element, words);
  }
}

export function button(text: string, onClick: () => void): HTMLButtonElement {
  const made = make('button', 'alloclens-button', text);
  made.type = 'button';
  made.addEventListener('click', onClick);
  return made;
}

export function toggle(text: string, pressed: boolean, onChange: (pressed: boolean) => void): HTMLButtonElement {
  const made = button(text, () => {
    const now = made.getAttribute('aria-pressed') !== 'true';
    made.setAttribute('aria-pressed', String(now));
    onChange(now);
  });
  made.setAttribute('aria-pressed', String(pressed));
  return made;
}

export function swatch(colour: string): HTMLElement {
  const made = make('span', 'alloclens-swatch');
  made.style.setProperty('background', colour);
  return made;
}

let lastId = 0;

export function newId(): string {
  return `alloclens-${++lastId}`;
}

// Calls back with the width of an element whenever it is another one, once now. Returns what ends it.
export function onWidth(element: HTMLElement, callback: (width: number) => void): () => void {
  let last = 0;
  const observer = new ResizeObserver(() => {
    const width = Math.floor(element.clientWidth);
    if (width > 0 && width !== last) {
      last = width;
      callback(width);
    }
  });
  observer.observe(element);
  return () => { observer.disconnect(); };
}

// Runs something when the editor's theme or the system's light or dark changes. Returns what ends it.
export function onTheme(callback: () => void): () => void {
  const system = window.matchMedia('(prefers-color-scheme: dark)');
  system.addEventListener('change', callback);
  const observer = new MutationObserver(callback);
  observer.observe(document.body, { attributeFilter: ['class', 'data-vscode-theme-id'] });
  return () => {
    system.removeEventListener('change', callback);
    observer.disconnect();
  };
}
