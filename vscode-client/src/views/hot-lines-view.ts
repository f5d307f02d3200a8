// The view Hot Lines: the heaviest lines, sorted and filtered as the user chose.
import * as vscode from 'vscode';
import { printable } from '../../pictures/printable.ts';
import { setContext } from '../contexts.ts';
import { HOT_LINES } from '../protocol.ts';
import type { Server } from '../server.ts';
import type { HotOptions } from './hot-rows.ts';
import { described, hotRows, leftOut, remembered, sortPicks } from './hot-rows.ts';
import type { Row } from './rows.ts';
import { said } from './rows.ts';
import { View } from './view.ts';

const MEMORY = 'hotLines';

export class HotLinesView extends View<Row> {
  private readonly memory: vscode.Memento;
  private options: HotOptions;
  private series = '';
  private asked = 0;

  constructor(server: Server, memory: vscode.Memento) {
    super(server, 'alloclens.hotLines');
    this.memory = memory;
    this.options = remembered(memory.get(MEMORY));
    this.say();
  }

  async sort(): Promise<void> {
    const chosen = await vscode.window.showQuickPick(sortPicks(this.options.sort), { title: 'Sort hot lines by' });
    if (chosen !== undefined) {
      await this.choose({ sort: chosen.value });
    }
  }

  async filter(): Promise<void> {
    const prompt = 'Part of the name of a function or file. The list then has only such lines; numbers do not change, as they do by Focus.';
    const filter = await vscode.window.showInputBox({ title: 'Filter hot lines', prompt, value: this.options.filter });
    if (filter !== undefined) {
      await this.choose({ filter: filter.trim() });
    }
  }

  async choose(chosen: Partial<HotOptions>): Promise<void> {
    this.options = { ...this.options, ...chosen };
    this.say();
    this.refresh();
    await this.memory.update(MEMORY, this.options);
  }

  protected override async rows(): Promise<Row[]> {
    const mine = ++this.asked;
    const wanted = [this.options, { ...this.options, own: false }].map((options) => this.server.ask(HOT_LINES, options));
    const [listed, all] = await Promise.all(wanted);
    if (mine === this.asked) {
      this.view.message = this.options.own ? printable(leftOut(all ?? [])) : ''; // unless a newer answer has set another
    }
    return hotRows(listed ?? []);
  }

  protected override describe(series: string): void {
    this.series = series;
    this.say();
  }

  private say(): void {
    this.view.description = printable(said(this.series, described(this.options)));
    setContext('hotLines.filtered', this.options.filter !== '');
    setContext('hotLines.all', !this.options.own);
  }
}
