/// <reference types="vite/client" />
/// <reference types="svelte" />
declare module 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url' {
  const address: string
  export default address
}
declare module '*.css'
