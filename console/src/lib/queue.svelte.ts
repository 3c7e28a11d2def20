// What an officer did, kept on the device until the server has it: each command gets its id once, so that nothing is done twice.
import { ApiError, fence, sendCommands, whyNot, type Command } from '../api/client'

const KEPT = 'twinward.queue'
const ACCOUNT = 'twinward.account' // who used this device last
const OWNER = 'local-admin' // of a workspace without logins
const RETRY_MS = 4_000
const BATCH = 50

export interface Refusal { id: string; message: string }

/** An id that no other device makes; works without a secure context too. */
export function makeId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12))
  return `console-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}

/** Where an account's own things lie on this device. */
export const keptOf = (name: string, account: string): string => `${name}.${account}`

class Queue {
  owner = $state(localStorage.getItem(ACCOUNT) ?? '')
  waiting = $state.raw<Command[]>(this.#stored())
  refused = $state.raw<Refusal[]>([])
  online = $state(navigator.onLine)
  sentCount = $state(0)
  #sending = false
  #met = false // whether the server has said that the owner is who has logged in
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor() {
    addEventListener('online', () => { this.online = true; void this.send() })
    addEventListener('offline', () => { this.online = false })
    addEventListener('storage', (event) => {
      if (event.key === keptOf(KEPT, this.owner)) this.waiting = this.#stored()
    })
  }

  /** The server has said who has logged in: what others did on this device stays theirs, and waits for them. */
  belongsTo(account: string): void {
    if (this.#met && account === this.owner) return void this.send()
    const left = localStorage.getItem(KEPT) // kept by an earlier version, which did not say whose it is
    if (left && account === OWNER) {
      localStorage.setItem(keptOf(KEPT, account), left)
      localStorage.removeItem(KEPT)
    }
    localStorage.setItem(ACCOUNT, account)
    if (account !== this.owner) this.refused = []
    this.owner = account
    this.waiting = this.#stored()
    this.#met = true
    void this.send()
  }

  /** Nobody has logged in, or perhaps another: nothing is sent before that is known. */
  leave(): void {
    this.#met = false
    clearTimeout(this.#timer)
  }

  /** The server's clock less this device's, from its last answer: a device whose clock is wrong does no harm. */
  skewMs = 0

  /** Keep commands and send them as soon as that can be done. What is kept says when the officer did it. */
  add(...commands: Command[]): Promise<void> {
    const at = new Date(Date.now() + this.skewMs).toISOString()
    this.#keep([...this.#stored(), ...commands.map((command) => (this.online ? command : { ...command, occurred_at: at }))])
    return this.send()
  }

  holds(task: string): Command | undefined {
    return this.waiting.find((command) => 'task' in command && command.task === task)
  }

  async send(): Promise<void> {
    if (this.#sending || !this.#met || !this.waiting.length) return
    if (fence.on) { this.#timer = setTimeout(() => void this.send(), RETRY_MS); return } // a rehearsal is played: it waits outside
    this.#sending = true
    const owner = this.owner
    clearTimeout(this.#timer)
    try {
      while (this.#met && owner === this.owner && this.waiting.length) {
        const batch = this.waiting.slice(0, BATCH)
        const account = await sendCommands(batch)
        this.refused = [
          ...this.refused,
          ...account.rejected.map((one) => ({ id: batch[one.index]?.id ?? '', message: whyNot(one) })),
        ]
        const done = new Set(batch.map((command) => command.id))
        this.#keep(this.#stored(owner).filter((command) => !done.has(command.id)), owner)
        this.sentCount += batch.length
        this.online = true
      }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      if (error.status === 0 || error.status === 503) this.online = false
      else this.refused = [...this.refused, { id: 'all', message: error.message }]
      this.#timer = setTimeout(() => void this.send(), RETRY_MS)
    } finally {
      this.#sending = false
    }
  }

  dismiss(): void {
    this.refused = []
  }

  #stored(owner = this.owner): Command[] {
    return JSON.parse(localStorage.getItem(keptOf(KEPT, owner)) ?? '[]') as Command[]
  }

  #keep(commands: Command[], owner = this.owner): void {
    localStorage.setItem(keptOf(KEPT, owner), JSON.stringify(commands))
    if (owner === this.owner) this.waiting = commands
  }
}

export const queue = new Queue()
