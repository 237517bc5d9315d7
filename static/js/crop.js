// The square of a photo that is shown: dragged, zoomed, or moved by sliders. What is chosen is sent as `photo_box`, in
// fractions of the picture; the server cuts it. Without this file one of three parts is chosen instead.

const CLOSEST = 5
const between = (value, most) => Math.min(Math.max(0, value), Math.max(0, most))

function cropper (field) {
  const find = name => field.querySelector(name)
  const input = find('input[type="file"]')
  const box = find('input[name="photo_box"]')
  const parts = find('[data-crop-parts]')
  const panel = find('[data-cropper]')
  const failed = find('[data-crop-failed]')
  const again = find('[data-crop-again]')
  // A photo that was sent before, and waits for the form to be right.
  const waiting = find('[data-waiting]')
  const left = find('input[name="photo-leave"]')
  const canvas = find('canvas')
  const [zoom, across, down] = ['zoom', 'across', 'down'].map(name => find(`[data-crop-${name}]`))
  const pen = canvas.getContext('2d')
  // The picture, and the corner and the side of the square in its own pixels.
  let picture = null
  let x = 0
  let y = 0
  let side = 0

  const largest = () => Math.min(picture.width, picture.height)

  function put (left, top, edge) {
    side = Math.min(Math.max(edge, largest() / CLOSEST), largest())
    x = between(left, picture.width - side)
    y = between(top, picture.height - side)
    pen.clearRect(0, 0, canvas.width, canvas.height)
    pen.drawImage(picture, x, y, side, side, 0, 0, canvas.width, canvas.height)
    box.value = [x / picture.width, y / picture.height, side / picture.width, side / picture.height]
      .map(part => Math.min(1, part).toFixed(4)).join(' ')
    zoom.value = (largest() / side - 1) / (CLOSEST - 1)
    follow(across, x, picture.width - side)
    follow(down, y, picture.height - side)
  }

  function follow (slider, at, room) {
    slider.disabled = room < 1
    slider.value = room < 1 ? 0.5 : at / room
  }

  // Larger or smaller about the middle of what is seen.
  function resize (edge) {
    edge = Math.min(Math.max(edge, largest() / CLOSEST), largest())
    put(x + (side - edge) / 2, y + (side - edge) / 2, edge)
  }

  async function open (blob, numbers) {
    try {
      picture = await createImageBitmap(blob)
    } catch {
      failed.hidden = false
      return
    }
    const [left, top, width] = numbers
    if (width) put(left * picture.width, top * picture.height, width * picture.width)
    else put((picture.width - largest()) / 2, (picture.height - largest()) / 2, largest())
    panel.hidden = false
    parts.hidden = true
  }

  input.addEventListener('change', () => {
    picture = null
    box.value = ''
    panel.hidden = true
    parts.hidden = false
    failed.hidden = true
    if (input.files.length) open(input.files[0], [])
  })

  const chosen = text => text.split(' ').filter(Boolean).map(Number)

  if (waiting) waiting.decode().then(() => open(waiting, chosen(box.value)), () => { failed.hidden = false })

  left?.addEventListener('change', () => {
    if (input.files.length) return
    picture = null
    box.value = ''
    panel.hidden = true
    parts.hidden = false
    if (!left.checked) open(waiting, [])
  })

  again.addEventListener('click', async () => {
    if (!picture) {
      const answer = await fetch(field.dataset.whole)
      if (!answer.ok) { failed.hidden = false; return }
      await open(await answer.blob(), chosen(field.dataset.box))
    }
    zoom.focus()
  })

  zoom.addEventListener('input', () => resize(largest() / (1 + Number(zoom.value) * (CLOSEST - 1))))
  across.addEventListener('input', () => put(Number(across.value) * (picture.width - side), y, side))
  down.addEventListener('input', () => put(x, Number(down.value) * (picture.height - side), side))

  let held = null
  canvas.addEventListener('pointerdown', event => {
    held = { left: event.clientX, top: event.clientY, x, y }
    canvas.setPointerCapture(event.pointerId)
  })
  canvas.addEventListener('pointermove', event => {
    if (!held) return
    const scale = side / canvas.clientWidth
    put(held.x - (event.clientX - held.left) * scale, held.y - (event.clientY - held.top) * scale, side)
  })
  for (const end of ['pointerup', 'pointercancel']) canvas.addEventListener(end, () => { held = null })
  canvas.addEventListener('wheel', event => {
    event.preventDefault()
    resize(side * (1 + event.deltaY / 1000))
  }, { passive: false })
}

for (const field of document.querySelectorAll('[data-crop]')) cropper(field)
