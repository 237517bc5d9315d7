// The calendar keeps itself up to date: when something of it changed, the new one takes the place of the old, and whoever
// reads goes on where they were.

const calendar = () => document.getElementById('calendar')
const isPoll = event => event.detail.requestConfig?.headers['HX-Polling'] && event.detail.target.id === 'calendar'

// ---- News -----------------------------------------------------------------------------------------------------------

// What somebody works at is not taken away: the day that they type, a session that they drag.
const isBusy = () => calendar().querySelector('input:focus, [data-moving]') !== null

// The same link in the next drawing: by its address, and of those by its place.
function place (elt) {
  if (!elt || !calendar().contains(elt)) return null
  const address = elt.getAttribute('href')
  const alike = root => [...root.querySelectorAll(address ? `a[href="${CSS.escape(address)}"]` : elt.localName)]
  const nth = alike(calendar()).indexOf(elt)
  return () => alike(calendar())[nth] ?? alike(calendar())[0]
}

document.addEventListener('htmx:beforeRequest', event => {
  if (isPoll(event) && isBusy()) event.preventDefault()
})

document.addEventListener('htmx:beforeSwap', event => {
  if (!isPoll(event) || !event.detail.shouldSwap) return
  if (isBusy()) { event.detail.shouldSwap = false; return }
  const scrolled = [...calendar().querySelectorAll('.cal, .table-wrap')].map(box => [box.scrollLeft, box.scrollTop])
  const focused = place(document.activeElement)
  document.addEventListener('htmx:afterSwap', () => {
    calendar().querySelectorAll('.cal, .table-wrap').forEach((box, n) => {
      if (scrolled[n]) [box.scrollLeft, box.scrollTop] = scrolled[n]
    })
    focused?.()?.focus({ preventScroll: true })
  }, { once: true })
})

// ---- Empty half hours -----------------------------------------------------------------------------------------------

// A day of twenty people has hundreds: they are one stop of the tab key, and the arrows go from one to the next.
const half = () => [...document.querySelectorAll('#calendar a.free')]

function rove (to) {
  for (const one of half()) one.tabIndex = one === to ? 0 : -1
}

function beside (link, key) {
  const column = link.closest('.cal-day')
  const inColumn = [...column.querySelectorAll('a.free')]
  const at = inColumn.indexOf(link)
  if (key === 'ArrowDown') return inColumn[at + 1]
  if (key === 'ArrowUp') return inColumn[at - 1]
  const turned = document.documentElement.dir === 'rtl'
  let next = column
  while ((next = (key === 'ArrowRight') === turned ? next.previousElementSibling : next.nextElementSibling)) {
    const found = [...next.querySelectorAll('a.free')]
    if (found.length) {
      const height = one => Math.abs(one.getBoundingClientRect().top - link.getBoundingClientRect().top)
      return found.reduce((best, one) => height(one) < height(best) ? one : best)
    }
  }
}

document.addEventListener('keydown', event => {
  const link = event.target.closest?.('a.free')
  if (!link || !/^Arrow/.test(event.key) || event.ctrlKey || event.metaKey || event.altKey) return
  event.preventDefault()
  const next = beside(link, event.key)
  if (!next) return
  rove(next)
  next.focus()
})

document.addEventListener('htmx:afterSettle', () => rove(half().find(one => one === document.activeElement) ?? half()[0]))
rove(half()[0])
