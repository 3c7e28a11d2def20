// The one live stream: reads server-sent events with fetch (so that a token can go along) and comes back when it breaks.
import { ApiError, ask } from '../api/client'

export interface Listener {
  heard: () => void
  event: (seq: number) => void
  lost: (error: ApiError | null) => void
}

const RETRY_MS = 1500

/** Follow the log after `seq()`; `stop` ends it. Only the place of an event is read here: what it means, the screen's one answer says. */
export function follow(seq: () => number, listener: Listener): { stop: () => void } {
  const control = new AbortController()
  void run(seq, listener, control.signal)
  return { stop: () => control.abort() }
}

async function run(seq: () => number, listener: Listener, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const response = await ask(`/v1/events?follow=true&after=${seq()}`, { signal })
      if (!response.body) throw new ApiError(0, 'stream', 'no body')
      listener.heard()
      await read(response.body, listener)
      listener.lost(null)
    } catch (error) {
      if (signal.aborted) return
      listener.lost(error instanceof ApiError ? error : null)
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
  }
}

async function read(body: ReadableStream<Uint8Array>, listener: Listener): Promise<void> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader()
  let rest = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    listener.heard()
    rest += value
    const end = rest.lastIndexOf('\n\n')
    if (end < 0) continue
    const last = rest.lastIndexOf('id: ', end)
    if (last >= 0) listener.event(Number.parseInt(rest.slice(last + 4), 10))
    rest = rest.slice(end + 2)
  }
}
