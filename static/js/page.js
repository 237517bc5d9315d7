// What every page does with script on top of what it does without: leave at once, put messages away, open dialogs,
// ask before risky steps, send a form only once, change colours in place, count a held time down.

const root = document.documentElement
root.classList.add('scripted')

// ---- A page that answers a form ------------------------------------------------------------------------------------

// It takes the address of the page on which the form stood: a browser can go back to that and load it anew, where it would
// ask whether to send the form once more. Its own forms are still sent to where they were.
if (root.dataset.pageOfForm) {
  for (const form of document.querySelectorAll('form:not([action])')) form.action = window.location.href
  window.history.replaceState(window.history.state, '', root.dataset.pageOfForm)
}

// ---- Leave at once -------------------------------------------------------------------------------------------------

function leave (address) {
  root.hidden = true
  document.title = ''
  try { window.sessionStorage.clear() } catch { /* storage may be switched off */ }
  // No entry of its own is left in the history: the back button leads past this page.
  window.location.replace(address)
}

document.addEventListener('click', event => {
  const exit = event.target.closest('[data-exit]')
  if (!exit) return
  event.preventDefault()
  leave(exit.href)
})

let shifts = []
document.addEventListener('keydown', event => {
  const exit = document.querySelector('[data-exit]')
  if (!exit) return
  if (event.key !== 'Shift' || event.repeat) { shifts = []; return }
  shifts = [...shifts, event.timeStamp].filter(time => event.timeStamp - time < 1500)
  if (shifts.length === 3) leave(exit.href)
})

// ---- A reader whose browser speaks another of our languages ---------------------------------------------------------

// The address decides the language of a page. Who asks for another is shown the way there, once a visit.
function offerLanguage () {
  const offers = [...document.querySelectorAll('[data-offer]')]
  // Simplified and traditional Chinese are read by different people; of the others the region makes no difference.
  const speaks = tag => /^zh/i.test(tag) ? (/^zh(-(cn|sg|my|hans).*)?$/i.test(tag) ? 'zh-hans' : 'zh-hant') : tag.toLowerCase().split('-')[0]
  const spoken = [root, ...offers].map(one => speaks(one.lang))
  const wanted = navigator.languages.map(speaks).find(tag => spoken.includes(tag))
  const offer = offers.find(one => speaks(one.lang) === wanted)
  if (!offer) return
  try {
    if (window.sessionStorage.getItem('offered')) return
    window.sessionStorage.setItem('offered', 'yes')
  } catch { /* storage may be switched off: then it is shown on each page */ }
  offer.hidden = false
  // It lies over the page on a phone, so it goes as soon as somebody reads on. The button above it stays.
  const go = event => {
    if (offer.contains(event.target) || offer.contains(document.activeElement)) return
    offer.hidden = true
    for (const kind of ['scroll', 'pointerdown']) removeEventListener(kind, go)
  }
  for (const kind of ['scroll', 'pointerdown']) addEventListener(kind, go, { passive: true })
}
offerLanguage()

// ---- Another language in the middle of a form -----------------------------------------------------------------------

// Without script the choice belongs to the page's largest form; with it, to the one that somebody typed into.
function isChanged (form) {
  return [...form.elements].some(field => field.type === 'hidden' || field.matches('button, fieldset, output')
    ? false
    : field.options
      ? [...field.options].some(one => one.selected !== one.defaultSelected) && field.selectedIndex > 0
      : field.matches('[type="checkbox"], [type="radio"]') ? field.checked !== field.defaultChecked : field.value !== field.defaultValue)
}

document.addEventListener('click', event => {
  const offer = event.target.closest('[data-offer]')
  const choice = offer
    ? document.querySelector(`button[name="in_language"][lang="${offer.dataset.offer}"]`)
    : event.target.closest('button[name="in_language"]')
  if (!choice) return
  const typedInto = [...document.querySelectorAll('main form[method="post"]')].find(isChanged)
  if (typedInto) {
    typedInto.id ||= 'typed-into'
    choice.setAttribute('form', typedInto.id)
  }
  if (!offer) return
  event.preventDefault()
  choice.click()
})

