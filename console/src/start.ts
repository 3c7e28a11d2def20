// Starts the console.
import { mount } from 'svelte'
import App from './App.svelte'
import './lib/tokens.css'
import './lib/base.css'
import { live } from './lib/live.svelte'
import { askAhead } from './map/ground'
import { words } from './lib/words.svelte'

words.set(words.language)
void live.start()
if (location.hash.startsWith('#/city')) askAhead()
mount(App, { target: document.getElementById('app')! })
if ('serviceWorker' in navigator) void navigator.serviceWorker.register('/sw.js').catch(() => undefined)
