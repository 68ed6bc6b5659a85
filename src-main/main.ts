import { startDesktop } from './electron/desktop.ts';

startDesktop();
