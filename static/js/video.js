// The room of a session by video: trying out the camera, waiting, and the talk itself. How sound and pictures travel is
// the matter of an adapter (video-twilio.js, video-stand-in.js), which gives
//
//   connect({ token, room, stream, said }) → { show(track), leave() }
//
// and says `said.came(stream)`, `said.went()`, `said.lost()`, `said.back()` and `said.ended()`. Nothing is recorded.

const root = document.querySelector('[data-video]')
const find = name => document.querySelector(`[data-video-${name}]`)
const { side, state: stateAt, key: keyAt, here: hereAt, adapter, standIn } = root.dataset
const csrf = root.querySelector('[name="csrfmiddlewaretoken"]').value

const own = find('own')
const theirs = find('theirs')
const words = find('words')
let stream, line, noting, screen
let known = root.dataset.stands ?? ''

const say = name => { words.textContent = words.dataset[name] ?? '' }

function post (address, fields = {}) {
  const body = new URLSearchParams({ csrfmiddlewaretoken: csrf, ...fields })
  return fetch(address, { method: 'POST', body, keepalive: true })
}

// ---- The camera, tried out

async function choices () {
  const devices = await navigator.mediaDevices.enumerateDevices()
  for (const kind of ['videoinput', 'audioinput']) {
    const list = find(kind)
    const chosen = list.value
    const found = devices.filter(device => device.kind === kind)
    list.replaceChildren(...found.map((device, n) => new Option(device.label || `${n + 1}`, device.deviceId)))
    if (found.some(device => device.deviceId === chosen)) list.value = chosen
  }
}

async function look () {
  stop(stream)
  const exact = kind => find(kind).value ? { deviceId: { exact: find(kind).value } } : true
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: exact('videoinput'), audio: exact('audioinput') })
  } catch (problem) {
    // Without a camera one can still talk.
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: false, audio: true })
      say('noCamera')
    } catch {
      say(problem.name === 'NotFoundError' ? 'nothing' : 'refused')
      return
    }
  }
  own.srcObject = stream
  own.hidden = false
  find('checked').hidden = false
  find('try').hidden = true
  hear()
  await choices()
}

function stop (one) {
  for (const track of one?.getTracks() ?? []) track.stop()
}

// A bar that moves as one speaks, so that whoever is not heard knows why.
function hear () {
  const sound = stream.getAudioTracks()[0]
  if (!sound) return
  const context = new AudioContext()
  const reader = context.createAnalyser()
  reader.fftSize = 256
  context.createMediaStreamSource(new MediaStream([sound])).connect(reader)
  const heard = new Uint8Array(reader.frequencyBinCount)
  const bar = find('level')
  const draw = () => {
    if (sound.readyState !== 'live') return context.close()
    reader.getByteFrequencyData(heard)
    bar.value = Math.max(...heard) / 255
    setTimeout(draw, 150)
  }
  draw()
}

// ---- Coming in

async function enter () {
  if (!stream) await look()
  if (!stream) return
  say('connecting')
  const answer = await post(keyAt)
  if (!answer.ok) {
    say(answer.status === 502 ? 'provider' : 'closed')
    return
  }
  const { token, room } = await answer.json()
  const { connect } = await import(adapter)
  try {
    line = await connect({ token, room, stream, said, standIn })
  } catch {
    say('failed')
    find('again').hidden = false
    return
  }
  find('lobby').hidden = true
  find('call').hidden = false
  // What was said and asked before is over.
  find('told')?.remove()
  if (find('place')) find('place').hidden = true
  const title = root.parentElement.querySelector('[data-video-title]')
  if (title) title.textContent = title.dataset.videoTitle
  find('again').hidden = true
  find('self').append(own)
  say('alone')
  note()
  noting = setInterval(note, 30000)
}

const note = async () => {
  const answer = await post(hereAt).catch(() => null)
  // Called off or moved meanwhile, or the time is over.
  if (answer && (answer.status === 409 || answer.status === 403)) leave('closed')
}

const said = {
  came (remote) { theirs.srcObject = remote; theirs.hidden = false; say('together') },
  went () { theirs.srcObject = null; theirs.hidden = true; say('alone') },
  lost () { say('lost') },
  back () { say(theirs.srcObject ? 'together' : 'alone') },
  ended () { leave('ended') }
}

function leave (why = 'left') {
  clearInterval(noting)
  line?.leave()
  line = undefined
  post(hereAt, { left: 'yes' })
  stop(stream)
  stop(screen)
  stream = screen = undefined
  theirs.srcObject = own.srcObject = null
  theirs.hidden = own.hidden = true
  if (find('place')) find('place').hidden = false
  find('call').hidden = true
  find('lobby').hidden = false
  find('preview').prepend(own)
  find('again').hidden = why === 'closed'
  find('try').hidden = false
  find('checked').hidden = true
  say(why)
}

// ---- In the room

function press (button, on) {
  button.setAttribute('aria-pressed', on)
}

function quiet (name, tracks) {
  const button = find(name)
  button.addEventListener('click', () => {
    const off = button.getAttribute('aria-pressed') !== 'true'
    for (const track of tracks()) track.enabled = !off
    press(button, off)
  })
}

quiet('mute', () => stream?.getAudioTracks() ?? [])
quiet('dark', () => stream?.getVideoTracks() ?? [])

async function share () {
  const button = find('share')
  if (screen) {
    stop(screen)
    screen = undefined
    line?.show(stream.getVideoTracks()[0] ?? null)
    press(button, false)
    return
  }
  try {
    screen = await navigator.mediaDevices.getDisplayMedia({ video: true })
  } catch {
    return
  }
  const [track] = screen.getVideoTracks()
  track.addEventListener('ended', () => { if (screen) share() })
  line?.show(track)
  press(button, true)
}

find('share').addEventListener('click', share)
find('share').hidden = !navigator.mediaDevices?.getDisplayMedia
find('leave').addEventListener('click', () => leave())
find('try').addEventListener('click', look)
find('again').addEventListener('click', enter)
find('enter')?.addEventListener('click', enter)
for (const kind of ['videoinput', 'audioinput']) find(kind).addEventListener('change', look)
window.addEventListener('pagehide', () => { if (line) post(hereAt, { left: 'yes' }) })

// ---- Who waits, and who was let in

async function ask () {
  const answer = await fetch(stateAt, { headers: { Accept: 'application/json' } }).catch(() => null)
  if (!answer?.ok) return
  const stands = await answer.json()
  if (side === 'patient' && !line && stands.admitted && known !== 'admitted') {
    known = 'admitted'
    enter()
  }
  if (side === 'psychologist') {
    // Before the hour the page has neither.
    const [waits, where] = [find('waits'), find('where')]
    if (waits) waits.hidden = !stands.waits || stands.admitted
    if (where && stands.whereabouts && where.textContent !== stands.whereabouts) where.textContent = stands.whereabouts
  }
  // The hour has come, or it was moved: the page says what holds now.
  if (!line && stands.why !== root.dataset.why) location.reload()
}

root.hidden = false
find('needs').hidden = true
if (!navigator.mediaDevices?.getUserMedia) say('nothing')
else setInterval(ask, 3000)

find('admit')?.addEventListener('submit', event => {
  event.preventDefault()
  find('waits').hidden = true
  post(event.target.action).then(() => { if (!line) enter() })
})