// ---- Messages ------------------------------------------------------------------------------------------------------

document.addEventListener('click', event => {
  const button = event.target.closest('[data-dismiss]')
  if (!button) return
  const list = button.closest('.toasts')
  button.closest('.toast').remove()
  if (list && !list.classList.contains('floating')) document.getElementById('main')?.focus()
})

// ---- Dialogs -------------------------------------------------------------------------------------------------------

// <a href="/a/page/that/asks/" data-dialog="id">: the page is the way without script.
document.addEventListener('click', event => {
  const opener = event.target.closest('[data-dialog]')
  const dialog = opener && document.getElementById(opener.dataset.dialog)
  if (dialog) {
    event.preventDefault()
    dialog.showModal()
    return
  }
  if (event.target.closest('[data-close]')) event.target.closest('dialog')?.close()
  if (event.target instanceof HTMLDialogElement && event.target.open) event.target.close()
})

const confirmDialog = document.getElementById('confirm')
const yes = confirmDialog?.querySelector('[value="yes"]')
const goOn = yes?.textContent
// How long the second click of a double click may take: the question has come up under it, and it answers nothing.
const DOUBLE = 500
let asked = -DOUBLE

confirmDialog?.addEventListener('click', event => {
  if (event.detail < 2 || event.timeStamp - asked > DOUBLE) return
  event.preventDefault()
  event.stopPropagation()
}, true)

// The words that are seen on a button: what it does, without whom it does it to.
function labelOf (button) {
  const seen = button?.cloneNode(true)
  for (const unseen of seen?.querySelectorAll('.sr-only, svg') ?? []) unseen.remove()
  return seen?.textContent.trim()
}

// Whoever is asked answers by the words of the step itself, not by a yes to a question.
function ask (question, button) {
  return new Promise(resolve => {
    document.getElementById('confirm-question').textContent = question
    yes.textContent = labelOf(button) || goOn
    confirmDialog.returnValue = ''
    confirmDialog.addEventListener('close', () => resolve(confirmDialog.returnValue === 'yes'), { once: true })
    confirmDialog.showModal()
    asked = performance.now()
  })
}

// ---- Menus of a line ------------------------------------------------------------------------------------------------

// They open without script. With it they close again: by Escape, by a press beside them, and when the focus goes on.
function closeMenus (but) {
  for (const menu of document.querySelectorAll('details.more[open]')) if (menu !== but) menu.open = false
}
document.addEventListener('click', event => closeMenus(event.target.closest('details.more')))
document.addEventListener('focusin', event => closeMenus(event.target.closest('details.more')))
document.addEventListener('keydown', event => {
  const menu = event.key === 'Escape' && event.target.closest('details.more[open]')
  if (!menu) return
  event.preventDefault()
  menu.open = false
  menu.querySelector('summary').focus()
})

// ---- The key that leads to the search for patients -------------------------------------------------------------------

// One key alone may be a word of somebody's dictation: on their account's pages staff switch it off, on this device.
const keyChoice = document.getElementById('find-by-key')

function byKey (on) {
  root.toggleAttribute('data-no-keys', !on)
  if (keyChoice) keyChoice.checked = on
}

try { byKey(window.localStorage.getItem('find-by-key') !== 'no') } catch { /* storage may be switched off */ }
keyChoice?.addEventListener('change', () => {
  byKey(keyChoice.checked)
  try { window.localStorage.setItem('find-by-key', keyChoice.checked ? 'yes' : 'no') } catch { /* then for this page */ }
})

// ---- Forms ---------------------------------------------------------------------------------------------------------

