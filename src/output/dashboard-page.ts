/** Dashboards as one self-contained page: all of them without a script, or one that keeps itself fresh. */
import type { SeenDashboard } from '../facts/dashboard.ts'
import { panelHtml } from './dashboard-panel.ts'
import { escapeXml } from './junit.ts'
import { clean } from './text.ts'

const text = (raw: string): string => escapeXml(clean(raw))

export interface PageAbout {
  job: string
  /** Where the answers come from. */
  where: string
  /** RFC 3339. */
  at: string
}

/** The panels of one dashboard and what happened meanwhile, without the page around them. */
export function boardHtml(board: SeenDashboard, { at }: Pick<PageAbout, 'at'>): string {
  const happened = board.marks.map(
    ({ at: when, kind, what }) =>
      `<li><i class="${kind}"></i><time>${new Date(when * 1000).toISOString().slice(11, 19)} UTC</time> ${kind === 'deploy' ? 'deploy of ' : ''}${text(what)}</li>`,
  )
  return [
    `<p class="about">Runbook: <code>task-mcp runbook show ${text(board.runbook)}</code>. As of <time>${text(at)}</time>.</p>`,
    happened.length === 0 ? '' : `<ul class="marks">${happened.join('')}</ul>`,
    `<div class="panels">${board.panels.map((panel) => panelHtml(panel, board.stretch, board.marks)).join('\n')}</div>`,
  ].join('\n')
}

/** A file with all dashboards, to keep or to send. */
export function dashboardFile(boards: readonly SeenDashboard[], about: PageAbout): string {
  const links = boards.map(({ name }) => `<a href="#${name.toLowerCase()}">${text(name)}</a>`).join('')
  const sections = boards.map(
    (board) => `<section id="${board.name.toLowerCase()}"><h2>${text(board.name)}</h2>${boardHtml(board, about)}</section>`,
  )
  return page({
    about,
    title: about.job,
    nav: links,
    body: sections.join('\n'),
    policy: "default-src 'none'; style-src 'unsafe-inline'",
    script: '',
  })
}

/** The page of one dashboard that asks its own address for fresh panels every `seconds`. `nonce` lets its one script run. */
export function livePage(
  board: SeenDashboard,
  names: readonly string[],
  about: PageAbout,
  live: { seconds: number; nonce: string },
): string {
  const links = names.map((name) => `<a href="${name.toLowerCase()}"${name === board.name ? ' aria-current="page"' : ''}>${text(name)}</a>`)
  const script = `<script nonce="${live.nonce}">${refresher(live.seconds)}</script>`
  return page({
    about,
    title: `${board.name} - ${about.job}`,
    nav: links.join(''),
    body: `<section><h2>${text(board.name)} <small id="state"></small></h2><div id="board">${boardHtml(board, about)}</div></section>`,
    policy: `default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-${live.nonce}'; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'`,
    script,
  })
}

const refresher = (seconds: number): string => `
const board = document.getElementById('board'), state = document.getElementById('state')
async function fresh() {
  if (!document.hidden) try {
    const answer = await fetch(location.pathname + '?panels')
    const html = await answer.text()
    if (answer.ok) { board.innerHTML = html; state.textContent = '' } else state.textContent = html
  } catch { state.textContent = 'task-mcp dashboard has ended: these are the last values' }
  setTimeout(fresh, ${seconds * 1000})
}
setTimeout(fresh, ${seconds * 1000})
`

function page(parts: { about: PageAbout; title: string; nav: string; body: string; policy: string; script: string }): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">
<meta http-equiv="Content-Security-Policy" content="${parts.policy.replace(/; frame-ancestors 'none'/, '')}">
<title>${text(parts.title)}</title><style>${style}</style></head><body>
<header><h1>${text(parts.about.job)}</h1><nav>${parts.nav}</nav></header>
${parts.body}
<footer>task-mcp dashboard, from ${text(parts.about.where)}. Times are UTC.</footer>
${parts.script}</body></html>
`
}

const light = ['#0b5cad', '#b3261e', '#1a7f37', '#8a5a00', '#7b3fb5', '#00737a', '#a33b75', '#57606a']
const dark = ['#79b8ff', '#ff8b82', '#5bd47a', '#e3b341', '#c9a5ff', '#5fd3dc', '#ff9ed2', '#b6bec7']
const colours = (all: readonly string[]) => all.map((colour, index) => `--c${index}:${colour}`).join(';')
const lines = light.map((_, index) => `.c${index}{stroke:var(--c${index})}.k${index}{background:var(--c${index})}`).join('')

const style = `
:root{--ink:#1b1f24;--soft:#57606a;--paper:#fff;--card:#f6f8fa;--edge:#d0d7de;--grid:#e4e8ec;${colours(light)}}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9aa4ae;--paper:#0d1117;--card:#161b22;--edge:#30363d;--grid:#262c33;${colours(dark)}}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:90rem;padding:1rem;background:var(--paper);color:var(--ink);font:16px/1.45 system-ui,sans-serif;overflow-wrap:anywhere}
header{display:flex;flex-wrap:wrap;gap:.5rem 1.5rem;align-items:baseline}
h1{margin:0;font-size:1.3rem}h2{margin:1.2rem 0 .2rem;font-size:1.15rem}
nav{display:flex;flex-wrap:wrap;gap:.25rem}
nav a{padding:.35rem .7rem;border:1px solid var(--edge);border-radius:.4rem;color:var(--ink);text-decoration:none}
nav a[aria-current]{background:var(--ink);color:var(--paper)}
small,time,footer,.about,.empty,.axis,.scale{color:var(--soft)}
#state{color:var(--c1);font-weight:400}
.about,footer{font-size:.85rem;margin:.2rem 0 .6rem}
.panels{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(26rem,100%),1fr));gap:.8rem}
.panel{margin:0;padding:.7rem .8rem;background:var(--card);border:1px solid var(--edge);border-radius:.5rem;min-width:0}
figcaption{margin-bottom:.4rem}
.plot{display:flex;gap:.4rem;height:9rem}
.scale{display:flex;flex-direction:column;justify-content:space-between;align-items:flex-end;font-size:.75rem;line-height:1;min-width:3.2rem}
svg{display:block;flex:1;min-width:0;height:100%;background:var(--paper);border:1px solid var(--edge)}
path{fill:none;stroke-width:1.75;vector-effect:non-scaling-stroke}
.grid{stroke:var(--grid);stroke-width:1}.zero{stroke:var(--soft);stroke-width:1}
.deploy{stroke:var(--c0);stroke-dasharray:4 3}.incident{stroke:var(--c1);stroke-dasharray:4 3}
i.deploy{background:var(--c0)}i.incident{background:var(--c1)}
${lines}
.axis{display:flex;justify-content:space-between;font-size:.75rem;padding-left:3.6rem}
.keys,.marks{list-style:none;margin:.4rem 0 0;padding:0;display:flex;flex-wrap:wrap;gap:.1rem .9rem;font-size:.85rem}
i{display:inline-block;width:.8rem;height:.25rem;border-radius:.1rem;margin-right:.35rem;vertical-align:middle}
.empty{height:9rem;margin:0;display:flex;align-items:center;justify-content:center;text-align:center}
code{font:.85rem ui-monospace,monospace}
`
