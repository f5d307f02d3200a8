// Quick picks for series, base, head and sample type.
import * as vscode from 'vscode';
import { picks, sampleTypePicks, seriesPicks } from './picks.ts';
import type { Pick } from './picks.ts';
import { LEAVE_COMPARISON, SAMPLE_TYPES, SERIES_CHOICES, SNAPSHOTS, WRITE_CHOICES } from './protocol.ts';
import type { Server } from './server.ts';
import { NOT_RUNNING } from './server.ts';
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

// Makes what is chosen here the choice of all who work in this folder.
export async function writeChoices(server: Server): Promise<void> {
  const choices = settings.choices();
  if (Object.keys(choices).length === 0) {
    void vscode.window.showInformationMessage('alloclens: nothing is chosen here that differs from the settings.');
    return;
  }
  const file = await server.ask(WRITE_CHOICES, choices);
  if (file === undefined) {
    void vscode.window.showInformationMessage(NOT_RUNNING);
  } else if (file !== null) {
    await vscode.window.showTextDocument(vscode.Uri.file(file)); // otherwise the server has shown why
    settings.forget();
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
    settings.choose({ [setting]: chosen.value });
  }
  return chosen !== undefined;
}
