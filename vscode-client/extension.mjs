// node extension.mjs   dist/extension.js, and the licences of what is in it as dist/ThirdPartyNotices.txt
import * as esbuild from 'esbuild';
import { writeFile } from 'node:fs/promises';
import * as path from 'node:path';
import { licenses } from './licenses.mjs';

const HERE = import.meta.dirname;
const BUNDLE = 'dist/extension.js';

const made = await esbuild.build({
  absWorkingDir: HERE,
  entryPoints: ['src/extension.ts'],
  outfile: BUNDLE,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node18',
  external: ['vscode'],
  minify: true,
  legalComments: 'none', // `licenses` has them whole
  metafile: true,
  logLevel: 'warning',
});
const notices = await licenses(Object.keys(made.metafile.outputs[BUNDLE].inputs));
await writeFile(path.join(HERE, 'dist/ThirdPartyNotices.txt'), notices);
