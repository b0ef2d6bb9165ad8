enum Kind { Leaf, Node = 4, Both = Leaf | Node }

interface Tree<T> { kind: Kind; value?: T; left?: Tree<T>; right?: Tree<T> }

class Walker<T> {
  #seen = 0;
  static readonly names = new Map<Kind, string>([[Kind.Leaf, `leaf`], [Kind.Node, "node"]]);
  constructor(private readonly visit: (value: T) => void, public depth = 0) {}
  walk({ value, left, right, ...rest }: Tree<T>): number {
    this.#seen++;
    if (value !== undefined) this.visit?.(value);
    for (const child of [left, right]) child && this.walk(child);
    this.depth **= 2;
    return this.#seen + (rest.kind ?? 0);
  }
  async *all(trees: AsyncIterable<Tree<T>>) {
    for await (const tree of trees) {
      try { yield [this.walk(tree), await Promise.resolve(Walker.names.get(tree.kind))]; }
      catch { continue; }
      finally { this.depth ||= -1; }
    }
  }
}

const tagged = (strings: TemplateStringsArray, ...values: unknown[]) =>
  strings.raw.map((s, i) => s + String(values[i] ?? "")).join("");

export function run(n: number): string {
  const found: number[] = [];
  const walker = new Walker<number>(v => { found.push(v); });
  let tree: Tree<number> = { kind: Kind.Leaf, value: 0 };
  for (let i = 1; i < n; i++) tree = { kind: i % 3 ? Kind.Node : Kind.Both, value: i, left: tree };
  const count = walker.walk(tree);
  switch (count & 3) {
    case 0: return tagged`even ${count} of ${found.length}`;
    case 1: { const { length: l, [0]: first = 5 } = found; return `${first}/${l}`; }
    default: return typeof found === "object" && "x" in walker ? "x" : (void 0, /a+[b-d]/giu.source);
  }
}

export default ((a: number, b = a * 2, ...c: number[]) => (delete (c as any)[0], a << 1 ^ b >>> 2 | ~c.length) as unknown);
