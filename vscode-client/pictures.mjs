// node pictures.mjs            dist/pictures.js and .css for VS Code's pages
// node pictures.mjs --report   the report's bundle, which is committed
// node pictures.mjs --check    fails if the report's bundle is not what these sources make
import * as esbuild from 'esbuild';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import * as path from 'node:path';
import { licenses } from './licenses.mjs';

const HERE = import.meta.dirname;
const REPORT = path.join(HERE, '../server/alloclens/report/pictures');
const PAGE = path.join(HERE, 'dist/pictures');
const MADE = '/* Made by `make pictures` of vscode-client/pictures. */\n';
// dagre has some in its strings; HTML allows none.
const CONTROL = /[\0-\x08\x0b\x0e-\x1f\x7f]/g;

async function bundle(entry, options) {
  const made = await esbuild.build({
    absWorkingDir: HERE,
    entryPoints: [path.join(HERE, 'pictures', entry)],
    outfile: `${PAGE}.js`, // only its name is used: nothing is written here
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2020',
    minify: true,
    legalComments: 'none', // `licenses` has them whole
    metafile: true,
    ...options,
  });
  const texts = await Promise.all(['.js', '.css'].map((ending) => noted(made, ending)));
  return { js: texts[0], css: texts[1] };
}

async function noted(made, ending) {
  const name = Object.keys(made.metafile.outputs).find((output) => output.endsWith(ending));
  const file = made.outputFiles.find((output) => output.path.endsWith(ending));
  const notices = await licenses(Object.keys(made.metafile.outputs[name].inputs));
  const text = file.text.replace(CONTROL, (sign) => `\\x${sign.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return `${MADE}/*!\n${notices.replaceAll('*/', '* /')}*/\n${text}`;
}

async function write(stem, { js, css }) {
  await mkdir(path.dirname(stem), { recursive: true });
  await Promise.all([writeFile(`${stem}.js`, js), writeFile(`${stem}.css`, css)]);
}

async function check(stem, made) {
  for (const [ending, text] of Object.entries(made)) {
    if ((await readFile(`${stem}.${ending}`, 'utf8')) !== text) {
      throw new Error(`${stem}.${ending} is not what these sources make: run \`make pictures\``);
    }
  }
}

const wanted = process.argv[2];
if (wanted === '--report' || wanted === '--check') {
  await (wanted === '--check' ? check : write)(REPORT, await bundle('index.ts', { globalName: 'alloclensPictures' }));
} else {
  await write(PAGE, await bundle('page.ts', {}));
}
