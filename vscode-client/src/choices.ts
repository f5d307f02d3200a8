// Quick picks for series, base, head and sample type.
import * as vscode from 'vscode';
import { picks, sampleTypePicks, seriesPicks } from './picks.ts';
import type { Pick } from './picks.ts';
import { LEAVE_COMPARISON, SAMPLE_TYPES, SERIES_CHOICES, SNAPSHOTS } from './protocol.ts';
import type { Server } from './server.ts';
import * as settings from './settings.ts';

export async function chooseSnapshot(server: Server, end: 'base' | 'head'): Promise<void> {
  const snapshots = (await server.ask(SNAPSHOTS)) ?? [];
  await choose(end, picks(snapshots, end, settings.given()[end]), `The ${end} snapshot`);
}

export async function chooseSampleType(server: Server): Promise<void> {
  const types = (await server.ask(SAMPLE_TYPES)) ?? [];
  await choose('sampleType', sampleTypePicks(types), 'The sample type');
}

export async function chooseSeries(server: Server): Promise<void> {
  const series = (await server.ask(SERIES_CHOICES)) ?? [];
  if (await choose('series', seriesPicks(series, settings.given().series), 'The series')) {
    await server.ask(LEAVE_COMPARISON);
  }
}

// Returns whether something was chosen.
async function choose(setting: string, offered: Pick[], title: string): Promise<boolean> {
  if (offered.length === 0) {
    void vscode.window.showInformationMessage('alloclens: no profile has been read yet.');
    return false;
  }
  const chosen = await vscode.window.showQuickPick(offered, { title, matchOnDescription: true, matchOnDetail: true });
  if (chosen !== undefined) {
    await settings.set(setting, chosen.value);
  }
  return chosen !== undefined;
}
