interface Session {
  name: string;
  values: number[];
}

const kept: Session[] = [];
(globalThis as { kept?: Session[] }).kept = kept;

function keep(): void { // leaks
  for (let i = 0; i < 1000; i++) kept.push({ name: "x" + i, values: [i, i + 1, i + 2] });
}

class Server {
  serve(): void { // calls keep
    keep();
    this.churn();
  }

  churn(): number { // churns
    return new Array(5000).fill(2).map((x) => ({ x })).length;
  }
}

const server = new Server();
for (let i = 0; i < 100; i++) server.serve();
