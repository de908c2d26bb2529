// Where do the nodes of a graph lie? The same graph lies the same way each time: nothing is drawn by lot, and how long a
// slice of the work may take changes when it is done, not what comes out.
//
// Links pull and nodes push each other away (Fruchterman and Reingold 1991); far groups push as one (Barnes and Hut,
// Nature 1986), so that a round costs n log n.

const GOLDEN = Math.PI * (3 - Math.sqrt(5));
/** Rounds in which a graph comes to rest. */
const ROUNDS = 260;
/** A cell that is seen under less than this counts as one body. */
const THETA = 1.1;
/** Halvings at most: nodes in one place share a cell. */
const DEPTH_MAX = 24;
/** Nearer than this (squared) two nodes push no more than at this distance. */
const NEAR = 25;

/**
 * A graph on its way to rest. `links` holds pairs of places of nodes; `weight` how much each pulls; places in `fixed`
 * stay where `x` and `y` have them.
 */
export class Layout {
  constructor(count, links, weight, x = null, y = null, fixed = null) {
    Object.assign(this, { count, links, weight, fixed, round: 0 });
    this.x = x ?? new Float64Array(count);
    this.y = y ?? new Float64Array(count);
    this.dx = new Float64Array(count);
    this.dy = new Float64Array(count);
    /** The distance at which two linked nodes rest. */
    this.apart = 60;
    this.degree = new Float64Array(count);
    for (const place of links) this.degree[place] += 1;
    if (!x) this.begin();
    const room = 4 * count + 64;
    this.cells = { child: new Int32Array(4 * room), mass: new Float64Array(room), sx: new Float64Array(room), sy: new Float64Array(room), room, used: 0 };
  }

  /** What ties many lies on a sunflower; what it ties lies around it. A first picture that already says something. */
  begin() {
    const { count, degree, links } = this;
    const order = Array.from({ length: count }, (_, n) => n).sort((a, b) => degree[b] - degree[a] || a - b);
    const hubs = order.filter((n) => degree[n] > 2);
    const placed = new Uint8Array(count);
    const spread = this.apart * Math.sqrt(count) * 0.55;
    hubs.forEach((n, at) => {
      const radius = spread * Math.sqrt((at + 0.5) / Math.max(hubs.length, 1));
      this.x[n] = radius * Math.cos(at * GOLDEN);
      this.y[n] = radius * Math.sin(at * GOLDEN);
      placed[n] = 1;
    });
    const sums = new Float64Array(3 * count);
    for (let l = 0; l < links.length; l += 2) {
      for (const [one, other] of [[links[l], links[l + 1]], [links[l + 1], links[l]]]) {
        if (placed[one]) {
          sums[3 * other] += this.x[one];
          sums[3 * other + 1] += this.y[one];
          sums[3 * other + 2] += 1;
        }
      }
    }
    order.forEach((n, at) => {
      if (placed[n]) return;
      const of = Math.max(sums[3 * n + 2], 1);
      const radius = this.apart * (0.6 + (at % 7) / 7);
      this.x[n] = sums[3 * n] / of + radius * Math.cos(at * GOLDEN);
      this.y[n] = sums[3 * n + 1] / of + radius * Math.sin(at * GOLDEN);
    });
  }

  /** Works for about so many milliseconds; whether the graph is at rest. */
  work(budget, now = () => performance.now()) {
    const until = now() + budget;
    while (this.round < ROUNDS) {
      this.once();
      if (now() >= until) break;
    }
    return this.round >= ROUNDS;
  }

  once() {
    const { count, links, weight, x, y, dx, dy, apart, fixed } = this;
    const left = 1 - this.round / ROUNDS;
    const step = apart * (1.6 * left * left + 0.02);
    dx.fill(0);
    dy.fill(0);
    this.push();
    for (let l = 0, k = 0; l < links.length; l += 2, k += 1) {
      const a = links[l];
      const b = links[l + 1];
      const ex = x[a] - x[b];
      const ey = y[a] - y[b];
      const distance = Math.sqrt(ex * ex + ey * ey) || 1e-6;
      // A node of many links is not torn: each pulls it a little.
      const busy = Math.sqrt(Math.min(this.degree[a], this.degree[b])) || 1;
      const pull = (distance / apart) * (0.4 + 0.6 * weight[k]) / busy;
      dx[a] -= ex * pull;
      dy[a] -= ey * pull;
      dx[b] += ex * pull;
      dy[b] += ey * pull;
    }
    for (let n = 0; n < count; n += 1) {
      if (fixed?.[n]) continue;
      // Towards the middle, so that parts without links stay in sight.
      // What nothing holds would drift away from what is to be seen.
      const hold = 0.06 + 0.3 / (1 + this.degree[n] * this.degree[n] * 4);
      const fx = dx[n] - hold * x[n];
      const fy = dy[n] - hold * y[n];
      const length = Math.sqrt(fx * fx + fy * fy) || 1e-9;
      const by = Math.min(length, step) / length;
      x[n] += fx * by;
      y[n] += fy * by;
    }
    this.round += 1;
  }

