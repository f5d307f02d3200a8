// What the user can choose and read of profile servers and buckets.
import type { Item } from './capture-words.ts';
import { plain } from './plain.ts';
import type { ListedSource, Source, SourceProcess, SourceTest } from './protocol.ts';
import type { SeriesRow } from './views/series-rows.ts';
import { code, escape, said } from './views/rows.ts';

const MOST_AT_ONCE = 16; // processes that are chosen at first
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$/;

export interface Kind {
  type: Source['type'];
  url: string; // an example
  access: readonly Field[]; // what says who asks
}

// Details are short: a quick pick in a narrow window cuts off what is longer than 80 characters.
export const KINDS: Item<Kind>[] = [
  { label: 'Pyroscope', detail: 'A server with its query API.', value: { type: 'pyroscope', url: 'https://pyroscope.example.com', access: ['tokenEnv', 'tokenFile', 'user', 'tenant'] } },
  { label: 'Parca', detail: 'A server with its query API.', value: { type: 'parca', url: 'https://parca.example.com', access: ['tokenEnv', 'tokenFile', 'user', 'tenant'] } },
  { label: 'Kubernetes', detail: 'The pods of a namespace, through kubectl, with your kubeconfig.', value: { type: 'kubernetes', url: 'pod://shop:6060', access: ['context'] } },
  { label: 'A Process', detail: 'One that serves /debug/pprof, asked again and again.', value: { type: 'http', url: 'http://localhost:6060', access: ['tokenEnv', 'tokenFile', 'user'] } },
  { label: 'A Directory', detail: 'One that is mounted here, with a file for each snapshot.', value: { type: 'directory', url: 'file:///mnt/profiles', access: [] } },
  { label: 'S3', detail: 'A bucket, with the credentials of the AWS CLI.', value: { type: 's3', url: 's3://profiles/prod', access: [] } },
  { label: 'Google Cloud Storage', detail: 'A bucket, with the credentials of gcloud.', value: { type: 'gcs', url: 'gs://profiles/prod', access: [] } },
  { label: 'Azure Blob Storage', detail: 'A container, with the credentials of the Azure CLI.', value: { type: 'azure', url: 'https://account.blob.core.windows.net/profiles/prod', access: [] } },
];

export type Field = 'tokenEnv' | 'tokenFile' | 'user' | 'tenant' | 'context';

// No field takes a secret: each says where one is.
export const FIELDS: Record<Field, { label: string; prompt: string; wrong?: (text: string) => string | undefined }> = {
  tokenEnv: { label: 'Token in an Environment Variable…', prompt: 'The name of the variable, such as PYROSCOPE_TOKEN. The language server has to be started with it; the token itself is never asked for.', wrong: wrongVariable },
  tokenFile: { label: 'Token in a File…', prompt: 'The file, outside the workspace: absolute, or below ~.' },
  user: { label: 'User…', prompt: 'The token is then sent as the password of this user.' },
  context: { label: 'Context…', prompt: 'That of your kubeconfig; if empty, the current one.' },
  tenant: { label: 'Tenant…', prompt: 'Sent as X-Scope-OrgID.' },
};

export function accessItems({ access }: Kind, given: Source): Item<Field | 'test'>[] {
  const fields = access.map((name) => ({ label: FIELDS[name].label, description: plain(given[name] ?? ''), value: name }));
  return [{ label: '$(plug) Test the Connection', description: 'with what is below, or without credentials', value: 'test' }, ...fields];
}

// A mistake in an address, in words. The server checks the rest.
export function wrongUrl(text: string): string | undefined {
  const url = text.trim();
  if (/^(?:\w+:\/\/)?[^/]*@/.test(url)) {
    return 'Without user and password: this is written to settings, which may be shared.';
  }
  return url === '' ? 'An address is needed.' : undefined;
}

export function wrongName(text: string): string | undefined {
  return NAME.test(text) ? undefined : 'Letters, digits, dots, dashes and underscores, up to 60.';
}

// A token in place of the name of its variable would be shown, and saved. The server checks the rest.
export function wrongVariable(text: string): string | undefined {
  return /^[A-Za-z_][A-Za-z0-9_]{0,59}$/.test(text.trim()) || text.trim() === '' ? undefined : 'The name of a variable, such as PYROSCOPE_TOKEN, not the token.';
}

// A name for a source: of https://pyroscope.example.com, “pyroscope”; of s3://profiles/prod, “profiles”.
export function nameOf(url: string): string {
  const host = /^(?:\w+:\/\/)?([^/:?#]*)/.exec(url.trim())?.[1] ?? '';
  const first = /^[\d.]+$/.test(host) ? host : (host.split('.')[0] ?? '');
  return NAME.test(first) ? first : 'profiles';
}

// The services of a server, to choose one by its label; undefined is a selector that the user types.
export function serviceItems({ services, label }: SourceTest): Item<string | undefined>[] {
  const one = services.map((name) => ({ label: `$(server) ${plain(name)}`, value: `${label}=${JSON.stringify(name)}` }));
  return [{ label: 'Everything', value: '' }, ...(label === '' ? [] : one), { label: 'A Label Selector…', description: 'such as namespace="prod"', value: undefined, alwaysShow: true }];
}

export const RANGES: Item<number>[] = [
  { label: 'Last Hour', value: 3600 },
  { label: 'Last 6 Hours', value: 6 * 3600 },
  { label: 'Last Day', value: 24 * 3600 },
  { label: 'Last Week', value: 7 * 24 * 3600 },
];

export type ProcessItem = Item<SourceProcess['labels']> & { picked: boolean };

// The processes, those that grow most first: they are chosen unless the user chooses others.
export function processItems(processes: readonly SourceProcess[]): ProcessItem[] {
  return processes.map(({ labels, service, version, instance, detail }, i) => ({
    label: plain(instance || service || 'the only process'),
    description: plain(said(instance === '' ? '' : service, version)),
    detail: plain(detail),
    value: labels,
    picked: i < MOST_AT_ONCE,
  }));
}

// Returns the sources with this one added, or in place of the one of its name.
export function withSource(sources: readonly Source[], source: Source): Source[] {
  return [...sources.filter(({ name }) => name !== source.name), source];
}

// A source without what is empty, as settings have it.
export function bare(source: Source): Source {
  return Object.fromEntries(Object.entries(source).filter(([name, value]) => value !== '' && !(name === 'interval' && value === 15))) as unknown as Source;
}

export function sourceRows(sources: readonly ListedSource[]): SeriesRow[] {
  return sources.map(({ source, asks, allowed, snapshots, running, error, notes }) => ({
    id: `source\n${source.name}`,
    label: source.name,
    description: error === '' ? said(source.type, running ? 'fetching' : '', snapshots === 1 ? '1 snapshot' : `${snapshots} snapshots`, notes[0] ?? '') : error,
    tooltip: [code(asks || source.url), ...(allowed || asks === '' ? [] : ['Not allowed yet: fetching from it asks once.']), ...(error === '' ? [] : [escape(error)]), ...notes.map(escape)].join('\n\n'),
    icon: running ? { id: 'sync~spin' } : error === '' ? { id: 'cloud' } : { id: 'warning', color: 'list.warningForeground' },
    kind: said('source', running ? 'running' : error === '' ? '' : 'failed').replace(' · ', ' '),
    folding: 'leaf',
    source,
  }));
}
