/** The script of pages with flame graphs: draws what is wide enough to see, zooms on a click, marks what is searched for. Asks nothing of any network. */
export const flameScript = `
'use strict'
const rowHeight = 22
const figures = [...document.querySelectorAll('.flame')].map((box) => {
  const data = JSON.parse(box.querySelector('script').textContent)
  const figure = { box, unit: data.unit, tree: data.tree, at: data.tree, shown: box.querySelector('.rows'), said: box.querySelector('.said') }
  const tie = (node) => { for (const child of node[2]) { child[3] = node; tie(child) } }
  tie(figure.tree)
  return figure
})
const search = document.getElementById('search')
const amount = (value, unit) => {
  if (unit === 'nanoseconds') return value >= 1e9 ? (value / 1e9).toFixed(2) + ' s' : (value / 1e6).toFixed(1) + ' ms'
  if (unit !== 'bytes') return String(value)
  const names = ['B', 'kB', 'MB', 'GB']
  let at = 0
  while (value >= 1000 && at < 3) { value /= 1000; at++ }
  return (at === 0 ? value : value.toFixed(1)) + ' ' + names[at]
}
const hue = (name) => {
  let sum = 0
  for (const letter of name.split(' ').at(-1).replace(/:\\d+$/, '')) sum = (sum * 31 + letter.codePointAt(0)) >>> 0
  return 10 + (sum % 48)
}
const share = (part, whole) => ((part / (whole || 1)) * 100).toFixed(1) + '%'
function matcher() {
  const text = search.value.trim()
  if (text === '') return undefined
  try { const pattern = new RegExp(text, 'i'); return (name) => pattern.test(name) }
  catch { return (name) => name.toLowerCase().includes(text.toLowerCase()) }
}
function draw(figure) {
  const { at, tree, unit, shown } = figure
  const wide = shown.clientWidth || 600
  const found = matcher()
  const parts = []
  let deepest = 0
  const place = (node, left, width, depth, above) => {
    if (width * wide < 1.5) return
    deepest = Math.max(deepest, depth)
    const part = document.createElement('button')
    part.type = 'button'
    part.style.left = left * 100 + '%'
    part.style.width = width * 100 + '%'
    part.style.top = depth * rowHeight + 'px'
    part.style.setProperty('--hue', hue(node[0]))
    if (above) part.classList.add('above')
    if (found && found(node[0])) part.classList.add('hit')
    part.textContent = width * wide > 28 ? node[0] : ''
    const words = node[0] + ': ' + amount(node[1], unit) + ', ' + share(node[1], tree[1])
    part.title = words
    part.setAttribute('aria-label', words)
    part.addEventListener('click', () => { figure.at = node; draw(figure); shown.querySelector('button:not(.above)')?.focus({ preventScroll: true }) })
    part.addEventListener('mouseenter', () => { figure.said.textContent = words })
    part.addEventListener('focus', () => { figure.said.textContent = words })
    parts.push(part)
  }
  const chain = []
  for (let node = at[3]; node; node = node[3]) chain.unshift(node)
  chain.forEach((node, depth) => place(node, 0, 1, depth, true))
  const walk = (node, left, width, depth) => {
    place(node, left, width, depth, false)
    if (width * wide < 1.5) return
    let from = left
    for (const child of node[2]) {
      const part = width * (child[1] / (node[1] || 1))
      walk(child, from, part, depth + 1)
      from += part
    }
  }
  walk(at, 0, 1, chain.length)
  shown.style.height = (deepest + 1) * rowHeight + 'px'
  shown.replaceChildren(...parts)
  figure.said.textContent = found ? 'found ' + share(covered(tree, found), tree[1]) + ' of all' : at === tree ? '' : at[0] + ': ' + amount(at[1], unit) + ', ' + share(at[1], tree[1])
}
function covered(node, found) {
  return found(node[0]) ? node[1] : node[2].reduce((sum, child) => sum + covered(child, found), 0)
}
const all = () => figures.forEach(draw)
search?.addEventListener('input', all)
document.addEventListener('keydown', (event) => {
  if (event.key === '/' && document.activeElement !== search) { event.preventDefault(); search.focus() }
  if (event.key === 'Escape') { for (const figure of figures) figure.at = figure.tree; search.value = ''; all() }
})
document.querySelectorAll('.flame .out').forEach((button, at) => button.addEventListener('click', () => { figures[at].at = figures[at].tree; draw(figures[at]) }))
let waiting
addEventListener('resize', () => { clearTimeout(waiting); waiting = setTimeout(all, 100) })
all()
`
