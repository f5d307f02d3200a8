// Pictures as files: an SVG that looks the same everywhere, and a PNG of it.
import { button, svg as element } from './dom.ts';
import type { Menu } from './menu.ts';
import { printable } from './printable.ts';

const STYLES = ['fill', 'stroke', 'stroke-width', 'stroke-dasharray', 'opacity', 'font-size', 'font-weight', 'text-anchor'];
const CAPTION = 22; // px
const FONT = 'system-ui, sans-serif';
const SHARPNESS = 2; // pixels of the PNG for one of the screen
const MOST_PIXELS = 16_000; // of a side: browsers draw no larger canvas
const GLYPH = 6.6; // px, of the names of frames

export interface Exports {
  copy?: (text: string) => void;
  save?: (name: string, data: string) => void; // `data` is a data: URL
}

// A button that offers to copy and to save a picture; `caption` says what it is drawn of.
export function exportButton(menu: Menu, { copy, save }: Exports, name: string, picture: () => SVGSVGElement, caption: () => string): HTMLElement[] {
  const made = button('Export', () => {
    const { left, bottom } = made.getBoundingClientRect();
    const items = [
      ...(copy ? [{ label: 'Copy as SVG', run: () => { copy(svgText(picture(), caption())); } }] : []),
      ...(save ? [
        { label: 'Save as SVG', run: () => { save(`${name}.svg`, dataUrl(svgText(picture(), caption()))); } },
        { label: 'Save as PNG', run: () => void png(picture(), caption()).then((data) => { save(`${name}.png`, data); }) },
      ] : []),
    ];
    menu.show(left, bottom, items, () => { made.focus(); });
  });
  made.setAttribute('aria-haspopup', 'menu');
  return copy || save ? [made] : [];
}

// The text of a copy whose styles and colours are its own.
export function svgText(picture: SVGSVGElement, caption: string): string {
  const copy = picture.cloneNode(true) as SVGSVGElement;
  const { width, height } = sizeOf(picture);
  inline(picture, copy);
  replaceNames(copy);
  const { color, backgroundColor } = getComputedStyle(picture.closest('section') ?? document.body);
  const body = element('g', { transform: `translate(0, ${CAPTION})` });
  const inner = element('svg', { width, height, viewBox: picture.getAttribute('viewBox') ?? `0 0 ${width} ${height}` });
  inner.append(...copy.childNodes);
  body.append(inner);
  const title = element('text', { x: 4, y: 15, fill: color, 'font-size': 12 });
  title.textContent = printable(caption);
  const outer = element('svg', { width, height: height + CAPTION, 'font-family': FONT });
  outer.append(element('rect', { width: '100%', height: '100%', fill: backgroundColor }), title, body);
  return new XMLSerializer().serializeToString(outer);
}

async function png(picture: SVGSVGElement, caption: string): Promise<string> {
  const { width, height } = sizeOf(picture);
  const scale = Math.min(SHARPNESS, MOST_PIXELS / width, MOST_PIXELS / (height + CAPTION));
  const image = new Image();
  image.src = dataUrl(svgText(picture, caption));
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = Math.ceil(width * scale);
  canvas.height = Math.ceil((height + CAPTION) * scale);
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL('image/png');
}

function dataUrl(text: string): string {
  return `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
}

function sizeOf(picture: SVGSVGElement): { width: number; height: number } {
  return { width: Number(picture.getAttribute('width')), height: Number(picture.getAttribute('height')) };
}

function inline(from: Element, to: Element): void {
  const style = getComputedStyle(from);
  for (const name of STYLES) {
    to.setAttribute(name, style.getPropertyValue(name));
  }
  for (const name of ['class', 'tabindex', 'style']) {
    to.removeAttribute(name);
  }
  [...from.children].forEach((child, i) => {
    const copy = to.children[i];
    if (copy !== undefined && child instanceof SVGElement && child.tagName !== 'foreignObject') {
      inline(child, copy);
    }
  });
}

// Names of frames are HTML, which few programs draw in an SVG.
function replaceNames(copy: SVGSVGElement): void {
  for (const body of copy.querySelectorAll('foreignObject')) {
    const name = body.textContent;
    const room = Math.floor((Number(body.getAttribute('width')) - 8) / GLYPH);
    const text = element('text', { x: 4, y: 14, 'font-size': 12, fill: '#14171a' });
    text.textContent = name.length <= room ? name : name.slice(0, Math.max(0, room - 1)) + (room > 1 ? '…' : '');
    body.replaceWith(text);
  }
}