  push() {
    const { count, x, y, dx, dy } = this;
    const strength = this.apart * this.apart * 0.06;
    const size = this.grow();
    const { child, mass, sx, sy } = this.cells;
    const cells = new Int32Array(4 * DEPTH_MAX + 8);
    const widths = new Float64Array(4 * DEPTH_MAX + 8);
    for (let n = 0; n < count; n += 1) {
      let waiting = 1;
      cells[0] = 0;
      widths[0] = size;
      while (waiting > 0) {
        waiting -= 1;
        const cell = cells[waiting];
        const width = widths[waiting];
        const m = mass[cell];
        const ex = x[n] - sx[cell] / m;
        const ey = y[n] - sy[cell] / m;
        const square = ex * ex + ey * ey;
        const leaf = child[4 * cell] === -2;
        if (leaf || width * width < THETA * THETA * square) {
          const force = (strength * m) / Math.max(square, NEAR);
          dx[n] += ex * force;
          dy[n] += ey * force;
          continue;
        }
        for (let q = 0; q < 4; q += 1) {
          const next = child[4 * cell + q];
          if (next > 0) {
            cells[waiting] = next;
            widths[waiting] = width / 2;
            waiting += 1;
          }
        }
      }
    }
  }

  /** The tree of cells; the width of its root. A cell without children is marked by -2 in its first place. */
  grow() {
    const { count, x, y, cells } = this;
    let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
    for (let n = 0; n < count; n += 1) {
      left = Math.min(left, x[n]);
      right = Math.max(right, x[n]);
      top = Math.min(top, y[n]);
      bottom = Math.max(bottom, y[n]);
    }
    const size = Math.max(right - left, bottom - top, 1) * 1.0001;
    cells.used = 0;
    this.cell();
    for (let n = 0; n < count; n += 1) this.put(n, left, top, size);
    return size;
  }

  cell() {
    const { cells } = this;
    if (cells.used === cells.room) {
      const room = cells.room * 2;
      const wider = (old, length) => { const fresh = new old.constructor(length); fresh.set(old); return fresh; };
      this.cells = { child: wider(cells.child, 4 * room), mass: wider(cells.mass, room), sx: wider(cells.sx, room), sy: wider(cells.sy, room), room, used: cells.used };
    }
    const at = this.cells.used;
    this.cells.child.fill(-1, 4 * at, 4 * at + 4);
    this.cells.child[4 * at] = -2;
    this.cells.mass[at] = 0;
    this.cells.sx[at] = 0;
    this.cells.sy[at] = 0;
    this.cells.used += 1;
    return at;
  }

  put(n, left, top, size) {
    const { x, y } = this;
    let [cell, cx, cy, width] = [0, left, top, size];
    for (let depth = 0; ; depth += 1) {
      const { mass, sx, sy, child } = this.cells;
      const leaf = child[4 * cell] === -2;
      if (leaf && (mass[cell] === 0 || depth >= DEPTH_MAX)) {
        mass[cell] += 1;
        sx[cell] += x[n];
        sy[cell] += y[n];
        return;
      }
      if (leaf) {
        // The one that is here moves a level down.
        const [ox, oy] = [sx[cell] / mass[cell], sy[cell] / mass[cell]];
        child[4 * cell] = -1;
        const below = this.cell();
        const half = width / 2;
        const q = (ox >= cx + half ? 1 : 0) + (oy >= cy + half ? 2 : 0);
        this.cells.child[4 * cell + q] = below;
        this.cells.mass[below] = mass[cell];
        this.cells.sx[below] = sx[cell];
        this.cells.sy[below] = sy[cell];
      }
      this.cells.mass[cell] += 1;
      this.cells.sx[cell] += x[n];
      this.cells.sy[cell] += y[n];
      const half = width / 2;
      const q = (x[n] >= cx + half ? 1 : 0) + (y[n] >= cy + half ? 2 : 0);
      if (this.cells.child[4 * cell + q] < 0) {
        const fresh = this.cell();
        this.cells.child[4 * cell + q] = fresh;
      }
      if (q & 1) cx += half;
      if (q & 2) cy += half;
      width = half;
      cell = this.cells.child[4 * cell + q];
    }
  }
}
