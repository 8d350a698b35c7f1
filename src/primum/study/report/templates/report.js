(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("js");

  const toggle = document.getElementById("theme");
  toggle.addEventListener("click", () => {
    const dark = root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });
  document.getElementById("print").addEventListener("click", () => print());

  const key = (row, column) => {
    const cell = row.cells[column];
    const text = cell.dataset.sort ?? cell.textContent.trim();
    const figure = Number(text);
    return text === "" ? null : Number.isNaN(figure) ? text : figure;
  };
  const compare = (a, b) => {
    if (a === null || b === null) return (a === null) - (b === null);
    if (typeof a === "number" && typeof b === "number") return a - b;
    return String(a).localeCompare(String(b), root.lang);
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = head.querySelector("button");
      if (!button) return;
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        heads.forEach((one) => one.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const rows = [...table.tBodies[0].rows];
        rows.sort((a, b) => {
          const left = key(a, column), right = key(b, column);
          if (left === null || right === null) return compare(left, right);
          return (down ? -1 : 1) * compare(left, right);
        });
        table.tBodies[0].append(...rows);
      });
    });
  }

  const words = document.getElementById("filter-words");
  const split = document.getElementById("filter-split");
  const shown = document.getElementById("filter-shown");
  const filter = () => {
    const wanted = words.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of document.querySelectorAll("#all-findings tbody tr")) {
      const text = row.textContent.toLowerCase();
      const keep = wanted.every((word) => text.includes(word)) && (!split.value || row.dataset.split === split.value);
      row.hidden = !keep;
      count += keep;
    }
    shown.textContent = String(count);
  };
  if (words) {
    words.addEventListener("input", filter);
    split.addEventListener("change", filter);
  }

  const links = new Map([...document.querySelectorAll("nav.side a")].map((a) => [a.hash.slice(1), a]));
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      links.forEach((link) => link.removeAttribute("aria-current"));
      links.get(entry.target.id)?.setAttribute("aria-current", "true");
    }
  }, { rootMargin: "-15% 0px -75% 0px" });
  document.querySelectorAll("main > section").forEach((section) => seen.observe(section));

  const closed = [];
  addEventListener("beforeprint", () => {
    for (const one of document.querySelectorAll("details.print:not([open])")) {
      one.open = true;
      closed.push(one);
    }
  });
  addEventListener("afterprint", () => {
    while (closed.length) closed.pop().open = false;
  });
})();
