// Manners for htmx: say when something is loading, when it failed, and where the reader is afterwards.

const { ask, startHolds } = window.portal

const progress = document.getElementById('progress')
const floating = document.getElementById('floating-toasts')
let running = 0

function busy (target, on) {
  running = Math.max(0, running + (on ? 1 : -1))
  progress.classList.toggle('on', running > 0)
  if (on) target?.setAttribute('aria-busy', 'true')
  else target?.removeAttribute('aria-busy')
}

// What is pressed acts once. A box that asks while somebody types does nothing that could happen twice, nor does a form
// that shows what its changes come to: its button may be pressed while that is on its way.
const acts = ({ elt, requestConfig }) =>
  elt.matches('form:not([data-again]), button, a') && requestConfig.triggeringEvent?.type !== 'change'

// What looks for news by itself neither dims the page nor moves the reader.
const isPoll = event => Boolean(event.detail.requestConfig?.headers['HX-Polling'])

// Where the keyboard was when each request left: within what will be swapped, and shown there.
const keyboards = new WeakMap()

document.addEventListener('htmx:beforeRequest', event => {
  const { elt, target, requestConfig, xhr } = event.detail
  if (isPoll(event)) {
    // Nobody's menu is taken away while they read it; a minute later the list asks again.
    if (target.querySelector('details.more[open]')) event.preventDefault()
    return
  }
  const focused = document.activeElement
  const within = focused !== document.body && target.contains(focused)
  keyboards.set(xhr, { within, shown: within && focused.matches(':focus-visible') })
  if (elt.dataset.sent) { event.preventDefault(); return }
  if (requestConfig.verb !== 'get' && acts(event.detail)) {
    elt.dataset.sent = 'yes'
    const button = elt.matches('form') ? elt.querySelector('[type="submit"], button:not([type])') : elt
    button?.setAttribute('aria-disabled', 'true')
  }
  busy(target, true)
})

document.addEventListener('htmx:afterRequest', event => {
  const { elt, target } = event.detail
  if (isPoll(event)) return
  delete elt.dataset.sent
  const button = elt.matches('form') ? elt.querySelector('[aria-disabled]') : elt
  button?.removeAttribute('aria-disabled')
  busy(target, false)
})

// ---- What is pressed stays under the press --------------------------------------------------------------------------

// A browser that has lost the button between its going down and its coming up again presses nothing: an answer that would
// draw anew what is being pressed waits until it is let go, and what the press does has begun.
let held = null
let waiting = []

function letGo () {
  held = null
  setTimeout(() => { if (!held) waiting.splice(0).forEach(go => go()) }, 50)
}
document.addEventListener('pointerdown', event => { held = event.target }, true)
for (const end of ['pointerup', 'pointercancel', 'dragend']) document.addEventListener(end, letGo, true)
document.addEventListener('keydown', event => { if (event.key === ' ' && event.target.matches?.('button, summary')) held = event.target }, true)
document.addEventListener('keyup', event => { if (event.key === ' ' && held) letGo() }, true)
window.addEventListener('blur', () => { if (held) letGo() })

document.addEventListener('htmx:beforeRequest', event => {
  const { target, xhr } = event.detail
  const { onload } = xhr
  xhr.onload = () => held && target.contains(held) ? waiting.push(() => onload.call(xhr)) : onload.call(xhr)
})

// What looks for news comes too late where something was sent meanwhile whose answer draws the same. What else was drawn
// anew meanwhile has left its place to another of the same name.
document.addEventListener('htmx:beforeSwap', event => {
  const { detail } = event
  const stands = detail.target.id && document.getElementById(detail.target.id)
  const isOther = stands && stands !== detail.target
  if (isPoll(event)) {
    if (isOther || detail.target.ariaBusy === 'true') detail.shouldSwap = false
  } else if (isOther) detail.target = stands
})

// What is typed while an answer is under way stands in no answer: it is put back into the new fields. So is what was
// chosen before in a list that says so (`data-keeps`), where the new one has the same to choose from.
const typed = elt => elt.matches('[type="radio"], [type="checkbox"]') ? elt.checked : elt.value
const fields = target => [...target.querySelectorAll('input[id]:not([type="hidden"]), select[id], textarea[id]')]
const before = new WeakMap()
function isChosen (one) {
  if (!one.options) return one.value !== one.defaultValue
  const drawn = [...one.options].find(option => option.defaultSelected) ?? one.options[0]
  return one.value !== drawn?.value
}

document.addEventListener('htmx:beforeRequest', event => {
  const { elt, target, xhr } = event.detail
  // The form that asks too: an answer that finds it wrong draws it anew, though it asked for what stands elsewhere.
  if (!isPoll(event)) before.set(xhr, new Map([...fields(target), ...fields(elt)].map(one => [one.id, typed(one)])))
})

