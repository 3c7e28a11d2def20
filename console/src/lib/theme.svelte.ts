// Light or dark: as the device says, until a person says otherwise.
const KEPT = 'twinward.theme'
type Theme = 'light' | 'dark'

class Look {
  theme = $state<Theme>('light')

  constructor() {
    const dark = matchMedia('(prefers-color-scheme: dark)')
    const kept = localStorage.getItem(KEPT)
    this.#show(kept === 'light' || kept === 'dark' ? kept : dark.matches ? 'dark' : 'light')
    dark.addEventListener('change', () => { if (!localStorage.getItem(KEPT)) this.#show(dark.matches ? 'dark' : 'light') })
  }

  turn(): void {
    const theme = this.theme === 'dark' ? 'light' : 'dark'
    localStorage.setItem(KEPT, theme)
    this.#show(theme)
  }

  #show(theme: Theme): void {
    this.theme = theme
    document.documentElement.dataset.theme = theme
  }
}

export const look = new Look()

/** A token's value, for what draws on a canvas. */
export const token = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()
