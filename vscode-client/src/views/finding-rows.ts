// The rows of the view Findings.
import { shortName } from '../../pictures/packages.ts';
import type { ListedFinding, Severity } from '../protocol.ts';
import type { Icon, Row } from './rows.ts';
import { editedLine, escape, lineName, MISSING, placeOf, said, unique } from './rows.ts';

const SHAPES: Record<string, string> = { leak: 'flame', growing: 'arrow-up', filling: 'database' };

const COLORS: Record<Severity, string> = {
  error: 'problemsErrorIcon.foreground',
  warning: 'problemsWarningIcon.foreground',
  information: 'problemsInfoIcon.foreground',
  hint: 'descriptionForeground',
  off: 'descriptionForeground',
};

// `nothing` says why nothing is found; '' if something is.
export function findingRows(findings: readonly ListedFinding[], nothing = ''): Row[] {
  return unique([...(nothing === '' ? [] : [none(nothing)]), ...findings.map(row)]);
}

// A row has one line, however narrow the side bar is; its tooltip has the whole sentence.
function none(nothing: string): Row {
  const [label = '', ...rest] = nothing.split(': ');
  return { id: 'nothing', label, description: rest.join(': '), tooltip: escape(nothing), icon: { id: 'info' }, kind: 'nothing', folding: 'leaf' };
}

function row(finding: ListedFinding): Row {
  const place = placeOf(finding.location);
  const name = shortName(finding.function);
  return {
    id: [finding.code, finding.function, finding.file, finding.line].join('\n'),
    label: labelOf(finding, name),
    description: said(finding.detail, finding.file === '' ? '' : name, place === null && !finding.edited ? MISSING : ''),
    tooltip: finding.tooltip,
    icon: icon(finding),
    kind: 'finding',
    folding: 'leaf',
    place,
    function: finding.function,
    finding: finding.id,
  };
}

// Short, because a side bar is narrow. An edited line has no number now, though a click opens its function.
function labelOf({ file, line, edited, location }: ListedFinding, name: string): string {
  if (file === '') {
    return name;
  }
  return edited ? editedLine(file, line) : lineName(placeOf(location), file, line);
}

// The shape of the icon shows the verdict, the colour its severity.
function icon({ verdict, severity }: ListedFinding): Icon {
  return { id: SHAPES[verdict] ?? 'circle-outline', color: COLORS[severity] };
}
