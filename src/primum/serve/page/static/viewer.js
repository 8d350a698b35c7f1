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
  let drawing = false;

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
    let from = null, last = null, target = null;
    stage.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      stage.setPointerCapture(event.pointerId);
      stage.focus();
      last = [event.clientX, event.clientY];
      if (drawing && film === films[0]) {
        from = pixel(film, event);
        target = row();
      }
      event.preventDefault();
    });
    stage.addEventListener("pointermove", (event) => {
      if (!last) return;
      if (from) {
        fill(target, from, pixel(film, event));
        return;
      }
      const size = stage.getBoundingClientRect();
      move((last[0] - event.clientX) / size.width, (last[1] - event.clientY) / size.height);
      last = [event.clientX, event.clientY];
    });
    for (const end of ["pointerup", "pointercancel"]) {
      stage.addEventListener(end, () => {
        if (from && target) field(target, "label").focus();
        from = last = target = null;
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

  for (const name of Object.keys(usual)) input(name).addEventListener("input", show);
  input("reset").addEventListener("click", reset);
  if (rows) rows.addEventListener("input", redraw);
  const pen = input("draw");
  if (pen && rows) {
    pen.addEventListener("click", () => {
      drawing = !drawing;
      pen.setAttribute("aria-pressed", String(drawing));
      viewer.classList.toggle("drawing", drawing);
      if (drawing) document.querySelector("input[name='decision'][value='correct']").checked = true;
    });
    redraw();
  }
  viewer.querySelector(".film-tools").hidden = false;
  viewer.classList.add("live");
  show();
})();
