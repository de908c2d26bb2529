// How is a ring looked at? Moved, zoomed, unfolded, back in time; with pointer, touch and keyboard; each link with its why.
//
// The same data stands as tables below: this adds a picture, and nothing that only eyes can find.

/** Work on the layout between two pictures, milliseconds. */
const SLICE = 9;
/** Pixels that an arrow key moves. */
const STEP = 60;

const words = (root) => JSON.parse(root.dataset.words);
const fill = (text, places) => text.replace(/\{(\w+)\}/g, (all, name) => (name in places ? places[name] : all));

/** A graph as the endpoint gives it, with what is needed to draw it. */
export class Graph {
  constructor({ nodes, links }) {
    Object.assign(this, { nodes, links });
    const count = nodes.length;
    this.since = nodes.map((node) => Date.parse(node.since));
    this.linkSince = links.map((link) => Date.parse(link.since));
    this.degree = new Float64Array(count);
    this.neighbours = nodes.map(() => new Map());
    links.forEach(({ account, shared }, l) => {
      this.degree[account] += 1;
      this.degree[shared] += 1;
      this.neighbours[account].set(shared, l);
      this.neighbours[shared].set(account, l);
    });
    this.x = new Float64Array(count);
    this.y = new Float64Array(count);
    /** What is unfolded: at first what is counted to the ring. */
    this.open = Uint8Array.from(nodes, (node) => (node.inside ? 1 : 0));
    this.shown = new Uint8Array(count);
    this.hidden = new Int32Array(count);
    this.until = Infinity;
    links.forEach((link, l) => { link.at = this.linkSince[l]; });
    this.lit = (link) => link.at <= this.until;
    this.see();
  }

  /** What is shown at the time that the slider says, and how much is folded away behind each node. */
  see() {
    for (let n = 0; n < this.nodes.length; n += 1) this.shown[n] = this.open[n] && this.since[n] <= this.until ? 1 : 0;
    for (let n = 0; n < this.nodes.length; n += 1) {
      this.hidden[n] = 0;
      for (const other of this.neighbours[n].keys()) this.hidden[n] += this.open[other] ? 0 : 1;
    }
  }

  short(n) {
    const name = this.nodes[n].name;
    return name.length > 22 ? `${name.slice(0, 20)}…` : name;
  }
}

