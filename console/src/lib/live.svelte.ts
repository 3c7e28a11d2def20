// The one store: the screen at one instant, kept live by the one stream; everything that is shown comes from here.
import { ApiError, getMe, getScreen, onDrill, type Me, type Screen } from '../api/client'
import { alerts } from './alerts.svelte'
import { queue } from './queue.svelte'
import { follow } from './stream'
import { words, type Language } from './words.svelte'

const QUIET_MS = 60 // gather the events of a burst into one question
const STALE_MS = 40_000 // the stream says something every 15 s even when nothing happens
const CLOCK_MS = 5_000
const MOST_KEPT = 40
const MINUTE_MS = 60_000 // what is late changes by time alone

type Link = 'connecting' | 'live' | 'lost'

class Live {
  screen = $state.raw<Screen | null>(null)
  me = $state.raw<Me | null>(null)
  at = $state<string | null>(null)
  pinned = $state.raw<Screen | null>(null) // the screen that the present one is held against
  link = $state<Link>('connecting')
  error = $state.raw<ApiError | null>(null)
  forbidden = $state(false)
  drill = $state('') // the drill that this workspace is; once heard it stays
  heardAt = $state(Date.now())
  now = $state(Date.now())

  #seq = 0
  #kept = new Map<string, Screen>()
  #asking: AbortController | null = null
  #again = false
  #timer: ReturnType<typeof setTimeout> | undefined
  #stream: { stop: () => void } | null = null
  #askedAt = 0
  #clock: ReturnType<typeof setInterval> | undefined

  get past(): boolean {
    return this.at !== null
  }

  get stale(): boolean {
    return this.link === 'lost' || this.now - this.heardAt > STALE_MS
  }

  async start(): Promise<void> {
    this.#stream?.stop()
    queue.leave()
    alerts.leave()
    this.forbidden = false
    this.#kept.clear()
    await Promise.all([this.refresh(), this.#meet()])
    this.#stream = follow(() => this.#seq, {
      heard: () => { this.heardAt = Date.now(); this.link = 'live' },
      event: (seq) => { this.#seq = Math.max(this.#seq, seq); this.#soon() },
      lost: (error) => { this.link = 'lost'; if (error?.status === 401) this.#stop(error) },
    })
    this.#clock ??= setInterval(() => this.#tick(), CLOCK_MS)
  }

  async #meet(): Promise<void> {
    try {
      this.me = await getMe()
      queue.belongsTo(this.me.name)
      words.departments = Object.fromEntries(this.me.departments.map((one) => [one.id, one.title]))
      words.plans = Object.fromEntries(this.me.plans.map((one) => [one.id, one.title]))
    } catch (error) {
      this.#take(error)
    }
  }

  /** Speak another language: the server says its texts anew. */
  speak(language: Language): void {
    words.set(language)
    this.#kept.clear()
    void this.refresh()
    void this.#meet()
  }

  /** Move the whole screen to an instant, or back to now with null. What was seen of it is shown at once. */
  goTo(at: string | null): void {
    const step = at && this.at ? Date.parse(at) - Date.parse(this.at) : 0
    this.at = at
    const kept = at ? this.#kept.get(at) : undefined
    if (kept) this.screen = kept
    if (kept) this.#ahead(at, step) // what was known then does not change
    else void this.refresh().then(() => this.#ahead(at, step))
  }

  /** Who steps through time will want the next step: it is asked for before. */
  #ahead(from: string | null, step: number): void {
    if (!from || !step || this.at !== from || this.#asking) return
    const next = new Date(Date.parse(from) + step).toISOString()
    if (!this.screen?.span || next < this.screen.span.first || Date.parse(next) > Date.now() || this.#kept.has(next)) return
    getScreen(next).then((screen) => this.#keep(next, screen)).catch(() => undefined) // only a guess: asked again when wanted
  }

  #keep(at: string, screen: Screen): void {
    this.#kept.delete(at)
    this.#kept.set(at, screen)
    if (this.#kept.size > MOST_KEPT) this.#kept.delete(this.#kept.keys().next().value ?? '')
  }

  /** Ask for the screen; while one answer is awaited, only the latest wish is kept. */
  async refresh(): Promise<void> {
    if (this.#asking) {
      this.#again = true
      return
    }
    const asking = (this.#asking = new AbortController())
    this.#askedAt = Date.now()
    try {
      const at = this.at
      const screen = await getScreen(at, asking.signal)
      if (at) this.#keep(at, screen)
      words.zone = screen.city.timezone
      this.#seq = Math.max(this.#seq, screen.seq)
      if (!screen.at) queue.skewMs = new Date(screen.as_of).getTime() - Date.now()
      this.error = null
      if (at === this.at) this.screen = screen
      else this.#again = true
      void alerts.follow()
    } catch (error) {
      this.#take(error)
    } finally {
      this.#asking = null
      if (this.#again) {
        this.#again = false
        void this.refresh()
      }
    }
  }

  #soon(): void {
    if (this.past) return
    this.#timer ??= setTimeout(() => { this.#timer = undefined; void this.refresh() }, QUIET_MS)
  }

  #tick(): void {
    this.now = Date.now()
    if (!this.past && this.now - this.#askedAt > MINUTE_MS) void this.refresh()
  }

  /** Without a login nothing is followed: the door asks for one, and starts anew. */
  #stop(error: ApiError): void {
    this.#stream?.stop()
    this.#take(error)
  }

  #take(error: unknown): void {
    if (!(error instanceof ApiError)) throw error
    if (error.status === 401) {
      this.forbidden = true
      queue.leave()
    }
    this.error = error
  }
}

export const live = new Live()
onDrill((drill) => { live.drill = drill })
