"use strict";
(() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const by = (id) => document.getElementById(id);
  const edges = JSON.parse(by("edges").textContent);
  const sources = JSON.parse(by("sources").textContent);
  const frames = all(".frame");
  const figures = all("section[data-level]");
  const main = document.querySelector("main");
  const arrows = by("arrows");
  const SVG = "http://www.w3.org/2000/svg";

  // Folding

  const head = (frame) => frame.firstElementChild;

  function fold(frame, closed) {
    frame.classList.toggle("closed", closed);
    head(frame).setAttribute("aria-expanded", String(!closed));
  }

  function openTo(level) {
    for (const frame of frames) fold(frame, Number(frame.dataset.level) >= level);
    const levels = by("level");
    levels.value = String(Math.min(level, levels.length));
    for (const section of figures) section.hidden = section.dataset.level !== levels.value;
    if (figures.length) search();
    draw();
  }

  function reveal(element) {
    for (let at = element.parentElement; at; at = at.parentElement) {
      if (at.classList.contains("frame")) fold(at, false);
      if (at.tagName === "DETAILS") at.open = true;
    }
  }

  for (const frame of frames) {
    head(frame).addEventListener("click", () => {
      fold(frame, !frame.classList.contains("closed"));
      draw();
    });
  }
  for (const part of all("details")) part.addEventListener("toggle", () => draw());
  by("open").addEventListener("click", () => openTo(Infinity));
  by("close").addEventListener("click", () => openTo(1));
  by("level").addEventListener("change", (event) => openTo(Number(event.target.value)));

  // Arrows

  /** What is seen of an element: the outermost closed block around it, or itself. */
  function seen(element) {
    let found = element;
    for (let at = element.parentElement; at && at !== main; at = at.parentElement) {
      if (at.classList.contains("closed")) found = at;
    }
    return found;
  }

  function draw() {
    const origin = main.getBoundingClientRect();
    const place = (element) => {
      const box = element.getBoundingClientRect();
      return {
        x: box.left - origin.left + box.width / 2,
        top: box.top - origin.top,
        bottom: box.bottom - origin.top,
      };
    };
    const leaving = new Map();
    const entering = new Map();
    const shown = new Map();
    for (const edge of edges) {
      const from = seen(by(edge.from));
      const to = seen(by(edge.to));
      if (from.closest("details:not([open])")) continue; // both ends are in one part
      const key = `${from.id} ${to.id} ${edge.text}${edge.skip ? " skip" : ""}`;
      if (from === to || shown.has(key)) continue;
      shown.set(key, { ...edge, from, to });
      leaving.set(from, (leaving.get(from) || 0) + 1);
      entering.set(to, (entering.get(to) || 0) + 1);
    }
    const parts = [];
    for (const edge of shown.values()) {
      const start = place(edge.from);
      const end = place(edge.to);
      const points = [{ x: start.x, y: start.bottom }];
      for (const id of edge.way) {
        const element = by(id);
        if (element.offsetParent === null) continue;
        const at = place(element);
        if (!element.classList.contains("foot")) points.push({ x: at.x, y: at.top });
        if (at.bottom > at.top) points.push({ x: at.x, y: at.bottom });
      }
      const tip = { x: end.x, y: end.top };
      points.push({ x: tip.x, y: tip.y - 7 });
      const kind = edge.skip ? ' class="skip"' : "";
      parts.push(`<path${kind} data-from="${edge.from.id}" data-to="${edge.to.id}" d="${line(points)}"/>`);
      parts.push(`<polygon${kind} points="${tip.x},${tip.y} ${tip.x - 3.5},${tip.y - 8} ${tip.x + 3.5},${tip.y - 8}"/>`);
      if (edge.text) parts.push(label(edge, points, leaving, entering));
    }
    arrows.innerHTML = `<g>${parts.join("")}</g>`;
    arrows.setAttribute("width", main.scrollWidth);
  }

  function line(points) {
    let path = `M${points[0].x},${points[0].y}`;
    for (let at = 1; at < points.length; at++) {
      const a = points[at - 1];
      const b = points[at];
      const middle = (a.y + b.y) / 2;
      path += a.x === b.x ? `V${b.y}` : `C${a.x},${middle} ${b.x},${middle} ${b.x},${b.y}`;
    }
    return path;
  }

  /** The size of a value where no other arrow is: at the end, at the start, or in the longest piece between. */
  function label(edge, points, leaving, entering) {
    const last = points[points.length - 1];
    let at = { x: last.x + 5, y: last.y - 1 };
    if (entering.get(edge.to) > 1) {
      at = { x: points[0].x + 5, y: points[0].y + 12 };
      if (leaving.get(edge.from) > 1) {
        let longest = 0;
        for (let each = 1; each < points.length; each++) {
          const length = points[each].y - points[each - 1].y;
          if (length > longest) {
            longest = length;
            at = { x: (points[each].x + points[each - 1].x) / 2 + 5, y: (points[each].y + points[each - 1].y) / 2 + 4 };
          }
        }
      }
    }
    const text = document.createElementNS(SVG, "text");
    text.setAttribute("x", at.x);
    text.setAttribute("y", at.y);
    text.textContent = edge.text;
    return text.outerHTML;
  }

  // Tips

  const tip = by("tip");

  function tell(element) {
    const said = JSON.parse(element.dataset.tip);
    tip.replaceChildren();
    const add = (parent, tag, text) => {
      const made = document.createElement(tag);
      made.textContent = text;
      parent.append(made);
      return made;
    };
    add(tip, "strong", said.what);
    const list = add(tip, "dl", "");
    const rows = [["path", said.path], ["enters", said.in], ["leaves", said.out], ["parameters", said.params], ["MACs", said.macs]];
    for (const [name, value] of rows) {
      if (value === undefined) continue;
      add(list, "dt", name);
      add(list, "dd", value);
    }
    const [name, number, from, to] = said.at;
    const text = sources[name][number];
    const source = add(tip, "pre", `${name}:${number}  ${text.slice(0, from)}`);
    add(source, "u", text.slice(from, to));
    source.append(text.slice(to));
    tip.hidden = false;
    const box = element.getBoundingClientRect();
    const room = tip.getBoundingClientRect();
    const left = Math.max(8, Math.min(box.right + 10, window.innerWidth - room.width - 8));
    let top = box.top;
    if (left < box.right + 10) top = box.bottom + 8;
    if (top + room.height > window.innerHeight - 8) top = Math.max(8, box.top - room.height - 8);
    tip.style.left = `${left + window.scrollX}px`;
    tip.style.top = `${top + window.scrollY}px`;
  }

  for (const element of all("[data-tip]")) {
    element.setAttribute("aria-describedby", "tip");
    for (const event of ["mouseenter", "focus"]) element.addEventListener(event, () => tell(element));
    for (const event of ["mouseleave", "blur"]) element.addEventListener(event, () => { tip.hidden = true; });
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") tip.hidden = true;
  });

  // Search

  const find = by("find");
  const plain = (text) => text.toLowerCase().replaceAll("×", "x");
  const known = all("[data-tip]").map((element) => {
    const said = JSON.parse(element.dataset.tip);
    return [element, plain([element.textContent, said.path, said.what, said.in || "", said.out].join(" "))];
  });
  for (const text of all("section svg text")) {
    const group = text.closest("g");
    const title = group && group.querySelector(":scope > title");
    known.push([text, plain(`${text.textContent} ${title ? title.textContent : ""}`)]);
  }
  let hits = [];
  let now = -1;

  function search() {
    for (const hit of hits) hit.classList.remove("hit", "now");
    const wanted = plain(find.value.trim());
    hits = wanted ? known.filter(([at, text]) => text.includes(wanted) && !at.closest("[hidden]")).map(([at]) => at) : [];
    now = -1;
    for (const hit of hits) {
      hit.classList.add("hit");
      reveal(hit);
    }
    by("found").value = wanted ? (hits.length ? `${hits.length} found` : "nothing") : "";
    if (hits.length) draw();
  }

  function next(step) {
    if (!hits.length) return;
    if (now >= 0) hits[now].classList.remove("now");
    now = (now + step + hits.length) % hits.length;
    hits[now].classList.add("now");
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    hits[now].scrollIntoView({ block: "center", inline: "center", behavior: calm ? "auto" : "smooth" });
    by("found").value = `${now + 1} of ${hits.length}`;
  }

  find.addEventListener("input", search);
  document.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
  find.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      next(event.shiftKey ? -1 : 1);
    }
  });

  window.addEventListener("resize", draw);
  window.addEventListener("load", draw);
  draw();
})();