export class View {
  constructor(root, data, { Layout, Drawing }) {
    Object.assign(this, { root, Layout, t: words(root) });
    this.graph = new Graph(data);
    this.canvas = root.querySelector('canvas');
    this.detail = root.querySelector('.graph-detail');
    this.said = root.querySelector('.graph-said');
    [this.chosen, this.pointed, this.link, this.moved, this.dirty] = [-1, -1, -1, false, true];
    this.lang = document.documentElement.lang || 'en';
    this.calm = window.matchMedia('(prefers-reduced-motion: reduce)').matches;
    this.money = (money) => new Intl.NumberFormat(this.lang, { style: 'currency', currency: money.currency }).format(money.amount / 10 ** (new Intl.NumberFormat(this.lang, { style: 'currency', currency: money.currency }).resolvedOptions().maximumFractionDigits));
    this.day = (at) => new Intl.DateTimeFormat(this.lang, { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' }).format(at);
    this.share = (p) => new Intl.NumberFormat(this.lang, { style: 'percent', maximumFractionDigits: 1 }).format(Math.min(p, 0.999));
    this.arrange();
    this.drawing = new Drawing(this.canvas, this.graph);
    this.listen();
    this.slider();
    this.tell(this.t.start);
    requestAnimationFrame(() => this.frame());
  }

  /** Lays out what is unfolded; what lay somewhere stays there when more is unfolded. */
  arrange(fresh = null) {
    const { graph } = this;
    const places = [];
    const at = new Map();
    graph.open.forEach((open, n) => {
      if (open) {
        at.set(n, places.length);
        places.push(n);
      }
    });
    const ends = [];
    const weights = [];
    for (const { account, shared, probability } of graph.links) {
      if (at.has(account) && at.has(shared)) {
        ends.push(at.get(account), at.get(shared));
        weights.push(probability);
      }
    }
    let start = [null, null, null];
    if (fresh) {
      const fixed = Uint8Array.from(places, (n) => (fresh.has(n) ? 0 : 1));
      start = [Float64Array.from(places, (n) => graph.x[n]), Float64Array.from(places, (n) => graph.y[n]), fixed];
    }
    this.places = places;
    this.layout = new this.Layout(places.length, ends, weights, ...start);
    this.settled = false;
    this.take();
  }

  take() {
    this.places.forEach((n, at) => {
      this.graph.x[n] = this.layout.x[at];
      this.graph.y[n] = this.layout.y[at];
    });
    this.dirty = true;
  }

  frame() {
    if (!this.settled) {
      this.settled = this.layout.work(SLICE);
      // Without motion for those who asked for none: the picture comes when it is ready.
      if (!this.calm || this.settled) {
        this.take();
        if (!this.moved) this.drawing.fit();
      }
      if (this.settled) this.root.dataset.settled = 'yes';
    }
    if (this.dirty) {
      this.drawing.draw(this.chosen, this.pointed, this.link);
      this.dirty = false;
    }
    requestAnimationFrame(() => this.frame());
  }

  tell(text) {
    this.said.textContent = text;
  }

  // --- what is chosen, and why it is linked

  kind(node) {
    return this.t[node.shared ?? node.kind] ?? node.kind;
  }

  title(n) {
    const node = this.graph.nodes[n];
    return `${this.kind(node)} ${node.name}`;
  }

  rare(count) {
    const { t } = this;
    return count <= 3 ? t.rare_very : count <= 10 ? t.rare : count <= 40 ? t.rare_not : t.rare_common;
  }

  facts(node) {
    const { t } = this;
    const facts = [[t.since, this.day(Date.parse(node.since))]];
    if (node.probability != null) facts.push([node.kind === 'account' ? t.belongs : t.of_ring, this.share(node.probability)]);
    if (node.refunds != null) facts.push([t.refunds, `${node.refunds}, ${this.money(node.money)}`]);
    if (node.shared_by != null) facts.push([t.shared_by, `${fill(t.accounts_in_all, { n: node.shared_by })}: ${this.rare(node.shared_by)}`]);
    if (node.orders != null) facts.push([t.orders, node.orders === 0 ? t.orders_none : String(node.orders)]);
    facts.push([t.counted, node.inside ? t.counted_yes : t.counted_no]);
    return facts;
  }

  why(l) {
    const { t, graph } = this;
    const link = graph.links[l];
    const shared = graph.nodes[link.shared];
    const parts = [fill(t.why_link, { account: graph.nodes[link.account].name, kind: this.kind(shared), value: shared.name, day: this.day(graph.linkSince[l]) })];
    if (shared.shared_by != null) parts.push(fill(t.why_rare, { n: shared.shared_by, rare: this.rare(shared.shared_by) }));
    parts.push(fill(link.inside ? t.why_inside : t.why_outside, { p: this.share(link.probability) }));
    return parts.join(' ');
  }

  make(tag, text = '', name = '') {
    const made = document.createElement(tag);
    made.textContent = text;
    if (name) made.className = name;
    return made;
  }

  choose(n, { quiet = false } = {}) {
    [this.chosen, this.link, this.dirty] = [n, -1, true];
    this.detail.replaceChildren();
    if (n < 0) {
      this.detail.append(this.make('p', this.t.choose, 'quiet'));
      return;
    }
    const { graph, t } = this;
    const node = graph.nodes[n];
    this.detail.append(this.make('h3', this.title(n)));
    if (node.href) {
      const link = this.make('a', t.open);
      link.href = node.href;
      this.detail.append(link);
    }
    const list = this.make('dl');
    for (const [name, value] of this.facts(node)) list.append(this.make('dt', name), this.make('dd', value));
    this.detail.append(list);
    if (graph.hidden[n] > 0) {
      const more = this.make('button', fill(t.unfold, { n: graph.hidden[n] }));
      more.type = 'button';
      more.addEventListener('click', () => this.unfold(n));
      this.detail.append(more);
    }
    const links = [...graph.neighbours[n].entries()].filter(([other]) => graph.shown[other]);
    this.detail.append(this.make('h4', fill(t.links, { n: links.length })));
    const all = this.make('ul');
    for (const [other, l] of links.slice(0, 200)) {
      const item = this.make('li');
      const go = this.make('button', this.title(other), 'quiet');
      go.type = 'button';
      go.addEventListener('click', () => { this.choose(other); this.drawing.show(other); this.canvas.focus(); });
      item.append(go, this.make('p', this.why(l), 'quiet'));
      all.append(item);
    }
    this.detail.append(all);
    if (!quiet) this.tell(fill(t.said, { what: this.title(n), n: links.length, facts: this.facts(node).map((fact) => fact.join(': ')).join('; ') }));
  }

  chooseLink(l) {
    [this.chosen, this.link, this.dirty] = [-1, l, true];
    this.detail.replaceChildren(this.make('h3', this.t.link), this.make('p', this.why(l)));
    this.tell(this.why(l));
  }

  unfold(n) {
    const { graph } = this;
    const fresh = new Map([...graph.neighbours[n].keys()].filter((other) => !graph.open[other]).map((other, at) => [other, at]));
    if (fresh.size === 0) return;
    for (const [other, at] of fresh) {
      graph.open[other] = 1;
      const [radius, angle] = [50 + 6 * Math.sqrt(at), at * 2.399963];
      graph.x[other] = graph.x[n] + radius * Math.cos(angle);
      graph.y[other] = graph.y[n] + radius * Math.sin(angle);
    }
    graph.see();
    this.arrange(fresh);
    this.choose(n, { quiet: true });
    this.tell(fill(this.t.unfolded, { n: fresh.size, what: this.title(n) }));
  }

  /** Everything around, or only what is counted to the ring. */
  around(all) {
    const { graph } = this;
    const fresh = new Map();
    graph.nodes.forEach((node, n) => {
      if (node.inside) return;
      if (all && !graph.open[n]) {
        const [hub] = [...graph.neighbours[n].keys()].sort((a, b) => graph.open[b] - graph.open[a] || a - b);
        const angle = n * 2.399963;
        graph.x[n] = (hub === undefined ? 0 : graph.x[hub]) + 60 * Math.cos(angle);
        graph.y[n] = (hub === undefined ? 0 : graph.y[hub]) + 60 * Math.sin(angle);
        fresh.set(n, 0);
      }
      graph.open[n] = all ? 1 : 0;
    });
    graph.see();
    this.arrange(fresh.size > 0 ? fresh : new Map());
    this.choose(-1);
    this.tell(this.summary());
  }

  // --- time

  summary() {
    const { graph, t } = this;
    let [accounts, shared] = [0, 0];
    const sums = new Map();
    graph.nodes.forEach((node, n) => {
      if (!graph.shown[n]) return;
      if (node.kind === 'account') accounts += 1; else shared += 1;
      if (node.money) sums.set(node.money.currency, (sums.get(node.money.currency) ?? 0) + node.money.amount);
    });
    const money = [...sums].map(([currency, amount]) => this.money({ currency, amount })).join(' + ') || '–';
    return fill(t.summary, { accounts, shared, money });
  }

  slider() {
    const { graph, root } = this;
    const range = root.querySelector('input[type=range]');
    const told = root.querySelector('.graph-time output');
    const times = [...new Set([...graph.since, ...graph.linkSince])].sort((a, b) => a - b);
    if (times.length < 2) {
      root.querySelector('.graph-time').hidden = true;
      told.textContent = this.summary();
      return;
    }
    // One place a moment at which something became known.
    range.max = String(times.length - 1);
    range.value = range.max;
    const set = () => {
      const at = times[Number(range.value)];
      graph.until = Number(range.value) === times.length - 1 ? Infinity : at;
      graph.see();
      this.dirty = true;
      const text = fill(this.t.by, { day: this.day(at), what: this.summary() });
      told.textContent = text;
      range.setAttribute('aria-valuetext', text);
      if (this.chosen >= 0 && !graph.shown[this.chosen]) this.choose(-1, { quiet: true });
    };
    range.addEventListener('input', set);
    set();
    const play = root.querySelector('[data-do=play]');
    let timer = 0;
    const stop = () => {
      window.clearInterval(timer);
      timer = 0;
      play.setAttribute('aria-pressed', 'false');
      play.textContent = this.t.play;
    };
    play.addEventListener('click', () => {
      if (timer) {
        stop();
        return;
      }
      if (range.value === range.max) range.value = '0';
      play.setAttribute('aria-pressed', 'true');
      play.textContent = this.t.stop;
      const stride = Math.max(1, Math.round(times.length / 120));
      timer = window.setInterval(() => {
        range.value = String(Math.min(Number(range.value) + stride, times.length - 1));
        set();
        if (range.value === range.max) stop();
      }, this.calm ? 600 : 120);
    });
  }

  // --- pointer, touch, keyboard

  look(by) {
    by();
    [this.moved, this.dirty] = [true, true];
  }

  listen() {
    const { canvas, drawing, root } = this;
    const place = (event) => {
      const box = canvas.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    const fingers = new Map();
    let travelled = 0;
    canvas.addEventListener('pointerdown', (event) => {
      if (fingers.size === 0) travelled = 0;
      fingers.set(event.pointerId, place(event));
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener('pointermove', (event) => {
      const to = place(event);
      const from = fingers.get(event.pointerId);
      if (!from) {
        const at = drawing.nodeAt(...to);
        canvas.classList.toggle('on', at >= 0);
        if (at !== this.pointed) [this.pointed, this.dirty] = [at, true];
        return;
      }
      travelled += Math.hypot(to[0] - from[0], to[1] - from[1]);
      if (fingers.size === 1) {
        this.look(() => drawing.pan(to[0] - from[0], to[1] - from[1]));
      } else {
        const other = [...fingers].find(([id]) => id !== event.pointerId)[1];
        const before = Math.hypot(from[0] - other[0], from[1] - other[1]) || 1;
        const after = Math.hypot(to[0] - other[0], to[1] - other[1]);
        this.look(() => drawing.zoom(after / before, (to[0] + other[0]) / 2, (to[1] + other[1]) / 2));
      }
      fingers.set(event.pointerId, to);
    });
    const lift = (event) => {
      if (!fingers.delete(event.pointerId) || travelled > 6 || event.type !== 'pointerup') return;
      const at = place(event);
      const node = drawing.nodeAt(...at);
      const link = node < 0 ? drawing.linkAt(...at) : -1;
      if (link >= 0) this.chooseLink(link); else this.choose(node);
    };
    canvas.addEventListener('pointerup', lift);
    canvas.addEventListener('pointercancel', lift);
    canvas.addEventListener('dblclick', (event) => {
      const node = drawing.nodeAt(...place(event));
      if (node >= 0) this.unfold(node);
    });
    canvas.addEventListener('wheel', (event) => {
      // The page scrolls over a graph that nobody works with.
      if (document.activeElement !== canvas && !event.ctrlKey) return;
      event.preventDefault();
      this.look(() => drawing.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), ...place(event)));
    }, { passive: false });
    canvas.addEventListener('keydown', (event) => this.key(event));
    const tools = { in: () => drawing.zoom(1.3), out: () => drawing.zoom(1 / 1.3), fit: () => drawing.fit() };
    for (const [name, tool] of Object.entries(tools)) {
      root.querySelector(`[data-do=${name}]`).addEventListener('click', () => this.look(tool));
    }
    root.querySelector('[data-do=around]')?.addEventListener('change', (event) => this.around(event.target.checked));
    const find = root.querySelector('.graph-find');
    find?.addEventListener('change', () => this.find(find.value));
    new ResizeObserver(() => {
      drawing.size();
      if (!this.moved) drawing.fit();
      this.dirty = true;
    }).observe(canvas);
    const colours = () => {
      drawing.colours();
      this.dirty = true;
    };
    window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', colours);
    new MutationObserver(colours).observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
  }

  find(text) {
    const wanted = text.trim().toLowerCase();
    if (!wanted) return;
    const { nodes, open } = this.graph;
    const found = nodes.findIndex((node, n) => open[n] && node.name.toLowerCase() === wanted);
    const near = found >= 0 ? found : nodes.findIndex((node, n) => open[n] && node.name.toLowerCase().includes(wanted));
    if (near < 0) {
      this.tell(fill(this.t.not_found, { what: text }));
      return;
    }
    this.choose(near);
    this.look(() => this.drawing.show(near));
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { drawing, graph } = this;
    const moves = { ArrowLeft: [STEP, 0], ArrowRight: [-STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] };
    if (moves[event.key]) this.look(() => drawing.pan(...moves[event.key]));
    else if (event.key === '+' || event.key === '=') this.look(() => drawing.zoom(1.25));
    else if (event.key === '-') this.look(() => drawing.zoom(0.8));
    else if (event.key === '0') this.look(() => drawing.fit());
    else if (event.key === 'Enter' && this.chosen >= 0) this.unfold(this.chosen);
    else if (event.key === 'Escape' && (this.chosen >= 0 || this.link >= 0)) {
      this.choose(-1);
      this.free = true;
      this.tell(this.t.freed);
    } else if (event.key === 'Tab' && !this.free) {
      // From node to node, strongest ties first; past the last one, and after Escape, the page goes on.
      const order = graph.nodes.map((_, n) => n).filter((n) => graph.shown[n]).sort((a, b) => (graph.nodes[a].kind === 'account') - (graph.nodes[b].kind === 'account') || graph.degree[b] - graph.degree[a] || a - b);
      const here = order.indexOf(this.chosen);
      const next = event.shiftKey ? here - 1 : here + 1;
      if (next < 0 || next >= order.length) {
        this.choose(-1, { quiet: true });
        return;
      }
      this.choose(order[next]);
      this.look(() => drawing.show(order[next]));
    } else {
      if (event.key === 'Tab') this.free = false;
      return;
    }
    if (event.key !== 'Tab' && event.key !== 'Escape') this.free = false;
    event.preventDefault();
    event.stopPropagation();
  }
}

/** Loads what a graph on the page shows, and shows it. */
export async function begin(root) {
  const failed = (text) => {
    root.querySelector('.graph-said').textContent = text;
    root.classList.add('failed');
  };
  try {
    const [{ Layout }, { Drawing }] = await Promise.all([import(root.dataset.layout), import(root.dataset.draw)]);
    const answer = await fetch(root.dataset.src, { headers: { accept: 'application/json' }, credentials: 'same-origin' });
    if (!answer.ok) {
      failed(words(root).failed);
      return null;
    }
    const data = await answer.json();
    root.classList.add('live');
    return new View(root, data, { Layout, Drawing });
  } catch (error) {
    failed(words(root).failed);
    throw error;
  }
}
