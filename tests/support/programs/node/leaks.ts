// A shop whose sessions and audit trail leak; of the pages, only the recent ones are kept.
interface Session {
  id: number;
  body: number[];
}

const sessions = new Map<number, Session>();
const audit: number[][] = [];
const recent: number[][] = [];

function login(id: number): void { // leaks a session
  sessions.set(id, { id, body: new Array(2000).fill(id) });
}

class Trail {
  record(id: number): void { // leaks a record
    audit.push(new Array(1500).fill(id));
  }
}

const look = (id: number): void => { // keeps pages
  recent.push(new Array(2000).fill(id));
  if (recent.length > 1000) recent.shift();
};

const trail = new Trail();

export function warm(): void {
  for (let i = 0; i < 5000; i++) look(i);
}

export function round(): void {
  for (let i = 0; i < 300; i++) {
    login(sessions.size);
    trail.record(i);
    for (let j = 0; j < 5; j++) look(j);
  }
}
