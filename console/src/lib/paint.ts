// Waits until what is already there has been painted, so that heavy parts are read only after the first figures.
export const painted = (): Promise<void> => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))
