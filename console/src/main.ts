// Starts the console.
import { mount } from 'svelte'
import App from './App.svelte'
import './lib/tokens.css'
import './lib/base.css'
import { live } from './lib/live.svelte'
import { readLibrary } from './map/hold'
import { words } from './lib/words.svelte'

words.set(words.language)
// where the map is what the page is for, it is read while the first question is asked
if (location.hash.startsWith('#/city')) { void readLibrary().catch(() => undefined); void import('./places/City.svelte').catch(() => undefined) }
void live.start()
mount(App, { target: document.getElementById('app')! })
if ('serviceWorker' in navigator) void navigator.serviceWorker.register('/sw.js').catch(() => undefined)
