#!/usr/bin/env node
// The part of fpm's command line that electron-builder uses for a Debian package, done by dpkg-deb:
//
//   deb.mjs -s dir -t deb -d DEPENDS ... --package FILE FROM=TO ...
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';

const text = { type: 'string' };
const list = { type: 'string', multiple: true, default: [] };
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    s: { ...text, short: 's' }, force: { type: 'boolean' }, target: { ...text, short: 't' },
    depends: { ...list, short: 'd' }, 'deb-recommends': list, 'deb-compression': text, 'deb-compression-level': text, 'deb-priority': text,
    architecture: text, 'after-install': text, 'after-remove': text, description: text, version: text, package: text,
    name: text, maintainer: text, vendor: text, url: text, license: text, category: text,
  },
});
if (values.target !== 'deb') throw new Error(`makes Debian packages, not ${values.target}`);

// fpm and dpkg-deb call one of them by different names.
const compression = values['deb-compression'] === 'gz' ? 'gzip' : values['deb-compression'] ?? 'xz';
const level = values['deb-compression-level'] === undefined ? [] : [`-z${values['deb-compression-level']}`];
const stage = mkdtempSync(join(tmpdir(), 'retort-deb-'));
try {
  // A folder for temporary files is closed to others, and it becomes the root of the package.
  chmodSync(stage, 0o755);
  for (const pair of positionals) {
    const [from, to] = pair.split(/=(?=[^=]*$)/);
    const place = join(stage, to);
    mkdirSync(from.endsWith('/') ? place : dirname(place), { recursive: true });
    // `FOLDER/` is what it holds.
    execFileSync('cp', ['-a', '--reflink=auto', from.endsWith('/') ? `${from}.` : from, place]);
  }
  const size = execFileSync('du', ['-sk', stage], { encoding: 'utf8' }).split('\t')[0];
  const [synopsis, ...more] = values.description.split('\n');
  const fields = {
    Package: values.name, Version: values.version, License: values.license, Vendor: values.vendor,
    Architecture: values.architecture === 'x86_64' ? 'amd64' : values.architecture,
    Maintainer: values.maintainer, 'Installed-Size': size, Depends: values.depends.join(', '), Recommends: values['deb-recommends'].join(', '),
    Section: values.category ?? 'science', Priority: values['deb-priority'] ?? 'optional', Homepage: values.url,
    Description: [synopsis, ...more.map((line) => ` ${line.trim() || '.'}`)].join('\n'),
  };
  const control = join(stage, 'DEBIAN');
  mkdirSync(control);
  writeFileSync(join(control, 'control'), Object.entries(fields).flatMap(([name, value]) => (value ? [`${name}: ${value}\n`] : [])).join(''));
  for (const [file, script] of [['postinst', values['after-install']], ['postrm', values['after-remove']]]) {
    if (script === undefined) continue;
    copyFileSync(script, join(control, file));
    chmodSync(join(control, file), 0o755);
  }
  mkdirSync(dirname(values.package), { recursive: true });
  execFileSync('dpkg-deb', ['--root-owner-group', `-Z${compression}`, ...level, '--build', stage, values.package], { stdio: ['ignore', 'ignore', 'inherit'] });
} finally {
  rmSync(stage, { recursive: true });
}