// Before the send: a question, if the form or its button has one. In the capturing phase, so before htmx.
document.addEventListener('submit', async event => {
  const form = event.target
  const question = event.submitter?.dataset.confirm ?? form.dataset.confirm
  if (!question || form.dataset.confirmed || event.submitter?.name === 'in_language') return
  event.preventDefault()
  event.stopImmediatePropagation()
  if (!await ask(question, event.submitter)) return
  form.dataset.confirmed = 'yes'
  form.requestSubmit(event.submitter)
  delete form.dataset.confirmed
}, true)

// A second click on a button that was pressed already sends nothing.
document.addEventListener('submit', event => {
  const form = event.target
  if (event.defaultPrevented || form.method !== 'post' || form.target === '_blank' || 'again' in form.dataset) return
  if (form.dataset.sent) { event.preventDefault(); return }
  form.dataset.sent = 'yes'
  const button = event.submitter
  // Not `disabled`: the button's own name and value belong to what is sent.
  if (button) { button.setAttribute('aria-disabled', 'true'); button.dataset.busy = '' }
})

window.addEventListener('pageshow', () => {
  for (const form of document.querySelectorAll('form[data-sent]')) delete form.dataset.sent
  for (const button of document.querySelectorAll('[data-busy]')) {
    button.removeAttribute('aria-disabled')
    delete button.dataset.busy
  }
})

document.querySelector('[data-error-summary]:not([data-example] *)')?.focus()

// ---- Copying -------------------------------------------------------------------------------------------------------

// The button says that it is done; where the browser keeps its clipboard shut, the words are marked for the keyboard.
document.addEventListener('click', async event => {
  const button = event.target.closest('[data-copy]')
  if (!button) return
  const field = document.getElementById(button.dataset.copy)
  field.select()
  try {
    await navigator.clipboard.writeText(field.value)
    button.querySelector('span').textContent = button.dataset.copied
  } catch { field.focus() }
})

// ---- Colours -------------------------------------------------------------------------------------------------------

document.addEventListener('submit', async event => {
  const form = event.target
  if (!('themeSwitch' in form.dataset) || !event.submitter) return
  event.preventDefault()
  const body = new FormData(form, event.submitter)
  const theme = body.get('theme')
  if (theme) root.dataset.theme = theme
  else delete root.dataset.theme
  document.querySelector('meta[name="color-scheme"]').content = theme || 'light dark'
  const paper = window.getComputedStyle(root).getPropertyValue('--paper').trim()
  for (const bar of document.querySelectorAll('meta[name="theme-color"]')) {
    bar.removeAttribute('media')
    bar.content = paper
  }
  for (const button of document.querySelectorAll('[data-theme-switch] button')) {
    button.setAttribute('aria-pressed', String(button.value === theme))
  }
  await fetch(form.action, { method: 'POST', body, redirect: 'manual' })
}, true)

// ---- A held time ---------------------------------------------------------------------------------------------------

// The server says how many seconds are left, so a wrong clock on the reader's side does no harm.
function countDown (hold) {
  const end = performance.now() + Number(hold.dataset.secondsLeft) * 1000
  // Its words stand around the figure, in the page's language.
  const figure = hold.querySelector('[data-left]')
  const voice = hold.querySelector('[data-voice]')
  const timer = setInterval(() => {
    if (!hold.isConnected) { clearInterval(timer); return }
    const left = Math.max(0, Math.round((end - performance.now()) / 1000))
    figure.querySelector('b').textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`
    figure.hidden = false
    if (voice && hold.dataset[`say${left}`]) voice.textContent = hold.dataset[`say${left}`]
    if (left > 0) return
    clearInterval(timer)
    hold.querySelector('[data-running]').hidden = true
    hold.querySelector('[data-over]').hidden = false
  }, 1000)
}

function startHolds (within) {
  for (const hold of within.querySelectorAll('[data-seconds-left]:not([data-counting])')) {
    hold.dataset.counting = ''
    countDown(hold)
  }
}
startHolds(document)

// For swaps.js. Not an import: hashed file names would load this file a second time.
window.portal = { ask, startHolds }
