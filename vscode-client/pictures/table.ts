// A profile as a table: lines, functions or packages, sorted and filtered by the server.
import type { ProfileTable, TableOptions, TableRow } from '../src/protocol.ts';
import { button, make, write, writeTitled } from './dom.ts';
import { asText } from './table-text.ts';
import { drawnOf } from './tree.ts';

export type TableView = Required<TableOptions>;

export interface TableActions {
  ask: (options: TableOptions) => Promise<ProfileTable | null | undefined>; // null: there is no profile; undefined: no answer
  open: (file: string, line: number, stay: boolean) => Promise<string>; // why it could not be opened, or ''
  sandwich: (name: string, file: string) => void;
  copy: (text: string) => void;
  view?: Partial<TableView>;
  keep?: (view: TableView) => void;
}

interface Column {
  sort: ProfileTable['sort'];
  title: string;
  about: string;
  text: (row: TableRow) => string;
}

const COLUMNS: readonly Column[] = [
  { sort: 'flat', title: 'Flat', about: 'What it allocated itself', text: (row) => row.flatLabel },
  { sort: 'flat', title: 'Flat %', about: 'Its share of the total', text: (row) => row.flatShare },
  { sort: 'cum', title: 'Cum', about: 'What it or anything that it called allocated', text: (row) => row.cumLabel },
  { sort: 'cum', title: 'Cum %', about: 'Its share of the total', text: (row) => row.cumShare },
  { sort: 'owned', title: 'Owned', about: 'What it or others’ code that it called allocated', text: (row) => row.ownedLabel },
  { sort: 'growth', title: 'Growth', about: 'Of cum, since the base', text: (row) => row.growth?.label ?? '' },
  { sort: 'name', title: 'Name', about: '', text: named },
];
const BY = [['function', 'Functions'], ['line', 'Lines'], ['package', 'Packages']] as const;
const TYPING_MS = 150;

export class ProfileTableView {
  private readonly actions: TableActions;
  private readonly view: TableView;
  private readonly heading = make('p', 'alloclens-heading');
  private readonly status = make('p', 'alloclens-status');
  private readonly table = make('table', 'alloclens-table alloclens-rows');
  private data: ProfileTable | undefined;
  private turn = 0;
  private typing = 0;

  constructor(element: HTMLElement, actions: TableActions) {
    this.actions = actions;
    this.view = { by: 'function', sort: '', filter: '', most: 500, ...actions.view };
    const section = make('section', 'alloclens-picture');
    section.setAttribute('aria-label', 'Table');
    this.status.setAttribute('role', 'status');
    const scroll = make('div', 'alloclens-scroll');
    scroll.tabIndex = 0;
    scroll.setAttribute('role', 'region');
    scroll.setAttribute('aria-label', 'Rows');
    scroll.append(this.table);
    const bar = make('div', 'alloclens-bar');
    bar.append(this.heading, this.chooser(), this.filter(), button('Copy as Text', () => { this.copy('\t'); }), button('Copy as CSV', () => { this.copy(','); }));
    section.append(bar, this.status, scroll);
    element.replaceChildren(section);
  }

  // Asks for the rows again. Of several questions only the last one's answer counts; without one, what is shown stays.
  async refresh(): Promise<void> {
    const mine = ++this.turn;
    const data = await this.actions.ask({ ...this.view });
    if (mine === this.turn && data) {
      this.data = data;
      this.draw(data);
    }
  }

  private chooser(): HTMLElement {
    const made = make('select', 'alloclens-input');
    made.setAttribute('aria-label', 'Rows by');
    for (const [value, title] of BY) {
      const option = make('option', '', title);
      option.value = value;
      made.append(option);
    }
    made.value = this.view.by;
    made.addEventListener('change', () => {
      const chosen = BY.find(([value]) => value === made.value);
      this.choose({ by: chosen?.[0] ?? 'function' });
    });
    return made;
  }

