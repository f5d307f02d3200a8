// What the commands of the focus are about: a function, and a pattern that finds it.

// A pattern of exactly these characters, for RE2.
export function pattern(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&');
}

// The function that an argument of a command names: by itself, or as the row of a view.
export function named(argument: unknown): string | undefined {
  const found = typeof argument === 'object' && argument !== null && 'function' in argument ? argument.function : argument;
  return typeof found === 'string' && found !== '' ? found : undefined;
}
