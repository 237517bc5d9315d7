// The search for patients in a staff page's head, as a combobox: `/` leads to it, arrows walk through the list, Enter opens
// the one that is marked, Escape closes the list and then leads back to where one was. The focus never leaves the box.

const box = document.getElementById('find-words')
const panel = document.getElementById('find-patient')
const said = document.getElementById('found-count')
// What was focused before `/` was pressed.
let before = null
let shown = false
// Whether the list is what was found for the words in the box. An older one is shown on, dimmed, and leads nowhere.
let fresh = true
// What was pressed while the list of the words typed last was still on its way: the step that an arrow asked for, and
// whether Enter followed. A list that does not come within a second is not waited for: Enter sends the words themselves.
let early = 0
let opens = false
let patience = 0

const forget = () => { early = 0; opens = false; clearTimeout(patience) }
const send = () => { forget(); box.form.requestSubmit() }
const list = () => document.getElementById('found-patients')
const options = () => [...list().querySelectorAll('[role="option"]')]
// The box itself knows: while an answer settles, the list says for a moment what the answer said.
const marked = () => document.getElementById(box.getAttribute('aria-activedescendant') ?? '')
// Where Enter leads: to what is marked, or to what stands alone under the words that were typed.
const chosen = () => marked() ?? (fresh && shown && options().length === 1 ? options()[0] : null)

function mark (option) {
  marked()?.setAttribute('aria-selected', 'false')
  if (!option) { box.removeAttribute('aria-activedescendant'); return }
  option.setAttribute('aria-selected', 'true')
  box.setAttribute('aria-activedescendant', option.id)
  option.scrollIntoView({ block: 'nearest' })
}

function show (on) {
  shown = on
  if (!on) { mark(null); forget() }
  list().hidden = !on
  // Words alone, that nobody was found, are no list to walk through.
  box.setAttribute('aria-expanded', String(on && options().length > 0))
}

function step (by) {
  if (!fresh) { early = by; return }
  const all = options()
  if (!all.length) return
  if (list().hidden) show(true)
  const at = all.indexOf(marked())
  mark(at < 0 ? all.at(by > 0 ? 0 : -1) : all[(at + by + all.length) % all.length])
}

function back () {
  const to = before?.isConnected ? before : document.getElementById('main')
  before = null
  if (panel.matches(':popover-open')) panel.hidePopover()
  to.focus({ preventScroll: true })
}

if (box) {
  box.addEventListener('input', () => {
    fresh = false
    forget()
    mark(null)
    if (!box.value.trim()) { show(false); said.textContent = '' }
  })

  box.addEventListener('keydown', event => {
    if (event.isComposing) return
    const { key } = event
    if (key === 'ArrowDown' || key === 'ArrowUp') {
      event.preventDefault()
      step(key === 'ArrowDown' ? 1 : -1)
    } else if (key === 'Enter' && chosen()) {
      event.preventDefault()
      chosen().click()
    } else if (key === 'Enter' && (!fresh || !box.value.trim())) {
      event.preventDefault()
      if (fresh || opens) return
      opens = true
      patience = setTimeout(send, 1000)
    } else if (key === 'Escape') {
      event.preventDefault()
      if (!list().hidden) show(false)
      else if (box.value) { box.value = ''; said.textContent = '' } else back()
    }
  })

  for (const name of ['htmx:sendError', 'htmx:responseError', 'htmx:timeout']) box.addEventListener(name, () => opens ? send() : forget())
  box.addEventListener('focus', () => { if (fresh && box.value.trim() && list().childElementCount) show(true) })
  panel.addEventListener('focusout', event => { if (!panel.contains(event.relatedTarget)) show(false) })
  // A press on the list leaves the focus in the box.
  panel.addEventListener('mousedown', event => { if (list().contains(event.target)) event.preventDefault() })
  panel.addEventListener('toggle', event => {
    if (event.newState !== 'open') return
    before ??= document.querySelector('.find-button')
    box.focus()
  })

  document.addEventListener('htmx:afterSwap', event => {
    if (event.detail.target.id !== 'found-patients') return
    fresh = event.detail.requestConfig.parameters.q === box.value
    const wanted = Boolean(box.value.trim()) && document.activeElement === box
    show(wanted)
    said.textContent = wanted ? list().dataset.said : ''
  })

  // Settling writes the attributes of the answer once more, over what was shown and marked since the swap.
  document.addEventListener('htmx:afterSettle', event => {
    if (event.detail.target.id !== 'found-patients') return
    list().hidden = !shown
    document.getElementById(box.getAttribute('aria-activedescendant'))?.setAttribute('aria-selected', 'true')
    if (!shown || !fresh) return
    const [by, open] = [early, opens]
    forget()
    if (by) step(by)
    if (!open) return
    if (chosen()) chosen().click(); else send()
  })

  document.addEventListener('keydown', event => {
    if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return
    const at = event.target
    if (at.isContentEditable || at.matches('input, textarea, select') || document.querySelector('dialog[open]')) return
    if (document.documentElement.hasAttribute('data-no-keys')) return
    event.preventDefault()
    before = document.activeElement === document.body ? null : document.activeElement
    // On a phone with a keyboard it is put away until it is asked for.
    if (!box.checkVisibility()) panel.showPopover()
    box.focus()
    box.select()
  })
}
