// What the name of a function says: its package, which gives the frame its hue, and what of it fits into a frame.

export const HUES = 8;

// Go: what is before the first dot of the last path element; C++ and Rust: what is before the last ::. Names without either go by
// the directory of their file.
export function packageOf(name: string, file: string): string {
  const plain = name.split(/[[(<]/, 1)[0] ?? '';
  const scope = plain.lastIndexOf('::');
  if (scope > 0) {
    return plain.slice(0, scope);
  }
  const dot = plain.indexOf('.', plain.lastIndexOf('/') + 1);
  return dot > 0 ? plain.slice(0, dot) : file.slice(0, Math.max(0, file.lastIndexOf('/')));
}

// Without the directories of its package: net/http.(*conn).serve -> http.(*conn).serve. A major version keeps the name before it:
// github.com/go-chi/chi/v5.NewRouter -> chi/v5.NewRouter. `short_name` in server/alloclens/wording/names.py does the same.
export function shortName(name: string): string {
  const path = name.split(/[[(<:]/, 1)[0] ?? '';
  let last = path.lastIndexOf('/');
  if (last === path.length - 1) {
    return name; // operator/(A, B) has no path
  }
  if (last > 0 && /^v\d+(\.|$)/.test(path.slice(last + 1))) {
    last = path.lastIndexOf('/', last - 1);
  }
  return path.slice(last + 1).replaceAll('%2e', '.') + name.slice(path.length); // Go writes a dot of the last element as %2e
}

// FNV-1a: the same package has the same hue tomorrow.
export function hue(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) {
    hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193) >>> 0;
  }
  return ((hash ^ (hash >>> 15)) >>> 0) % HUES;
}