document.addEventListener('htmx:beforeSwap', event => {
  const { target, xhr } = event.detail
  const known = before.get(xhr)
  if (!known) return
  const stays = one => known.get(one.id) !== typed(one) || (one.closest('[data-keeps]') && isChosen(one))
  const since = fields(target).filter(one => known.has(one.id) && stays(one))
  if (!since.length) return
  const kept = since.map(one => [one.id, typed(one), one === document.activeElement ? one.selectionStart : null])
  document.addEventListener('htmx:afterSwap', () => {
    for (const [id, value, caret] of kept) {
      const fresh = document.getElementById(id)
      if (!fresh || (fresh.options && ![...fresh.options].some(option => option.value === value))) continue
      if (typeof value === 'boolean') fresh.checked = value
      else fresh.value = value
      if (caret !== null) { fresh.focus({ preventScroll: true }); fresh.setSelectionRange(caret, caret) }
    }
  }, { once: true })
})

// What somebody unfolded stays so when it is drawn anew.
document.addEventListener('htmx:beforeSwap', ({ detail }) => {
  const open = [...detail.target.querySelectorAll('details[id][open]')].map(one => one.id)
  if (!open.length) return
  document.addEventListener('htmx:afterSwap', () => {
    for (const id of open) document.getElementById(id)?.setAttribute('open', '')
  }, { once: true })
})

function failed () {
  const toast = document.getElementById('request-failed').content.cloneNode(true)
  floating.replaceChildren(toast)
}
document.addEventListener('htmx:afterRequest', ({ detail }) => { if (detail.successful) floating.replaceChildren() })
document.addEventListener('htmx:sendError', failed)
document.addEventListener('htmx:timeout', failed)
document.addEventListener('htmx:responseError', failed)

// A page that lacks the element to swap gets the whole page instead of a dead link.
document.addEventListener('htmx:targetError', event => {
  const link = event.target.closest?.('a[href]')
  if (link) window.location.assign(link.href)
})

document.addEventListener('htmx:confirm', event => {
  if (!event.detail.question) return
  event.preventDefault()
  ask(event.detail.question).then(yes => { if (yes) event.detail.issueRequest(true) })
})

// What an earlier answer found wrong goes once it is right: figures that follow what is typed name the fields that are
// wrong still (`data-wrong`), and the form itself where the whole is.
function clearMended (figures) {
  const wrong = new Set(figures.dataset.wrong.split(' '))
  const form = figures.closest('form')
  for (const field of form.querySelectorAll('.has-error')) {
    const id = field.id.replace(/^div_/, '')
    if (wrong.has(id)) continue
    field.classList.remove('has-error')
    document.getElementById(`${id}_error`)?.remove()
    for (const one of field.querySelectorAll('[aria-invalid]')) {
      one.removeAttribute('aria-invalid')
      const told = (one.getAttribute('aria-describedby') ?? '').split(' ').filter(each => each && each !== `${id}_error`)
      if (told.length) one.setAttribute('aria-describedby', told.join(' '))
      else one.removeAttribute('aria-describedby')
    }
  }
  if (!wrong.has('form') && !form.querySelector('.has-error')) form.querySelector('.error-summary')?.remove()
}

document.addEventListener('htmx:afterSettle', event => {
  const { target, requestConfig, xhr } = event.detail
  if (isPoll(event)) return
  const fresh = target.id ? document.getElementById(target.id) ?? target : target
  if (fresh.dataset.wrong !== undefined) clearMended(fresh)
  startHolds(fresh.parentElement ?? document)
  const dialog = document.getElementById('dialog')
  if (fresh.id === 'dialog-content' && fresh.childElementCount && !dialog.open) dialog.showModal()
  const summary = fresh.querySelector('[data-error-summary]')
  if (summary) { summary.focus(); return }
  // The link that was pressed went with the old fragment: go on from the new one, not from the top of the page. Who
  // pressed a filter that stays, in a browser that focuses none by mouse, goes on from there. The ring is the keyboard's.
  const keyboard = keyboards.get(xhr)
  const isLost = keyboard?.within || !requestConfig?.elt.isConnected
  if (isLost && (document.activeElement === document.body || !document.activeElement)) {
    const next = fresh.querySelector('[data-focus]') ?? fresh
    if (next.tabIndex < 0) {
      next.setAttribute('tabindex', '-1')
      next.toggleAttribute('data-quiet', !keyboard?.shown)
    }
    next.focus({ preventScroll: true })
  }
})
