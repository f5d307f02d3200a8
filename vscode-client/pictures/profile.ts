// The page of one profile: what it holds, and as tabs a table, the flame graph, the call graph and the callers and callees of a function.
import type { Flame, Graph, GraphOptions, ProfileSummary, ProfileTable, Sandwich, TableOptions } from '../src/protocol.ts';
import { button, make, newId, write } from './dom.ts';
import type { Exports } from './export.ts';
import type { FlameHandle, FlameOptions, FlameView } from './flame.ts';
import { flame } from './flame.ts';
import type { GraphHandle, GraphView } from './graph.ts';
import { graph } from './graph.ts';
import type { TableView } from './table.ts';
import { ProfileTableView } from './table.ts';
import { shortName } from './packages.ts';
import type { Site } from './tree.ts';

const TABS = ['Table', 'Flame Graph', 'Call Graph', 'Callers and Callees'] as const;
type Tab = (typeof TABS)[number];

export interface ProfileView {
  tab: Tab;
  table: Partial<TableView>;
  flame: Partial<FlameView>;
  graph: Partial<GraphView>;
  site: Site | undefined; // of the sandwich
}

type Asked<T> = Promise<T | null | undefined>; // null: there is none; undefined: no answer

export interface ProfileActions extends Exports {
  summary: () => Asked<ProfileSummary>;
  table: (options: TableOptions) => Asked<ProfileTable>;
  flame: (path: Site[], inverted: boolean, search: string) => Asked<Flame>;
  graph: (options: GraphOptions) => Asked<Graph>;
  sandwich: (name: string, file: string) => Asked<Sandwich>;
  open: (file: string, line: number, stay: boolean) => Promise<string>;
  copy: (text: string) => void;
  sampleType: (name: string) => void;
  compare: () => void;
  view: Partial<ProfileView>;
  keep: (view: ProfileView) => void;
}

export class ProfilePage {
  private readonly actions: ProfileActions;
  private readonly view: ProfileView;
  private readonly head = make('header', 'alloclens-summary');
  private readonly list = make('div', 'alloclens-tabs');
  private readonly panel = make('div');
  private readonly tabs = new Map<Tab, HTMLElement>();
  private table: ProfileTableView | undefined;
  private flames: FlameHandle | undefined;
  private graphs: GraphHandle | undefined;

  constructor(element: HTMLElement, actions: ProfileActions) {
    this.actions = actions;
    this.view = { tab: 'Table', table: {}, flame: {}, graph: {}, site: undefined, ...actions.view };
    const { list } = this;
    list.setAttribute('role', 'tablist');
    list.setAttribute('aria-label', 'Of this profile');
    this.panel.setAttribute('role', 'tabpanel');
    this.panel.id = newId();
    for (const tab of TABS) {
      const made = button(tab, () => void this.show(tab));
      made.setAttribute('role', 'tab');
      made.setAttribute('aria-controls', this.panel.id);
      made.id = newId();
      this.tabs.set(tab, made);
      list.append(made);
    }
    list.addEventListener('keydown', (event) => {
      const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
      const to = TABS[(TABS.indexOf(this.view.tab) + step + TABS.length) % TABS.length];
      if (step !== 0 && to !== undefined) {
        event.preventDefault();
        void this.show(to).then(() => { this.tabs.get(to)?.focus(); });
      }
    });
    const section = make('div', 'alloclens-picture');
    section.append(this.head, list, this.panel);
    element.replaceChildren(section);
  }

  // Asks for everything that is shown again.
  async refresh(): Promise<void> {
    const summary = await this.actions.summary();
    if (summary) {
      this.summarize(summary);
    }
    if (summary?.problem === '') {
      await this.show(this.view.tab);
    }
  }

  private summarize(summary: ProfileSummary): void {
    const title = make('h1', '', summary.name);
    this.list.hidden = this.panel.hidden = summary.problem !== ''; // of what is no profile there is nothing to show
    if (summary.problem !== '') {
      const why = make('p', 'alloclens-problem', summary.problem);
      why.setAttribute('role', 'alert');
      this.head.replaceChildren(title, why);
      return;
    }
    const about = [summary.total, summary.detail, summary.size].filter((part) => part !== '').join(' · ');
    const chooser = make('select', 'alloclens-input');
    chooser.setAttribute('aria-label', 'Sample type');
    for (const { name, selected } of summary.sampleTypes) {
      const option = make('option', '', name);
      option.value = name;
      option.selected = selected;
      chooser.append(option);
    }
    chooser.addEventListener('change', () => { this.actions.sampleType(chooser.value); });
    const compare = button('Compare with…', () => { this.actions.compare(); });
    this.head.replaceChildren(title, make('p', '', about), chooser, compare);
  }

