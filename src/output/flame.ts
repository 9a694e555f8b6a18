/** A flame graph as a piece of a page: its data, the place it is drawn in, and the style of it. */
import { createHash } from 'node:crypto'
import type { Flame } from '../profile/stacks.ts'
import { flameScript } from './flame-script.ts'
import { escapeXml } from './junit.ts'
import { clean } from './text.ts'

/** Nodes of one graph at most: a page should open at once. */
const mostNodes = 20_000

type Node = [name: string, value: number, children: Node[]]

/** The figure for a tree whose values are in `unit` (`nanoseconds`, `bytes`, or a count). */
export function flameFigure(tree: Flame, unit: string): string {
  let left = mostNodes
  const packed = ({ name, value, children }: Flame): Node => {
    left--
    return [clean(name), value, left > 0 ? children.map(packed) : []]
  }
  // "<" would end the script early.
  const data = JSON.stringify({ unit, tree: packed(tree) }).replaceAll('<', '\\u003c')
  return `<div class="flame"><div class="bar"><button type="button" class="out">whole</button><span class="said" aria-live="polite"></span></div><div class="rows"><noscript>${escapeXml('The graph needs scripts; the tables do not.')}</noscript></div><script type="application/json">${data}</script></div>`
}

/** The script element that draws every figure of the page, and the policy that lets this script and no other run. */
export const flameScriptElement = `<script>${flameScript}</script>`
export const flamePolicy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${createHash('sha256').update(flameScript).digest('base64')}'`

export const flameStyle = `
.flame{margin:.6rem 0 1.2rem}
.bar{display:flex;gap:.6rem;align-items:baseline;min-height:1.8rem;font-size:.85rem;color:var(--soft)}
.bar .out{font:inherit;color:var(--ink);background:var(--paper);border:1px solid var(--edge);border-radius:.3rem;cursor:pointer;padding:.1rem .6rem}
.rows{position:relative;overflow:hidden;background:var(--paper);border:1px solid var(--edge)}
.rows button{position:absolute;height:21px;padding:0 .25rem;border:0;border-right:1px solid var(--paper);overflow:hidden;white-space:nowrap;text-align:left;text-overflow:ellipsis;font:12px/21px ui-monospace,monospace;color:#1b1f24;background:hsl(var(--hue) 85% 68%);cursor:pointer}
.rows button.above{opacity:.55}
.rows button.hit{background:#c77dff;outline:1px solid #7b2cbf}
.rows button:focus-visible{outline:2px solid var(--blue);outline-offset:-2px}
@media (prefers-color-scheme:dark){.rows button{background:hsl(var(--hue) 60% 60%)}.rows button.hit{background:#d8a8ff}}
#search{width:100%;max-width:24rem;font:inherit;padding:.4rem .6rem;color:var(--ink);background:var(--paper);border:1px solid var(--edge);border-radius:.3rem}
td.number,th.number{text-align:right;white-space:nowrap;width:1%}
@media (max-width:40rem){.plain thead{display:table-header-group}.plain tr{display:table-row}.plain td{display:table-cell;border-top:1px solid var(--edge);padding:.3rem;min-width:0}}
`
