// The pages that notes and articles are written on. htmx sends the words while one writes; this file keeps them safe when
// sending fails: the tab keeps the words, says what is wrong, and tries again. They are never put into the browser's storage.

const RETRY = 10_000

document.addEventListener('click', event => {
  if (event.target.closest('[data-print]')) window.print()
})

const form = () => document.querySelector('form[data-draft-url]')
const words = () => form()?.elements.body
const NOT_WORDS = new Set(['csrfmiddlewaretoken', 'version'])
const TYPED_INTO = new Set(['text', 'textarea', 'search', 'date'])
// Everything that was typed, in one string. A chosen file is not: it goes with the button.
const all = () => JSON.stringify([...new FormData(form() ?? undefined)]
  .filter(([name, value]) => !NOT_WORDS.has(name) && typeof value === 'string'))

let kept = all()
let sent = kept
let leaving = false
let retry = 0
let trouble = false

// What was typed before this script arrived: nobody heard it, and nothing has sent it.
const isTyped = field => TYPED_INTO.has(field.type) && !NOT_WORDS.has(field.name) && field.value !== field.defaultValue
document.addEventListener('DOMContentLoaded', () => {
  if (![...(form()?.elements ?? [])].some(isTyped)) return
  kept = sent = ''
  say(form().dataset.wordsUnsaved)
  save()
})

const isDirty = () => Boolean(words()) && all() !== kept
const isWithin = event => Boolean(form()?.contains(event.target))
// What only shows something beside the words, as a preview does, says nothing of whether they are kept.
const isOurs = event => isWithin(event) && !event.target.closest('[data-aside]')

function say (text) {
  const saved = document.getElementById('saved')
  const line = document.createElement('p')
  if (trouble) line.className = 'problem'
  line.textContent = text
  saved?.replaceChildren(line)
}

// What readers can see already is kept by its button alone.
function save () {
  if (document.getElementById('autosave')) window.htmx.trigger('#autosave', 'save')
}

function tryLater () {
  clearTimeout(retry)
  retry = setTimeout(comeBack, RETRY)
}

// ---- What goes out ---------------------------------------------------------------------------------------------------

document.addEventListener('htmx:configRequest', event => {
  if (isOurs(event)) sent = all()
}, true)

document.addEventListener('input', event => {
  if (event.target.form === form() && !trouble && isDirty()) say(form().dataset.wordsUnsaved)
})

// ---- A button while the page saves by itself ---------------------------------------------------------------------------
// The answer brings the version that the next words replace: a button that did not wait for it would be refused, as if
// another window had changed them.

let saving = false
const waiting = []

document.addEventListener('htmx:beforeRequest', event => {
  if (event.target.id === 'autosave') saving = true
})

document.addEventListener('htmx:afterRequest', event => {
  if (event.target.id !== 'autosave') return
  saving = false
  for (const go of waiting.splice(0)) go()
})

document.addEventListener('htmx:confirm', event => {
  if (!saving || event.target.id === 'autosave' || !isOurs(event)) return
  event.preventDefault()
  waiting.push(() => event.detail.issueRequest(true))
})

// Signing is a page of its own, and no request of htmx.
document.addEventListener('submit', event => {
  if (!saving || event.target !== form() || event.defaultPrevented) return
  event.preventDefault()
  const { submitter } = event
  waiting.push(() => form().requestSubmit(submitter))
})

// ---- What comes back -------------------------------------------------------------------------------------------------

// Before htmx acts on the answer: one that leads to the sign-in page would take the words away with this page.
document.addEventListener('htmx:beforeOnLoad', event => {
  if (!isWithin(event)) return
  const { xhr } = event.detail
  const to = xhr.getResponseHeader('HX-Redirect')
  if (to?.startsWith(form().dataset.signIn)) {
    event.preventDefault()
    ended()
    return
  }
  if (to && xhr.status < 300 && isOurs(event)) leaving = true
}, true)

document.addEventListener('htmx:afterRequest', event => {
  if (!isOurs(event)) return
  if (event.detail.successful && event.detail.xhr.status === 200) {
    kept = sent
    trouble = false
    clearTimeout(retry)
    document.getElementById('ended').hidden = true
  }
}, true)

function failed (event, text) {
  if (!isWithin(event)) return
  // Said beside the words, not in a message that goes away.
  event.stopPropagation()
  if (!isOurs(event)) return
  trouble = true
  say(text)
  tryLater()
}
document.addEventListener('htmx:sendError', event => failed(event, form()?.dataset.wordsOffline), true)
document.addEventListener('htmx:timeout', event => failed(event, form()?.dataset.wordsOffline), true)
document.addEventListener('htmx:responseError', event => failed(event, form()?.dataset.wordsFailed), true)

// The editor was sent again with what was typed: the cursor goes to the end, where the headings were added.
document.addEventListener('htmx:afterSwap', event => {
  if (event.detail.target.id !== 'editor') return
  const box = words()
  if (event.detail.xhr.status === 200) kept = sent = all()
  if (document.querySelector('#editor [data-error-summary]')) return
  box.focus()
  box.setSelectionRange(box.value.length, box.value.length)
})

// ---- Signed out ------------------------------------------------------------------------------------------------------

function ended () {
  trouble = true
  document.getElementById('sign-dialog')?.close()
  const panel = document.getElementById('ended')
  panel.hidden = false
  say(form().dataset.wordsUnsaved)
  panel.scrollIntoView({ block: 'nearest' })
}

// Signing in made a new token: without it the portal would refuse the words.
async function comeBack () {
  if (!form() || !trouble) return
  let answer
  try {
    answer = await fetch(form().dataset.draftUrl, { headers: { 'HX-Request': 'true' }, redirect: 'error' })
  } catch {
    tryLater()
    return
  }
  if (answer.headers.get('HX-Redirect')) {
    ended()
    return
  }
  if (!answer.ok) {
    tryLater()
    return
  }
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html')
  const token = page.querySelector('[name="csrfmiddlewaretoken"]').value
  for (const field of document.querySelectorAll('[name="csrfmiddlewaretoken"]')) field.value = token
  document.body.setAttribute('data-hx-headers', JSON.stringify({ 'x-csrftoken': token }))
  document.getElementById('ended').hidden = true
  trouble = false
  save()
}

window.addEventListener('focus', comeBack)
window.addEventListener('online', comeBack)

// ---- Leaving ---------------------------------------------------------------------------------------------------------

document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'hidden' && isDirty() && !trouble) save()
  else if (document.visibilityState === 'visible') comeBack()
})

document.addEventListener('keydown', event => {
  if ((event.ctrlKey || event.metaKey) && event.key === 's' && form()) {
    event.preventDefault()
    save()
  }
})

window.addEventListener('beforeunload', event => {
  if (isDirty() && !leaving) event.preventDefault()
})
