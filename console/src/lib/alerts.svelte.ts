// The alerts of whoever is on duty: asked for with every screen, told by a badge, a sound that can be muted, and a notification.
import { ApiError, getAlerts, sendCommands, type Alert, type Command } from '../api/client'
import { makeId } from './queue.svelte'
import { area, said, t, titled } from './words.svelte'
import type { WordKey } from '../words/en'

const SOUND = 'twinward.sound'
const NOTIFY = 'twinward.notify'
const TONE_HZ = 880
const TONE_S = 0.35

class Alerts {
  items = $state.raw<Alert[]>([])
  sound = $state(localStorage.getItem(SOUND) !== 'off')
  notify = $state(localStorage.getItem(NOTIFY) === 'on' && 'Notification' in window && Notification.permission === 'granted')
  denied = $state(false)
  latest = $state('') // what a screen reader is told
  rung = $state(0) // how often this page has called
  #known: Set<string> | null = null
  #asking = false
  #again = false

  get unread(): Alert[] {
    return this.items.filter((one) => !one.seen_by)
  }

  /** Ask; while one answer is awaited, one more question is remembered. */
  async follow(): Promise<void> {
    if (this.#asking) { this.#again = true; return }
    this.#asking = true
    try {
      this.#take(await getAlerts())
    } catch (error) {
      if (!(error instanceof ApiError)) throw error // a role without alerts has none
    } finally {
      this.#asking = false
      if (this.#again) { this.#again = false; void this.follow() }
    }
  }

  #take(items: Alert[]): void {
    const fresh = this.#known ? items.filter((one) => !one.seen_by && !this.#known?.has(one.id)) : []
    this.#known = new Set(items.map((one) => one.id))
    this.items = items
    if (!fresh.length) return
    this.rung += 1
    this.latest = t('alert.new', { what: fresh.map(describe).join('; ') })
    if (this.sound) ring()
    if (this.notify) new Notification('Twinward', { body: fresh.slice(0, 4).map(describe).join('\n'), tag: 'twinward-alert' })
  }

  async acknowledge(chosen: Alert[]): Promise<void> {
    await sendCommands(chosen.map((one) => ({ id: makeId(), type: 'AcknowledgeAlert', alert: one.id, area: one.area }) as unknown as Command))
    await this.follow()
  }

  mute(muted: boolean): void {
    this.sound = !muted
    localStorage.setItem(SOUND, muted ? 'off' : 'on')
  }

  async ask(): Promise<void> {
    this.denied = !('Notification' in window) || (await Notification.requestPermission()) !== 'granted'
    this.notify = !this.denied
    localStorage.setItem(NOTIFY, this.notify ? 'on' : 'off')
  }

  leave(): void {
    this.items = []
    this.#known = null
  }
}

export const alerts = new Alerts()

/** What an alert is about, in the words of the screen. */
export function about(one: Alert): string {
  if (one.kind === 'level') return t(`level.${one.what}` as WordKey)
  if (one.kind === 'plan') return titled('plan', one.what)
  if (one.kind === 'late') return `${titled('department', one.what)}, ${t('alert.count', { n: one.count })}`
  if (one.kind === 'signal') return `${said('hazard', one.hazard)}, ${t('alert.cases', { n: one.count })}`
  if (one.kind === 'second_person') return said('change', one.what)
  return said('hazard', one.hazard)
}

const describe = (one: Alert): string => `${t(`alert.${one.kind}`)}: ${about(one)}, ${area(one.area_name)}`

/** One short tone; a browser that has not been touched yet plays none. */
function ring(): void {
  try {
    const audio = new AudioContext()
    const tone = audio.createOscillator()
    const volume = audio.createGain()
    tone.frequency.value = TONE_HZ
    volume.gain.setValueAtTime(0.15, audio.currentTime)
    volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + TONE_S)
    tone.connect(volume).connect(audio.destination)
    tone.onended = () => void audio.close()
    tone.start()
    tone.stop(audio.currentTime + TONE_S)
  } catch { /* no sound on this device: badge and text remain */ }
}
