// Where the recorded files lie here: what is known in sentences, what to do, and a table of all files.
import type { PlacedFile, Placement } from '../src/protocol.ts';
import { button, make } from './dom.ts';

export interface PlacementActions {
  openFile: (path: string) => void;
  addMapping: () => void;
}

const COPIED = '    '; // begins what is to be copied

export function placement(element: HTMLElement, data: Placement, actions: PlacementActions): void {
  const section = make('section', 'alloclens-picture alloclens-placement');
  section.append(make('h1', '', data.title), ...paragraphs(data.summary));
  if (data.advice.length > 0) {
    section.append(make('h2', '', 'What to do'), ...paragraphs(data.advice), button('Add Path Mapping', actions.addMapping));
  }
  if (data.document.length > 0) {
    section.append(make('h2', '', 'The file that you look at'), ...data.document.map((line) => make('p', '', line.trim())));
  }
  if (data.files.length > 0) {
    section.append(make('h2', '', 'Every file that the profile names'), table(data.files, actions));
  }
  if (data.more > 0) {
    section.append(make('p', 'alloclens-help', `${data.more} more are not listed.`));
  }
  element.replaceChildren(section);
}

function paragraphs(lines: readonly string[]): HTMLElement[] {
  const made: HTMLElement[] = [];
  for (const line of lines) {
    const last = made.at(-1);
    if (!line.startsWith(COPIED)) {
      made.push(...(line === '' ? [] : [make('p', '', line)]));
    } else if (last?.tagName === 'PRE') {
      last.append('\n', make('span', '', line.trim()));
    } else {
      made.push(make('pre', '', line.trim()));
    }
  }
  return made;
}

function table(files: readonly PlacedFile[], actions: PlacementActions): HTMLElement {
  const head = make('tr');
  head.append(...['Bytes', 'Share', 'Recorded', 'Here, if elsewhere', 'Why'].map((title, i) => {
    const cell = make('th', i < 2 ? 'alloclens-figure' : i === 2 ? 'alloclens-recorded' : '', title);
    cell.scope = 'col';
    return cell;
  }));
  const [thead, body] = [make('thead'), make('tbody')];
  thead.append(head);
  body.append(...files.map((file) => row(file, actions)));
  const made = make('table', 'alloclens-table alloclens-places');
  made.append(thead, body);
  const scroll = make('div', 'alloclens-scroll');
  scroll.tabIndex = 0;
  scroll.setAttribute('role', 'region');
  scroll.setAttribute('aria-label', 'Files');
  scroll.append(made);
  return scroll;
}

function row({ label, share, recorded, path, why, candidates, doubtful }: PlacedFile, { openFile }: PlacementActions): HTMLElement {
  const [here, name] = [make('td'), make('th', 'alloclens-recorded', path === recorded ? undefined : recorded)];
  if (path === recorded) {
    name.append(link(path, path, openFile));
  } else if (path !== '') {
    here.append(link(path, path, openFile));
  } else if (candidates.length > 0) {
    here.append('perhaps ', ...candidates.flatMap((candidate, i) => [...(i > 0 ? [', '] : []), link(candidate, candidate, openFile)]));
  } else {
    here.append(make('span', 'alloclens-badge', doubtful ? 'not found' : 'not here'));
  }
  name.scope = 'row';
  const made = make('tr', doubtful ? 'alloclens-doubtful' : '');
  made.append(make('td', 'alloclens-figure', label), make('td', 'alloclens-figure', share), name, here, make('td', '', why));
  return made;
}

function link(text: string, path: string, openFile: (path: string) => void): HTMLElement {
  const made = button(text, () => { openFile(path); });
  made.title = path;
  return made;
}
