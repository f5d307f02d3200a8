// The rows of the view Findings, and its message if there are none.
import type { ListedFinding, ListedSeries, Severity } from '../protocol.ts';
import type { Icon, Row } from './rows.ts';
import { fileName, MISSING, placeOf, said, shortName, unique } from './rows.ts';

const SHAPES: Record<string, string> = { leak: 'flame', growing: 'arrow-up', filling: 'database' };

const COLORS: Record<Severity, string> = {
  error: 'problemsErrorIcon.foreground',
  warning: 'problemsWarningIcon.foreground',
  information: 'problemsInfoIcon.foreground',
  hint: 'descriptionForeground',
  off: 'descriptionForeground',
};

export function findingRows(findings: readonly ListedFinding[]): Row[] {
  return unique(findings.map(row));
}

function row(finding: ListedFinding): Row {
  const place = placeOf(finding.location);
  return {
    id: [finding.code, finding.function, finding.file, finding.line].join('\n'),
    label: `${fileName(finding.file)}:${finding.line}`, // short: a side bar is narrow, and the verdict matters more than a name
    description: said(finding.detail, shortName(finding.function), place === null ? MISSING : ''),
    tooltip: finding.tooltip,
    icon: icon(finding),
    kind: 'finding',
    folding: 'leaf',
    place,
    function: finding.function,
  };
}

// The shape of the icon shows the verdict, the colour its severity.
function icon({ verdict, severity }: ListedFinding): Icon {
  return { id: SHAPES[verdict] ?? 'circle-outline', color: COLORS[severity] };
}

const MIN_LEAK_SNAPSHOTS = 6; // of one process: with fewer, the server reports no leak

// Says what was judged; empty if no profile is shown, because the view then says what to do.
export function nothingFound(series: readonly ListedSeries[], lines: number, focus: string): string {
  const shown = series.find((one) => one.shown);
  if (shown === undefined) {
    return '';
  }
  const n = shown.process;
  if (n < 2) {
    return 'One snapshot of this process is read. What grows shows from the second on, a leak from the sixth.';
  }
  const seen = focus === '' ? 'Nothing' : `Of samples ${focus}, nothing`;
  const later = n < MIN_LEAK_SNAPSHOTS ? ' A leak shows from the sixth on.' : '';
  return `${seen} leaks or grows so far: ${counted(lines)} looked at, over ${n} snapshots.${later}`;
}

function counted(lines: number): string {
  return lines === 1 ? '1 hot line of your own code' : `${lines} hot lines of your own code`;
}
