// @ts-check
import { byId, copyFrom } from './page.js'

for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll('.copy'))) {
  const source = button.parentElement?.querySelector('code')
  if (!source) continue
  button.hidden = false
  button.addEventListener('click', () => void copyFrom(button, source))
}

const find = /** @type {HTMLInputElement} */ (byId('find'))
const label = /** @type {HTMLElement} */ (find.parentElement)
label.hidden = false

const operations = /** @type {HTMLElement[]} */ ([...document.querySelectorAll('[data-find]')]).map((article) => ({
  article,
  link: /** @type {HTMLElement | null} */ (document.querySelector(`[data-for="${article.id}"]`)),
  words: `${article.dataset.find ?? ''} ${article.id}`.toLowerCase(),
}))
const groups = /** @type {HTMLElement[]} */ ([...document.querySelectorAll('.index .group')])
const rooms = /** @type {HTMLElement[]} */ ([...document.querySelectorAll('.room')])

function show() {
  const wanted = find.value.toLowerCase().split(/\s+/).filter(Boolean)
  let any = false
  for (const { article, link, words } of operations) {
    const fits = wanted.every((word) => words.includes(word))
    article.hidden = !fits
    if (link) link.hidden = !fits
    any ||= fits
  }
  for (const group of groups) group.hidden = !group.querySelector('li:not([hidden])')
  for (const room of rooms) room.hidden = wanted.length > 0 && !room.querySelector('[data-find]:not([hidden])')
  byId('none').hidden = any
}
find.addEventListener('input', show)
find.addEventListener('keydown', ({ key }) => {
  if (key === 'Enter') operations.find(({ article }) => !article.hidden)?.article.scrollIntoView()
})
document.addEventListener('keydown', (event) => {
  if (event.key !== '/' || event.target instanceof HTMLInputElement) return
  event.preventDefault()
  find.focus()
})
// A link within the page leads to what a search may have hidden.
addEventListener('hashchange', () => {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)))
  if (!target?.closest('[hidden]')) return
  find.value = ''
  show()
  target.scrollIntoView()
})

// Where the index stands above the page, it would push everything out of sight.
const beside = matchMedia('(min-width: 60rem)')
const list = /** @type {HTMLDetailsElement | null} */ (document.querySelector('.index details'))
const fold = () => {
  if (list) list.open = beside.matches
}
beside.addEventListener('change', fold)
fold()
show()
