// How is a graph drawn? Shapes and colours by kind, on a canvas; shapes are painted once and copied.

const KINDS = ['account', 'machine', 'text', 'person', 'staff'];
/** Names of all nodes in sight are written while there are no more than so many. */
const NAMED_MAX = 70;
/** Widths of lines, by probability. */
const STEPS = 4;

function outline(context, kind, r) {
  context.beginPath();
  const corners = { machine: [4, Math.PI / 4, 1.15], text: [3, -Math.PI / 2, 1.3], person: [4, 0, 1.3], staff: [6, 0, 1.15] }[kind];
  if (!corners) {
    context.arc(0, 0, r, 0, 2 * Math.PI);
    return;
  }
  const [count, turn, more] = corners;
  for (let k = 0; k < count; k += 1) {
    const angle = turn + (2 * Math.PI * k) / count;
    context.lineTo(r * more * Math.cos(angle), r * more * Math.sin(angle));
  }
  context.closePath();
}

export class Drawing {
  constructor(canvas, graph) {
    this.canvas = canvas;
    this.graph = graph;
    this.context = canvas.getContext('2d');
    this.sprites = new Map();
    /** Lines of one look together: what they cost is the changes of the pen. */
    this.looks = Array.from({ length: STEPS + 1 }, () => []);
    for (const link of graph.links) {
      const step = link.inside ? Math.min(Math.floor(link.probability * STEPS), STEPS - 1) : -1;
      this.looks[step + 1].push(link);
    }
    this.view = { x: 0, y: 0, scale: 1 };
    this.colours();
    this.fit();
  }

  /** Colours are those of the style sheet, which knows light and dark. */
  colours() {
    const style = getComputedStyle(this.canvas);
    const of = (name) => style.getPropertyValue(name).trim();
    this.colour = Object.fromEntries(KINDS.map((kind) => [kind, of(`--graph-${kind}`)]));
    for (const name of ['ink', 'muted', 'paper', 'line']) this.colour[name] = of(`--graph-${name}`);
    this.font = style.fontFamily;
    this.sprites.clear();
  }

