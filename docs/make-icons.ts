import { readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';

/** Draws resources/icons/retort.png from retort.svg, large enough for every icon that packing makes of it. Needs Chromium. */
const SIZE = 1024;
const browser = await chromium.launch({ executablePath: process.env['RETORT_CHROMIUM'] ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
const page = await browser.newPage({ viewport: { width: SIZE, height: SIZE } });
await page.setContent(`<style>body{margin:0}svg{display:block;width:${SIZE}px;height:${SIZE}px}</style>${readFileSync('resources/icons/retort.svg', 'utf8')}`);
await page.screenshot({ path: 'resources/icons/retort.png', omitBackground: true });
await browser.close();
