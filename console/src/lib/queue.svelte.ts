// What an officer did, kept on the device until the server has it: each command gets its id once, so that nothing is done twice.
import { ApiError, sendCommands, type Command } from '../api/client'

const KEPT = 'twinward.queue'
const RETRY_MS = 4_000
const BATCH = 50

export interface Refusal { id: string; message: string }

/** An id that no other device makes; works without a secure context too. */
export function makeId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12))
  return `console-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}

class Queue {
  waiting = $state.raw<Command[]>(JSON.parse(localStorage.getItem(KEPT) ?? '[]') as Command[])
  refused = $state.raw<Refusal[]>([])
  online = $state(navigator.onLine)
  sentCount = $state(0)
  #sending = false
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor() {
    addEventListener('online', () => { this.online = true; void this.send() })
    addEventListener('offline', () => { this.online = false })
    addEventListener('storage', (event) => {
      if (event.key === KEPT) this.waiting = JSON.parse(event.newValue ?? '[]') as Command[]
    })
    if (this.waiting.length) void this.send()
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
    if (this.#sending || !this.waiting.length) return
    this.#sending = true
    clearTimeout(this.#timer)
    try {
      while (this.waiting.length) {
        const batch = this.waiting.slice(0, BATCH)
        const account = await sendCommands(batch)
        this.refused = [
          ...this.refused,
          ...account.rejected.map((one) => ({ id: batch[one.index]?.id ?? '', message: one.message })),
        ]
        const done = new Set(batch.map((command) => command.id))
        this.#keep(this.#stored().filter((command) => !done.has(command.id)))
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

  #stored(): Command[] {
    return JSON.parse(localStorage.getItem(KEPT) ?? '[]') as Command[]
  }

  #keep(commands: Command[]): void {
    localStorage.setItem(KEPT, JSON.stringify(commands))
    this.waiting = commands
  }
}

export const queue = new Queue()
