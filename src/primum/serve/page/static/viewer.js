// The images of a Case: window, zoom, pan, opacity of marks, and boxes drawn into the form of a decision.
// Styles are set through the object model, which the page's policy allows; nothing is evaluated and nothing is fetched.
(() => {
  "use strict";
  const viewer = document.querySelector(".viewer");
  if (!viewer) return;
  const films = [...viewer.querySelectorAll(".film")];
  const input = (name) => viewer.querySelector(`#view-${name}`);
  const usual = { centre: 127.5, width: 255, zoom: 1, opacity: 1 };
  const at = { x: 0.5, y: 0.5 }; // what lies in the middle, as shares of the image
  let drawing = false, moving = false;

  const value = (name) => Number(input(name).value);
  const clamp = (x, low, high) => Math.min(Math.max(x, low), high);

  function show() {
    const width = value("width") / 255, centre = value("centre") / 255, zoom = value("zoom");
    for (const part of viewer.querySelectorAll("#window feComponentTransfer > *")) {
      part.setAttribute("slope", String(1 / width));
      part.setAttribute("intercept", String(0.5 - centre / width));
    }
    const half = 0.5 / zoom;
    at.x = clamp(at.x, half, 1 - half);
    at.y = clamp(at.y, half, 1 - half);
    for (const film of films) {
      const layer = film.querySelector(".layer");
      film.querySelector("img").style.filter = "url(#window)"; // again, or some browsers keep the old window
      layer.style.transform = `scale(${zoom}) translate(${(0.5 - at.x) * 100}%, ${(0.5 - at.y) * 100}%)`;
      film.querySelector(".marks").style.opacity = input("opacity").value;
    }
  }

  function zoomBy(factor) {
    input("zoom").value = String(clamp(value("zoom") * factor, 1, 8));
    show();
  }

  function move(right, down) {
    at.x += right / value("zoom");
    at.y += down / value("zoom");
    show();
  }

  // Where in the image a pointer is, in its pixels.
  function pixel(film, event) {
    const image = film.querySelector("img"), place = image.getBoundingClientRect();
    const share = (there, from, length) => clamp((there - from) / length, 0, 1);
    return [
      share(event.clientX, place.left, place.width) * Number(image.getAttribute("width")),
      share(event.clientY, place.top, place.height) * Number(image.getAttribute("height")),
    ];
  }

  const keys = {
    "+": () => zoomBy(1.25), "=": () => zoomBy(1.25), "-": () => zoomBy(0.8), "0": reset,
    ArrowLeft: () => move(-0.1, 0), ArrowRight: () => move(0.1, 0), ArrowUp: () => move(0, -0.1), ArrowDown: () => move(0, 0.1),
  };

  function reset() {
    for (const [name, start] of Object.entries(usual)) input(name).value = String(start);
    at.x = at.y = 0.5;
    show();
  }

  // Boxes: rows of the decision's form, and rectangles over the image.
  const rows = document.querySelector("#places");

  function row() {
    const all = [...rows.querySelectorAll(".place-row")];
    const free = all.find((one) => ["left", "top", "right", "bottom"].every((name) => !field(one, name).value));
    if (free) return free;
    const fresh = all[0].cloneNode(true), number = String(all.length + 1);
    for (const one of fresh.querySelectorAll("input")) {
      one.value = "";
      one.id = `${one.dataset.field}-${number}`;
      one.previousElementSibling.htmlFor = one.id;
    }
    rows.append(fresh);
    return fresh;
  }

  const field = (one, name) => one.querySelector(`[data-field="${name}"]`);

  function redraw() {
    const marks = films[0].querySelector(".marks");
    for (const old of marks.querySelectorAll(".drawn")) old.remove();
    for (const one of rows.querySelectorAll(".place-row")) {
      const [left, top, right, bottom] = ["left", "top", "right", "bottom"].map((name) => parseFloat(field(one, name).value));
      if (right > left && bottom > top) marks.append(rectangle(left, top, right, bottom));
    }
  }

  function rectangle(left, top, right, bottom) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    made.setAttribute("class", "drawn");
    for (const [name, size] of Object.entries({ x: left, y: top, width: right - left, height: bottom - top })) made.setAttribute(name, String(size));
    return made;
  }

  function fill(one, from, to) {
    const ends = { left: Math.min(from[0], to[0]), top: Math.min(from[1], to[1]), right: Math.max(from[0], to[0]), bottom: Math.max(from[1], to[1]) };
    for (const [name, end] of Object.entries(ends)) field(one, name).value = String(Math.round(end));
    redraw();
  }

  for (const film of films) {
    const stage = film.querySelector(".stage");
    let from = null, last = null, target = null, held = null;
    stage.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      stage.setPointerCapture(event.pointerId);
      stage.focus();
      last = [event.clientX, event.clientY];
      if (drawing && film === films[0]) {
        from = pixel(film, event);
        target = row();
      }
      const place = drawing || film !== films[0] ? -1 : under(pixel(film, event));
      if (place >= 0) {
        point(place);
        held = { place, from: pixel(film, event), start: ends(boxOf(listed[place]).value) };
      }
      event.preventDefault();
    });
    stage.addEventListener("pointermove", (event) => {
      if (!last) return;
      if (from) {
        fill(target, from, pixel(film, event));
        return;
      }
      if (held && moving) {
        shift(held.place, held.start, held.from, pixel(film, event));
        return;
      }
      const size = stage.getBoundingClientRect();
      move((last[0] - event.clientX) / size.width, (last[1] - event.clientY) / size.height);
      last = [event.clientX, event.clientY];
    });
    for (const end of ["pointerup", "pointercancel"]) {
      stage.addEventListener(end, () => {
        if (from && target) field(target, "label").focus();
        from = last = target = held = null;
      });
    }
    stage.addEventListener("wheel", (event) => {
      if (!event.ctrlKey) return; // without it the page scrolls
      event.preventDefault();
      zoomBy(event.deltaY < 0 ? 1.1 : 0.9);
    }, { passive: false });
    stage.addEventListener("keydown", (event) => {
      const act = keys[event.key];
      if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      act();
    });
  }

  // The model's marks: shown or not, from a score on, pointed out, moved by dragging, and out where they are rejected.
  const found = [...films[0].querySelectorAll(".model")], listed = [...document.querySelectorAll(".found tbody tr")];
  const ends = (words) => words.split(/[,，]/).map((one) => (one.trim() === "" ? NaN : Number(one)));
  const boxOf = (line) => line.querySelector("[name='mark.box']");
  const correcting = () => { document.querySelector("input[name='decision'][value='correct']").checked = true; };

  function sift() {
    const least = value("score"), all = input("found").checked;
    input("score-said").textContent = least.toFixed(2);
    let shown = 0;
    for (const [place, mark] of found.entries()) {
      const enough = Number(mark.dataset.score) >= least - 5e-3;
      mark.toggleAttribute("hidden", !enough || !all);
      listed[place].hidden = !enough;
      shown += Number(enough && all);
    }
    films[0].querySelector(".marks").classList.toggle("unnamed", !input("words").checked);
    const status = document.querySelector("#found-status");
    status.textContent = status.dataset.words.replace("#", String(shown));
  }

  // What a person says of a mark, as it stands in the table, drawn: out, or moved.
  function follow(place) {
    const line = listed[place], mark = found[place], box = boxOf(line);
    if (!box) return;
    const out = line.querySelector("[name='mark.reject']").checked, label = line.querySelector("[name='mark.label']");
    line.classList.toggle("rejected", out);
    mark.classList.toggle("out", out);
    const own = films[0].querySelector(`.moved[data-mark="${place}"]`);
    if (own) own.remove();
    const [left, top, right, bottom] = ends(box.value), changed = box.value.trim() !== box.dataset.was;
    if (!out && changed && right > left && bottom > top) {
      const made = rectangle(left, top, right, bottom);
      made.setAttribute("class", "moved");
      made.dataset.mark = String(place);
      films[0].querySelector(".marks").append(made);
    }
    if (out || changed || label.value !== label.dataset.was) correcting();
  }

  function point(place) {
    for (const one of [...found, ...listed]) one.classList.toggle("pointed", Number(one.dataset.mark) === place);
  }

  // The smallest shown mark about a pixel, by the box that the table has; -1 for none.
  function under([x, y]) {
    let best = -1, least = Infinity;
    for (const [place, mark] of found.entries()) {
      const box = boxOf(listed[place]);
      if (!box || mark.hasAttribute("hidden")) continue;
      const [left, top, right, bottom] = ends(box.value), area = (right - left) * (bottom - top);
      if (x >= left && x <= right && y >= top && y <= bottom && area < least) [best, least] = [place, area];
    }
    return best;
  }

  function shift(place, start, from, to) {
    const [left, top, right, bottom] = start, image = films[0].querySelector("img");
    const across = clamp(to[0] - from[0], -left, Number(image.getAttribute("width")) - right);
    const down = clamp(to[1] - from[1], -top, Number(image.getAttribute("height")) - bottom);
    const moved = [left + across, top + down, right + across, bottom + down];
    boxOf(listed[place]).value = moved.map((one) => String(Math.round(one))).join(", ");
    follow(place);
  }

  if (found.length) {
    for (const name of ["score", "found", "words"]) input(name).addEventListener("input", sift);
    for (const [place, line] of listed.entries()) {
      line.querySelector(".find").addEventListener("click", () => { point(place); centre(place); });
      line.addEventListener("focusin", () => point(place));
      line.addEventListener("input", () => follow(place));
      follow(place);
    }
    sift();
  }

  function centre(place) {
    const box = found[place].querySelector(".over").getBBox(), image = films[0].querySelector("img");
    at.x = (box.x + box.width / 2) / Number(image.getAttribute("width"));
    at.y = (box.y + box.height / 2) / Number(image.getAttribute("height"));
    input("found").checked = true;
    sift();
    show();
  }

  for (const name of Object.keys(usual)) input(name).addEventListener("input", show);
  input("reset").addEventListener("click", reset);
  if (rows) rows.addEventListener("input", redraw);
  const pen = input("draw"), hand = input("move");
  if (pen && rows) {
    pen.addEventListener("click", () => {
      if (!drawing && moving) hand.click();
      drawing = !drawing;
      pen.setAttribute("aria-pressed", String(drawing));
      viewer.classList.toggle("drawing", drawing);
      if (drawing) correcting();
    });
    redraw();
  }
  if (hand) {
    hand.addEventListener("click", () => {
      if (!moving && drawing) pen.click();
      moving = !moving;
      hand.setAttribute("aria-pressed", String(moving));
      viewer.classList.toggle("moving", moving);
    });
  }
  viewer.querySelector(".film-tools").hidden = false;
  viewer.classList.add("live");
  show();
})();
