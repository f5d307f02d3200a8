// Names as text: what a profile or a directory calls something must not turn what is beside it around, nor begin a line.

// Controls, separators and lone surrogates; zero-width and bidirectional controls, tags, interlinear annotation. As in the
// server's printable.py.
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;
const SHORT: Record<string, string> = { '\t': '\\t', '\n': '\\n', '\r': '\\r' };

// A text on one line, with every character that is not to be shown as it is written as \x1b or \u202e.
export function printable(text: string): string {
  return text.replace(UNSAFE, (character) => SHORT[character] ?? written(character.codePointAt(0) ?? 0));
}

function written(code: number): string {
  const [letter, digits] = code < 0x100 ? ['x', 2] : code < 0x10000 ? ['u', 4] : ['U', 8];
  return `\\${letter}${code.toString(16).padStart(digits, '0')}`;
}
