import type {Comparison, PacsStudy} from './findings.ts';

/** One series on the page. */
export interface PageSeries {
  readonly description: string;
  readonly modality: string;
  readonly files: string;
  readonly types: readonly string[];
  readonly before: string | undefined;
  readonly after: string | undefined;
  /** Why there is nothing on the right side. */
  readonly why: string;
}

/** One study on its way. */
export interface PageStudy {
  readonly title: string;
  readonly calledAeTitle: string;
  readonly accession: string;
  readonly patient: string;
  /** Undefined: belongs to no project. */
  readonly project: string | undefined;
  readonly subject: string | undefined;
  readonly by: string;
  readonly series: readonly PageSeries[];
}

/** Everything the page tells. */
export interface PageFacts {
  readonly studies: readonly PageStudy[];
  readonly pacs: readonly PacsStudy[];
  readonly comparison: readonly Comparison[];
  readonly planted: number;
  readonly foundReceived: number;
  readonly foundSent: number;
  readonly received: number;
  readonly sent: number;
}

const markup = (text: string): string => text.replace(/[&<>"]/g, character => `&#${character.codePointAt(0)};`);

const style = `
:root{--ink:#1c2733;--soft:#5b6b7b;--line:#d7dee6;--paper:#f6f8fa;--card:#fff;--good:#0a7d4f;--bad:#b3261e;--accent:#1f5fa8}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9aa8b6;--line:#33404d;--paper:#11171d;--card:#1a222b;--good:#4cc38a;--bad:#ff8a80;--accent:#7db4f0}}
*{box-sizing:border-box}body{margin:0;font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
main{max-width:70rem;margin:0 auto;padding:2rem 1.25rem 4rem}h1{font-size:1.9rem;margin:0 0 .25rem}h2{font-size:1.25rem;margin:2.5rem 0 .75rem}
p.lead{color:var(--soft);margin:0 0 1.5rem;max-width:46rem}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:1rem}
.figure{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:.9rem 1rem}.figure b{display:block;font-size:1.8rem;line-height:1.2}
.figure.good b{color:var(--good)}.figure span{color:var(--soft);font-size:.9rem}
.card{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:1rem;margin:0 0 1rem}
.card h3{margin:0 0 .2rem;font-size:1.05rem}.card .meta{color:var(--soft);font-size:.9rem;margin:0 0 .8rem}
.series{display:grid;grid-template-columns:1fr 9rem 2rem 9rem;gap:.4rem 1rem;align-items:center;padding:.6rem 0;border-top:1px solid var(--line)}
.series img,.series .none{width:9rem;height:9rem;border-radius:.3rem;background:#000;object-fit:contain}
.series .none{background:transparent;border:1px dashed var(--line);display:flex;align-items:center;justify-content:center;text-align:center;color:var(--soft);font-size:.85rem;padding:.5rem}
.arrow{text-align:center;color:var(--soft)}.chip{display:inline-block;border:1px solid var(--line);border-radius:1rem;padding:0 .55rem;margin:.15rem .2rem 0 0;font-size:.8rem;color:var(--soft)}
table{border-collapse:collapse;width:100%;background:var(--card);border:1px solid var(--line);font-size:.92rem}th,td{text-align:left;padding:.4rem .7rem;border-top:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
th{color:var(--soft);font-weight:600}tbody th{white-space:nowrap}td.gone{color:var(--bad)}td.new{color:var(--good)}.scroll{overflow-x:auto}
svg{width:100%;height:auto;background:var(--card);border:1px solid var(--line);border-radius:.6rem}svg text{font:14px system-ui,sans-serif;fill:var(--ink)}svg .small{font-size:12px;fill:var(--soft)}
svg rect{fill:var(--paper);stroke:var(--line)}svg rect.pacs{stroke:var(--accent)}svg path{fill:none;stroke:var(--accent);stroke-width:1.5}svg path.no{stroke:var(--soft);stroke-dasharray:4 4}
@media (max-width:40rem){.series{grid-template-columns:1fr 1fr}.series>div:first-child{grid-column:1/-1}.arrow{display:none}.series img,.series .none{width:100%;height:auto;min-height:6rem}}
`;

/** The story of the demo as one page that needs nothing else. */
export function storyPage(facts: PageFacts): string {
  const figure = (value: number, words: string, kind = ''): string =>
    `<div class="figure ${kind}"><b>${value}</b><span>${words}</span></div>`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>Fiona: from the modality to the research PACS</title><style>${style}</style></head><body><main>
<h1>From the modality to the research PACS</h1>
<p class="lead">Five synthetic studies of three synthetic patients went through the gateway: received, indexed and classified, registered in REDCap, routed to research projects, de-identified, sent. Nobody shown here exists.</p>
<div class="figures">
${figure(facts.received, 'instances received')}
${figure(facts.sent, 'instances in the research PACS')}
${figure(facts.foundReceived, `occurrences of ${facts.planted} planted identifiers in what was received`)}
${figure(facts.foundSent, 'occurrences in what the research PACS stored', facts.foundSent === 0 ? 'good' : '')}
</div>
<h2>Which study goes where</h2>${diagram(facts.studies)}
<h2>Received beside de-identified</h2>${facts.studies.map(studyCard).join('\n')}
<h2>One instance before and after</h2>${comparisonTable(facts.comparison)}
<h2>What the research PACS answers</h2>${pacsTable(facts.pacs)}
</main></body></html>
`;
}

const rowHeight = 66;

function diagram(studies: readonly PageStudy[]): string {
  const projects = [...new Set(studies.map(({project}) => project).filter(project => project !== undefined))].sort();
  const height = studies.length * rowHeight + 20;
  const middle = (index: number, of: number): number => ((index + 0.5) * (height - 20)) / of + 10;
  const left = studies.map((study, index) => {
    const y = middle(index, studies.length);
    const target = study.project === undefined ? -1 : projects.indexOf(study.project);
    const end = target < 0 ? y : middle(target, projects.length);
    const path =
      target < 0 ? `<path class="no" d="M330 ${y} H420"/>` : `<path d="M330 ${y} C470 ${y} 470 ${end} 600 ${end}"/>`;
    const label =
      target < 0
        ? `<text class="small" x="430" y="${y + 4}">no rule: stays here</text>`
        : `<text class="small" x="345" y="${y - 8}">${markup(study.by)}</text>`;
    return `<rect x="10" y="${y - 24}" width="320" height="48" rx="6"/><text x="24" y="${y - 3}">${markup(study.title)}</text><text class="small" x="24" y="${y + 15}">called ${markup(study.calledAeTitle)}, accession ${markup(study.accession)}</text>${path}${label}`;
  });
  const right = projects.map((project, index) => {
    const y = middle(index, projects.length);
    const subjects = [
      ...new Set(studies.filter(study => study.project === project).map(({subject}) => subject ?? '')),
    ].join(', ');
    return `<rect class="pacs" x="600" y="${y - 24}" width="290" height="48" rx="6"/><text x="614" y="${y - 3}">${markup(project)}</text><text class="small" x="614" y="${y + 15}">${markup(subjects)}</text>`;
  });
  return `<svg viewBox="0 0 900 ${height}" role="img" aria-label="Studies on the left, research projects on the right">${left.join('')}${right.join('')}</svg>`;
}

function studyCard(study: PageStudy): string {
  const where =
    study.project === undefined
      ? 'belongs to no project, stays in the gateway'
      : `${study.project} as ${study.subject}`;
  const side = (picture: string | undefined, words: string, alt: string): string =>
    picture === undefined ? `<div class="none">${markup(words)}</div>` : `<img alt="${markup(alt)}" src="${picture}">`;
  const series = study.series.map(
    ({description, modality, files, types, before, after, why}) =>
      `<div class="series"><div><b>${markup(description)}</b> <span class="chip">${markup(modality)}</span> <span class="chip">${markup(files)} instances</span><br>${types.map(type => `<span class="chip">${markup(type)}</span>`).join('')}</div>${side(before, 'no picture', `received: ${description}`)}<div class="arrow">→</div>${side(after, why, `de-identified: ${description}`)}</div>`,
  );
  return `<div class="card"><h3>${markup(study.title)}</h3><p class="meta">${markup(study.patient)}: ${markup(where)}</p>${series.join('')}</div>`;
}

function comparisonTable(rows: readonly Comparison[]): string {
  const body = rows.map(({keyword, before, after}) => {
    const kind = before === after ? ['', ''] : ['gone', 'new'];
    return `<tr><th scope="row">${markup(keyword)}</th><td class="${kind[0]}">${markup(before)}</td><td class="${kind[1]}">${markup(after)}</td></tr>`;
  });
  return `<div class="scroll"><table><thead><tr><th>Element</th><th>Received</th><th>Sent</th></tr></thead><tbody>${body.join('')}</tbody></table></div>`;
}

function pacsTable(studies: readonly PacsStudy[]): string {
  const body = studies.map(
    each =>
      `<tr><td>${markup(each.institution)}</td><td>${markup(each.patientId)}</td><td>${markup(each.studyDate)}</td><td>${markup(each.description)}</td><td>${markup(each.series)}</td><td>${markup(each.instances)}</td><td>${markup(each.studyUid)}</td></tr>`,
  );
  return `<div class="scroll"><table><thead><tr><th>Project</th><th>Participant</th><th>Date</th><th>Description</th><th>Series</th><th>Instances</th><th>StudyInstanceUID</th></tr></thead><tbody>${body.join('')}</tbody></table></div>`;
}
