// The licences of what a bundle is made of, each text once: what every copy of the bundle has to carry.
import { readFile, readdir } from 'node:fs/promises';
import * as path from 'node:path';

const HERE = import.meta.dirname;
const TEXT = /^(licen[cs]e|notice|thirdpartynotices)\b/i;
const APACHE = 'http://www.apache.org/licenses/LICENSE-2.0'; // whose text is the LICENSE of alloclens itself

/** `inputs` are the files of a bundle, as esbuild's metafile names them. */
export async function licenses(inputs) {
  const packages = new Set(inputs.map((input) => /.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0]).filter(Boolean));
  const byText = new Map();
  for (const folder of [...packages].sort()) {
    const { name, text } = await license(path.join(HERE, folder));
    byText.set(text, [...(byText.get(text) ?? []), name]);
  }
  return [...byText].map(([text, names]) => `${names.join(', ')}\n${text}\n`).join('\n');
}

async function license(folder) {
  const { name, version, license } = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8'));
  const files = (await readdir(folder)).filter((file) => TEXT.test(file)).sort();
  if (files.length === 0) throw new Error(`${name} has no license file`);
  const texts = await Promise.all(files.map((file) => readFile(path.join(folder, file), 'utf8')));
  const text = texts.map((one) => one.trim()).join('\n\n');
  return { name: `${name} ${version} (${license})`, text: license === 'Apache-2.0' ? APACHE : text };
}
