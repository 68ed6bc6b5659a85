import type { ServerResponse } from 'node:http';
import type { Refusal } from './access.ts';
import { HEADERS } from './responses.ts';

const CONTENT_POLICY = 'Content-Security-Policy';

/** What a browser is shown that has no cookie: why, and a field for the address that was printed. It works without a script. */
export function sendDoor(response: ServerResponse, { status, message }: Refusal): void {
  response.setHeader(CONTENT_POLICY, HEADERS[CONTENT_POLICY]!.replace("form-action 'none'", "form-action 'self'"));
  response.writeHead(status, { 'Content-Type': 'text/html; charset=utf-8' });
  response.end(`<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Retort</title>
<h1>Retort</h1><p>${message}</p>
<p>Without it at hand: end <code>retort serve</code> in its terminal and start it again; it prints the address. Through a tunnel with another port, paste it here.</p>
<form action="/"><label>Address, or the token at its end <input name="token" type="text" size="60" autocomplete="off" required autofocus></label> <button>Open</button></form></html>\n`);
}
