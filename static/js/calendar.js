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

// ---- Moving a session -----------------------------------------------------------------------------------------------

// By mouse or by keys a shadow of the session goes to where it is to be; then the page that asks about it opens.
const STEP = 5
const QUARTER = 3
let move = null

const written = minute => `${Math.floor(minute / 60) % 12 || 12}:${String(minute % 60).padStart(2, '0')} ${minute < 720 ? 'am' : 'pm'}`
const say = words => { document.getElementById('calendar-says').textContent = words }
const rowOf = (elt, name) => Number(elt.className.match(new RegExp(`\\b${name}-(\\d+)`))?.[1])

function startMove (event) {
  const slot = event.closest('.ev-slot')
  const cal = event.closest('.cal')
  const ghost = document.createElement('li')
  ghost.setAttribute('aria-hidden', 'true')
  ghost.append(document.createElement('b'))
  move = {
    event,
    ghost,
    first: Number(cal.dataset.first),
    columns: [...cal.querySelectorAll('.cal-day[data-to]')],
    column: event.closest('.cal-day'),
    row: rowOf(slot, 'row'),
    span: rowOf(slot, 'span'),
    rows: rowOf(cal.querySelector('.cal-col > li:last-child'), 'span')
  }
  event.dataset.moving = ''
  putAt(move.column, move.row)
}

function putAt (column, row) {
  move.column = column
  move.row = Math.max(1, Math.min(row, move.rows - move.span + 1))
  move.ghost.className = `ghost row-${move.row} span-${move.span}`
  const at = written(move.first + (move.row - 1) * STEP)
  const name = column.querySelector('header').firstChild.textContent.trim()
  move.ghost.firstChild.textContent = at
  const list = column.querySelector('.cal-col')
  if (move.ghost.parentElement !== list) list.prepend(move.ghost)
  say(`${at}, ${name}`)
}

function endMove () {
  if (!move) return
  delete move.event.dataset.moving
  move.ghost.remove()
  move = null
  say('')
}

function finishMove () {
  const { event, column, row, first } = move
  const minute = first + (row - 1) * STEP
  const at = `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
  endMove()
  window.location.assign(`${event.dataset.moves}?${column.dataset.to}&at=${encodeURIComponent(at)}`)
}

let pressed = null
document.addEventListener('pointerdown', event => {
  const session = event.target.closest?.('.ev[data-moves]')
  // A finger scrolls.
  if (!session || event.button !== 0 || event.pointerType === 'touch') return
  pressed = { session, x: event.clientX, y: event.clientY, within: event.clientY - session.getBoundingClientRect().top }
})

document.addEventListener('pointermove', event => {
  if (!pressed) return
  if (!move) {
    if (Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) < 8) return
    startMove(pressed.session)
  }
  event.preventDefault()
  const over = document.elementFromPoint(event.clientX, event.clientY)?.closest('.cal-day[data-to]')
  if (!over || !move.columns.includes(over)) return
  const list = over.querySelector('.cal-col')
  const strut = list.querySelector(':scope > li:last-child').getBoundingClientRect()
  const row = Math.round((event.clientY - pressed.within - strut.top) / (strut.height / move.rows) / QUARTER) * QUARTER + 1
  putAt(over, row)
})

document.addEventListener('pointerup', event => {
  if (move && pressed) {
    // The link under the mouse is not followed.
    const swallow = click => { click.preventDefault(); click.stopPropagation() }
    document.addEventListener('click', swallow, true)
    setTimeout(() => document.removeEventListener('click', swallow, true))
    if (document.elementFromPoint(event.clientX, event.clientY)?.closest('.cal')) finishMove()
    else endMove()
  }
  pressed = null
})
document.addEventListener('pointercancel', () => { pressed = null; endMove() })
document.addEventListener('dragstart', event => { if (event.target.closest?.('.ev[data-moves]')) event.preventDefault() })

function steer (key) {
  const at = move.columns.indexOf(move.column)
  const turned = document.documentElement.dir === 'rtl' ? -1 : 1
  switch (key) {
    case 'ArrowDown': return putAt(move.column, move.row + QUARTER)
    case 'ArrowUp': return putAt(move.column, move.row - QUARTER)
    case 'ArrowRight': return putAt(move.columns[at + turned] ?? move.column, move.row)
    case 'ArrowLeft': return putAt(move.columns[at - turned] ?? move.column, move.row)
    case 'Enter': return finishMove()
    case 'Escape': return endMove()
  }
}

document.addEventListener('keydown', event => {
  if (move && /^(Arrow(Up|Down|Left|Right)|Enter|Escape)$/.test(event.key)) {
    event.preventDefault()
    steer(event.key)
    move?.ghost.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }
})
document.addEventListener('focusout', () => { if (!pressed) endMove() })

// ---- Keys -----------------------------------------------------------------------------------------------------------

const KEYS = { t: 'today', p: 'previous', n: 'next', 1: 'day', 2: 'week', 3: 'month', 4: 'agenda' }

document.addEventListener('keydown', event => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
  // Letters are words in a field, and somebody's dictation: on their account's pages staff switch them off.
  if (document.documentElement.hasAttribute('data-no-keys')) return
  if (event.target.closest?.('input, select, textarea, dialog, [contenteditable]')) return
  if (event.key === 'm' && event.target.matches?.('.ev[data-moves]')) {
    event.preventDefault()
    startMove(event.target)
    say(document.getElementById('calendar-says').dataset.how)
  } else if (event.key === 'g') {
    event.preventDefault()
    document.getElementById('go-to-day').focus()
  } else {
    document.querySelector(`#calendar a[data-key="${KEYS[event.key] ?? 'none'}"]`)?.click()
  }
})