  size() {
    const { canvas } = this;
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      this.sprites.clear();
    }
    Object.assign(this, { width, height, ratio });
  }

  /** All that is shown, in sight. */
  fit() {
    this.size();
    const { x, y, shown } = this.graph;
    let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
    for (let n = 0; n < x.length; n += 1) {
      if (!shown[n]) continue;
      left = Math.min(left, x[n]);
      right = Math.max(right, x[n]);
      top = Math.min(top, y[n]);
      bottom = Math.max(bottom, y[n]);
    }
    if (!(left <= right)) return;
    const room = 44;
    const scale = Math.min((this.width - 2 * room) / Math.max(right - left, 1), (this.height - 2 * room) / Math.max(bottom - top, 1));
    this.view.scale = Math.min(Math.max(scale, 0.02), 2.2);
    this.view.x = this.width / 2 - ((left + right) / 2) * this.view.scale;
    this.view.y = this.height / 2 - ((top + bottom) / 2) * this.view.scale;
  }

  pan(dx, dy) {
    this.view.x += dx;
    this.view.y += dy;
  }

  zoom(by, px = this.width / 2, py = this.height / 2) {
    const { view } = this;
    const scale = Math.min(Math.max(view.scale * by, 0.02), 12);
    view.x = px - ((px - view.x) * scale) / view.scale;
    view.y = py - ((py - view.y) * scale) / view.scale;
    view.scale = scale;
  }

  /** Brings a node into sight. */
  show(n) {
    const [px, py] = this.place(n);
    const room = 60;
    this.pan(
      px < room ? room - px : px > this.width - room ? this.width - room - px : 0,
      py < room ? room - py : py > this.height - room ? this.height - room - py : 0,
    );
  }

  place(n) {
    return [this.graph.x[n] * this.view.scale + this.view.x, this.graph.y[n] * this.view.scale + this.view.y];
  }

  radius(n) {
    const node = this.graph.nodes[n];
    const size = node.kind === 'account' ? 5 : 6.5 + 1.6 * Math.sqrt(Math.min(this.graph.degree[n], 40));
    return Math.min(Math.max(size * Math.sqrt(this.view.scale), 1.6), 26);
  }

  sprite(kind, inside, r) {
    const rounded = Math.max(Math.round(r * 2) / 2, 1);
    const key = `${kind}${inside}${rounded}`;
    let found = this.sprites.get(key);
    if (!found) {
      const side = Math.ceil((rounded * 1.4 + 2) * 2 * this.ratio);
      const canvas = document.createElement('canvas');
      canvas.width = side;
      canvas.height = side;
      const context = canvas.getContext('2d');
      context.translate(side / 2, side / 2);
      context.scale(this.ratio, this.ratio);
      outline(context, kind, rounded);
      context.fillStyle = inside ? this.colour[kind] : this.colour.paper;
      context.strokeStyle = inside ? this.colour.paper : this.colour[kind];
      context.lineWidth = inside ? Math.min(rounded / 4, 1.2) : 1.4;
      context.fill();
      context.stroke();
      found = { canvas, side: side / this.ratio };
      this.sprites.set(key, found);
    }
    return found;
  }

  draw(chosen = -1, pointed = -1, link = -1) {
    const { context, graph, view, ratio, colour } = this;
    const { nodes, links, x, y, shown, lit } = graph;
    const near = chosen >= 0 ? graph.neighbours[chosen] : null;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    const px = (n) => x[n] * view.scale + view.x;
    const py = (n) => y[n] * view.scale + view.y;
    const inSight = (a, b) => {
      const [ax, ay, bx, by] = [px(a), py(a), px(b), py(b)];
      return Math.max(ax, bx) > 0 && Math.min(ax, bx) < this.width && Math.max(ay, by) > 0 && Math.min(ay, by) < this.height;
    };
    const thick = Math.min(Math.max(Math.sqrt(view.scale), 0.35), 1.6);
    for (let step = -1; step < STEPS; step += 1) {
      context.beginPath();
      for (const link of this.looks[step + 1]) {
        const { account, shared } = link;
        if (!shown[account] || !shown[shared] || !lit(link) || !inSight(account, shared)) continue;
        context.moveTo(px(account), py(account));
        context.lineTo(px(shared), py(shared));
      }
      context.strokeStyle = colour.line;
      context.globalAlpha = (chosen >= 0 ? 0.35 : 1) * (step < 0 ? 0.4 : 0.45 + 0.15 * step);
      context.lineWidth = (step < 0 ? 0.8 : 0.9 + 0.5 * step) * thick;
      context.stroke();
    }
    context.globalAlpha = 1;
    if (chosen >= 0 || link >= 0) {
      context.beginPath();
      links.forEach((one, l) => {
        const of = l === link || one.account === chosen || one.shared === chosen;
        if (!of || !shown[one.account] || !shown[one.shared] || !lit(one)) return;
        context.moveTo(px(one.account), py(one.account));
        context.lineTo(px(one.shared), py(one.shared));
      });
      context.strokeStyle = colour.ink;
      context.lineWidth = 1.8;
      context.stroke();
    }
    const named = [];
    for (let n = 0; n < nodes.length; n += 1) {
      if (!shown[n]) continue;
      const [cx, cy] = [px(n), py(n)];
      if (cx < -30 || cx > this.width + 30 || cy < -30 || cy > this.height + 30) continue;
      const of = chosen < 0 || n === chosen || near.has(n);
      const r = this.radius(n);
      const { canvas, side } = this.sprite(nodes[n].kind, nodes[n].inside, r);
      context.globalAlpha = of ? 1 : 0.3;
      context.drawImage(canvas, cx - side / 2, cy - side / 2, side, side);
      if (graph.hidden[n] > 0 && r > 4) {
        // More hangs on it than is shown.
        context.fillStyle = colour.ink;
        context.fillRect(cx + r * 0.8, cy - r * 1.3, 5, 1.4);
        context.fillRect(cx + r * 0.8 + 1.8, cy - r * 1.3 - 1.8, 1.4, 5);
      }
      if (n === chosen || n === pointed) {
        context.globalAlpha = 1;
        context.beginPath();
        context.arc(cx, cy, r * 1.4 + 4, 0, 2 * Math.PI);
        context.strokeStyle = colour.ink;
        context.lineWidth = 2;
        context.stroke();
      }
      if (of) named.push(n);
    }
    context.globalAlpha = 1;
    this.names(named, chosen, pointed);
  }

  /** Names, the important first; one that would lie on another is left out. */
  names(candidates, chosen, pointed) {
    const { context, graph, colour } = this;
    const few = candidates.length <= NAMED_MAX;
    const wanted = candidates.filter((n) => few || n === chosen || n === pointed || graph.nodes[n].kind === 'staff' || this.radius(n) > 9);
    const rank = (n) => (n === chosen || n === pointed ? 1e6 : 0) + graph.degree[n] + (graph.nodes[n].kind === 'account' ? 0 : 1e3);
    wanted.sort((a, b) => rank(b) - rank(a) || a - b);
    context.font = `12px ${this.font}`;
    context.textBaseline = 'middle';
    context.lineJoin = 'round';
    const taken = [];
    for (const n of wanted.slice(0, 2 * NAMED_MAX)) {
      const [cx, cy] = this.place(n);
      const text = graph.short(n);
      const width = text.length * 6.6 + 4;
      const box = [cx + this.radius(n) + 4, cy - 8, width, 16];
      const on = (other) => box[0] < other[0] + other[2] && other[0] < box[0] + box[2] && box[1] < other[1] + other[3] && other[1] < box[1] + box[3];
      if (n !== chosen && n !== pointed && taken.some(on)) continue;
      taken.push(box);
      context.lineWidth = 3;
      context.strokeStyle = colour.paper;
      context.strokeText(text, box[0], cy);
      context.fillStyle = colour.ink;
      context.fillText(text, box[0], cy);
    }
  }

  /** The node under a point, or -1. */
  nodeAt(px, py) {
    const { nodes, shown } = this.graph;
    let [best, nearest] = [-1, Infinity];
    for (let n = 0; n < nodes.length; n += 1) {
      if (!shown[n]) continue;
      const [cx, cy] = this.place(n);
      const distance = Math.hypot(cx - px, cy - py) - Math.max(this.radius(n) * 1.2, 7);
      if (distance < 0 && distance < nearest) [best, nearest] = [n, distance];
    }
    return best;
  }

  /** The link under a point, or -1. */
  linkAt(px, py) {
    const { links, shown, lit } = this.graph;
    let [best, nearest] = [-1, 6];
    links.forEach((link, l) => {
      if (!shown[link.account] || !shown[link.shared] || !lit(link)) return;
      const [ax, ay] = this.place(link.account);
      const [bx, by] = this.place(link.shared);
      const square = (bx - ax) ** 2 + (by - ay) ** 2 || 1;
      const t = Math.min(Math.max(((px - ax) * (bx - ax) + (py - ay) * (by - ay)) / square, 0), 1);
      const distance = Math.hypot(px - ax - t * (bx - ax), py - ay - t * (by - ay));
      if (distance < nearest) [best, nearest] = [l, distance];
    });
    return best;
  }
}
