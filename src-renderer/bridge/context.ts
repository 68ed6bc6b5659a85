import { createContext } from 'svelte';
import type { Bridge } from './bridge.ts';

export const [getBridge, setBridge] = createContext<Bridge>();
