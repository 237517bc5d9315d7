// Days and free times are many, and each would be a stop of the Tab key. In every group Tab stops once; the arrows, Home
// and End lead on within it. Without script each of them is a stop of its own.

const groups = root => root.querySelectorAll('[data-roving]')
const members = group => [...group.querySelectorAll('a[href], button')]

function stopAt (group, one) {
  for (const each of members(group)) each.tabIndex = each === one ? 0 : -1
}

function settle (root) {
  // The words on the keys keep their place, or what has the focus would be pushed away as they come.
  for (const words of root.querySelectorAll('[data-keys]')) words.hidden = false
  for (const group of groups(root)) {
    const all = members(group)
    stopAt(group, all.find(each => each.matches('[aria-current]')) ?? all[0])
  }
}

// The nearest in the row above or below: rows are told apart by where they are drawn.
function across (all, from, down) {
  const here = from.getBoundingClientRect()
  const middle = box => box.left + box.width / 2
  const further = all
    .map(each => ({ each, box: each.getBoundingClientRect() }))
    .filter(({ box }) => down ? box.top >= here.bottom : box.bottom <= here.top)
  const apart = ({ box }) => Math.abs(box.top - here.top) * 1000 + Math.abs(middle(box) - middle(here))
  return further.sort((a, b) => apart(a) - apart(b))[0]?.each
}

function next (all, from, key) {
  const onward = document.documentElement.dir === 'rtl' ? 'ArrowLeft' : 'ArrowRight'
  const place = all.indexOf(from)
  switch (key) {
    case 'Home': return all[0]
    case 'End': return all[all.length - 1]
    case 'ArrowDown': return across(all, from, true)
    case 'ArrowUp': return across(all, from, false)
    case 'ArrowLeft':
    case 'ArrowRight': return all[place + (key === onward ? 1 : -1)]
    default: return undefined
  }
}

document.addEventListener('keydown', event => {
  const group = event.target.closest?.('[data-roving]')
  if (!group || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return
  const to = next(members(group), event.target, event.key)
  if (!to) return
  event.preventDefault()
  to.focus()
})

document.addEventListener('focusin', event => {
  const group = event.target.closest('[data-roving]')
  if (group) stopAt(group, event.target)
})

document.addEventListener('htmx:afterSwap', () => settle(document))
settle(document)
