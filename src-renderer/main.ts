import 'uplot/dist/uPlot.min.css';
import './app.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { browserBridge } from './bridge/browser.ts';
import { electronBridge } from './bridge/electron.ts';
import { AppState } from './state/app.svelte.ts';
import { rememberedTheme, showTheme } from './state/theme.svelte.ts';

// Before the first paint: the settings come later, from the program.
showTheme(rememberedTheme());

const bridge = window.retort ? electronBridge(window.retort) : browserBridge();
mount(App, { target: document.getElementById('app')!, props: { app: new AppState(bridge) } });