  private filter(): HTMLElement {
    const box = make('input', 'alloclens-input');
    box.type = 'search';
    box.placeholder = 'Filter by name or file';
    box.setAttribute('aria-label', 'Filter by name or file');
    box.value = this.view.filter;
    box.addEventListener('input', () => {
      window.clearTimeout(this.typing);
      this.typing = window.setTimeout(() => { this.choose({ filter: box.value.trim() }); }, TYPING_MS);
    });
    return box;
  }

  private choose(change: Partial<TableView>): void {
    Object.assign(this.view, change);
    this.actions.keep?.({ ...this.view });
    void this.refresh();
  }

  private columns(): readonly Column[] {
    return COLUMNS.filter(({ title }) => title !== 'Growth' || this.data?.base === true);
  }

  private draw(data: ProfileTable): void {
    write(this.heading, drawnOf(data, data.totalLabel, []));
    const left = data.matching - data.rows.length;
    writeTitled(this.status, data.matching === 0 ? 'No row matches.' : left > 0 ? `The first ${data.rows.length} of ${data.matching} rows.` : `${rows(data.matching)}.`);
    const head = make('thead');
    const titles = make('tr');
    titles.append(...this.columns().map((column) => this.title(column)));
    head.append(titles);
    const body = make('tbody');
    body.append(...data.rows.map((row) => this.row(row)));
    this.table.replaceChildren(head, body);
  }

  private title({ sort, title, about }: Column): HTMLElement {
    const cell = make('th', sort === 'name' ? 'alloclens-named' : classOf(title));
    cell.scope = 'col';
    const isSorted = sort === this.data?.sort && !title.endsWith('%');
    if (isSorted) {
      cell.setAttribute('aria-sort', sort === 'name' ? 'ascending' : 'descending');
    }
    const made = button(`${title}${isSorted ? (sort === 'name' ? ' ↑' : ' ↓') : ''}`, () => { this.choose({ sort }); });
    made.title = about;
    cell.append(made);
    return cell;
  }

  private row(row: TableRow): HTMLElement {
    const made = make('tr');
    for (const { sort, title, text } of this.columns()) {
      made.append(sort === 'name' ? this.name(row) : make('td', `${classOf(title)}${row.growth?.significant === true && sort === 'growth' ? ' alloclens-sure' : ''}`, text(row)));
    }
    return made;
  }

  private name(row: TableRow): HTMLElement {
    const cell = make('th', 'alloclens-named');
    cell.scope = 'row';
    const open = button(named(row), () => void this.actions.open(row.file, row.line, false).then((why) => { writeTitled(this.status, why); }));
    open.title = row.name === '?' ? UNNAMED : row.file === '' ? '' : `${row.file}:${row.line}`;
    open.disabled = row.file === '' || this.view.by === 'package';
    if (this.view.by !== 'package') {
      const around = button('⇅', () => { this.actions.sandwich(row.name, row.file); }); // before the name, which may reach beyond the page
      around.title = 'Callers and callees';
      around.setAttribute('aria-label', `Callers and callees of ${row.name}`);
      cell.append(around);
    }
    cell.append(...(row.verdict === '' ? [] : [make('span', 'alloclens-badge', row.verdict)]), open);
    return cell;
  }

  private copy(separator: string): void {
    if (this.data !== undefined) {
      this.actions.copy(asText(this.data, this.columns().some(({ title }) => title === 'Growth'), separator));
      writeTitled(this.status, `${rows(this.data.rows.length)} copied.`);
    }
  }
}

const UNNAMED = 'The profile has no names for these addresses, and no binary here gives them names. A text profile names only what it lists with symbols.';

// A narrow page has no room for percentages.
function classOf(title: string): string {
  return title.endsWith('%') ? 'alloclens-figure alloclens-share' : 'alloclens-figure';
}

function named({ name, file, line }: TableRow): string {
  if (name === '?') {
    return '? (addresses without names)';
  }
  const base = file.slice(Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1);
  return line > 0 && base !== '' ? `${name}  ${base}:${line}` : name;
}

function rows(n: number): string {
  return n === 1 ? '1 row' : `${n} rows`;
}