  private async show(tab: Tab): Promise<void> {
    if (tab !== this.view.tab) {
      this.keep({ tab });
    }
    this.tabs.forEach((made, name) => {
      made.setAttribute('aria-selected', String(name === tab));
      made.tabIndex = name === tab ? 0 : -1;
      if (name === tab) {
        this.panel.setAttribute('aria-labelledby', made.id);
      }
    });
    if (this.panel.dataset.tab !== tab) {
      this.panel.dataset.tab = tab;
      [this.table, this.flames, this.graphs] = [undefined, undefined, undefined];
      this.panel.replaceChildren();
    }
    switch (tab) {
      case 'Table':
        return this.showTable();
      case 'Flame Graph':
        return this.showFlame();
      case 'Call Graph':
        return this.showGraph();
      case 'Callers and Callees':
        return this.showSandwich();
    }
  }

  private async showTable(): Promise<void> {
    const { table: ask, open, copy } = this.actions;
    const keep = (table: TableView) => { this.keep({ table }); };
    this.table ??= new ProfileTableView(this.panel, { ask, open, copy, sandwich: this.sandwich, view: this.view.table, keep });
    await this.table.refresh();
  }

  private async showFlame(): Promise<void> {
    const { flame: ask, open, copy, save } = this.actions;
    const { inverted = false, only = false, search = '' } = this.view.flame;
    const data = await ask([], inverted, only ? search : '');
    if (!data || this.view.tab !== 'Flame Graph') {
      return;
    }
    if (this.flames === undefined) {
      const keep = (view: FlameView) => { this.keep({ flame: view }); };
      this.flames = flame(this.panel, { data, ask, open, copy, ...(save && { save }), view: this.view.flame, keep });
    } else {
      this.flames.update(data);
    }
  }

  private async showGraph(): Promise<void> {
    const { graph: ask, open, copy, save } = this.actions;
    const { nodeFraction, edgeFraction, nodeCount, through } = this.view.graph;
    const given = Object.entries({ nodeFraction, edgeFraction, nodeCount, through }).filter(([, value]) => value !== undefined);
    const data = await ask(Object.fromEntries(given) as GraphOptions);
    if (!data || this.view.tab !== 'Call Graph') {
      return;
    }
    if (this.graphs === undefined) {
      const keep = (view: GraphView) => { this.keep({ graph: view }); };
      this.graphs = graph(this.panel, { data, ask, open, copy, ...(save && { save }), sandwich: this.sandwich, view: this.view.graph, keep });
    } else {
      this.graphs.update(data);
    }
  }

  private readonly sandwich = (name: string, file: string): void => {
    this.keep({ site: [name, file] });
    void this.show('Callers and Callees');
  };

  private async showSandwich(): Promise<void> {
    const { site } = this.view;
    if (site === undefined) {
      this.panel.replaceChildren(make('p', 'alloclens-help', 'Choose a function: ⇅ in the table, or Callers and Callees in the context menu of the call graph.'));
      return;
    }
    const data = await this.actions.sandwich(...site);
    if (data === undefined || this.view.tab !== 'Callers and Callees') {
      return;
    }
    if (data === null) {
      this.panel.replaceChildren(make('p', 'alloclens-help', `No sample passes through ${site[0]}.`));
      return;
    }
    const [above, below, title] = [make('div'), make('div'), make('h2')];
    write(title, shortName(site[0]));
    title.title = site[0];
    this.panel.replaceChildren(title, make('h3', '', 'Callers'), above, make('h3', '', 'Callees'), below);
    this.showHalf(above, site, 'In this profile, nothing calls it.', { data: data.callers, view: { rootOnTop: false, inverted: true } });
    this.showHalf(below, site, 'In this profile, it calls nothing.', { data: data.callees });
  }

  // Shows the callers or callees of a function, or says that there are none.
  private showHalf(host: HTMLElement, chosen: Site, none: string, picture: Pick<FlameOptions, 'data' | 'view'>): void {
    if (picture.data.root.children.every(({ children, more }) => children.length === 0 && !more)) {
      host.replaceChildren(make('p', 'alloclens-help', none));
      return;
    }
    const { open, copy, save } = this.actions;
    flame(host, { ...picture, chosen, open, copy, ...(save && { save }) });
  }

  private keep(change: Partial<ProfileView>): void {
    Object.assign(this.view, change);
    this.actions.keep({ ...this.view });
  }
}
