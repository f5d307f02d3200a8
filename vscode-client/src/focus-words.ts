// Functions and patterns for the focus commands.

// Returns an RE2 pattern that matches exactly this text.
export function pattern(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&');
}

// Returns the function in an argument of a command, which is a name or the row of a view.
export function named(argument: unknown): string | undefined {
  const name = typeof argument === 'object' && argument !== null && 'function' in argument ? argument.function : argument;
  return typeof name === 'string' && name !== '' ? name : undefined;
}
