// The view Findings: the lines that leak or grow, worst first.
import { printable } from '../../pictures/printable.ts';
import { FINDINGS, HOT_LINE_COUNT, SERIES } from '../protocol.ts';
import type { Server } from '../server.ts';
import { findingRows, nothingFound } from './finding-rows.ts';
import { USUAL } from './hot-rows.ts';
import type { Row } from './rows.ts';
import { View } from './view.ts';

export class FindingsView extends View<Row> {
  private focus = '';
  private asked = 0;

  constructor(server: Server) {
    super(server, 'alloclens.findings');
    this.keep(
      server.onStatus(({ focus }) => {
        this.focus = focus;
      }),
    );
  }

  protected override async rows(): Promise<Row[]> {
    const mine = ++this.asked;
    const found = (await this.server.ask(FINDINGS)) ?? [];
    const message = found.length === 0 ? await this.nothing() : '';
    if (mine === this.asked) {
      this.view.message = printable(message); // unless a newer answer has set another
    }
    return findingRows(found);
  }

  private async nothing(): Promise<string> {
    const all = await this.server.ask(SERIES);
    const lines = await this.server.ask(HOT_LINE_COUNT, USUAL);
    return nothingFound(all?.series ?? [], lines ?? 0, this.focus);
  }
}
