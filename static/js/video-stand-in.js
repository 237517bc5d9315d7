// For the demo and for tests: two browsers on one machine, that find each other by portal/ops/video_stand_in. Whoever
// was there first calls.

export async function connect ({ token, stream, said, standIn }) {
  const me = crypto.randomUUID()
  const ask = (path, fields) => fetch(`${standIn}/${path}`, {
    method: 'POST', body: JSON.stringify({ token, me, ...fields })
  }).then(answer => { if (!answer.ok) throw new Error(`${answer.status}`); return answer.json() })

  let peer, other, over = false
  const tell = (kind, what) => ask('tell', { to: other, kind, what })

  function begin (to) {
    peer?.close()
    other = to
    peer = new RTCPeerConnection()
    const mine = peer
    for (const track of stream.getTracks()) mine.addTrack(track, stream)
    mine.ontrack = event => said.came(event.streams[0])
    mine.onicecandidate = event => { if (event.candidate) tell('ice', event.candidate) }
    mine.onconnectionstatechange = () => {
      if (mine !== peer) return
      if (mine.connectionState === 'disconnected') said.lost()
      if (mine.connectionState === 'connected') said.back()
    }
  }

  async function hear ({ from, kind, what }) {
    if (kind === 'came') {
      begin(from)
      await peer.setLocalDescription()
      await tell('offer', peer.localDescription)
    } else if (kind === 'offer') {
      begin(from)
      await peer.setRemoteDescription(what)
      await peer.setLocalDescription()
      await tell('answer', peer.localDescription)
    } else if (from !== other) {
      // A line of before.
    } else if (kind === 'answer') {
      await peer.setRemoteDescription(what)
    } else if (kind === 'ice') {
      await peer.addIceCandidate(what)
    } else if (kind === 'went') {
      peer.close()
      said.went()
    }
  }

  async function listen () {
    while (!over) {
      try {
        for (const word of (await ask('listen')).words) await hear(word)
      } catch {
        if (over) return
        said.lost()
        await new Promise(resolve => setTimeout(resolve, 1000))
      }
    }
  }

  await ask('come')
  listen()
  return {
    show (track) { peer?.getSenders().find(one => one.track?.kind === 'video' || !one.track)?.replaceTrack(track) },
    leave () { over = true; peer?.close(); ask('go').catch(() => {}) }
  }
}
