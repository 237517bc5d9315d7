// Sound and pictures by Twilio Video. Its own script, static/vendor/twilio-video-*.js, stands on the page before this.

export async function connect ({ token, room, stream, said }) {
  const { connect, LocalVideoTrack } = window.Twilio.Video
  const joined = await connect(token, { name: room, tracks: stream.getTracks(), region: 'au1' })
  const remote = new MediaStream()
  let shown = [...joined.localParticipant.videoTracks.values()][0]?.track

  const take = track => {
    if (!track.mediaStreamTrack) return
    // What is shared comes in the place of the camera.
    if (track.kind === 'video') for (const old of remote.getVideoTracks()) remote.removeTrack(old)
    remote.addTrack(track.mediaStreamTrack)
    said.came(remote)
  }
  const meet = other => {
    for (const { track } of other.tracks.values()) if (track) take(track)
    other.on('trackSubscribed', take)
    other.on('trackUnsubscribed', track => remote.removeTrack(track.mediaStreamTrack))
  }
  for (const other of joined.participants.values()) meet(other)
  joined.on('participantConnected', meet)
  joined.on('participantDisconnected', () => { if (!joined.participants.size) said.went() })
  joined.on('reconnecting', () => said.lost())
  joined.on('reconnected', () => said.back())
  joined.on('disconnected', (_, problem) => { if (problem) said.ended() })

  return {
    async show (track) {
      if (shown) joined.localParticipant.unpublishTrack(shown)
      shown = track ? new LocalVideoTrack(track) : undefined
      if (shown) await joined.localParticipant.publishTrack(shown)
    },
    leave () { joined.disconnect() }
  }
}
