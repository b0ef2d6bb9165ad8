// Live updates and plots. Pages work without this file: it replaces the live parts of a page by what
// the host renders, and changes nothing else.

const POLICY = globalThis.trustedTypes?.createPolicy("gonext", { createHTML: (text) => text });
const RETRY_MS = 5000;

/** What the host has rendered and escaped, as a fragment. Scripts in it never run. */
function parsed(html) {
  const template = document.createElement("template");
  template.innerHTML = POLICY ? POLICY.createHTML(html) : html;
  return template.content;
}

const key = (node) => (node.nodeType === 1 ? node.getAttribute("data-key") || node.id : "");

function isSame(old, next) {
  return old.nodeType === next.nodeType && old.nodeName === next.nodeName && key(old) === key(next);
}

const isBlank = (node) => node.nodeType === 3 && node.nodeValue.trim() === "";

/** Makes one element equal to another, and keeps what did not change: focus, selection, scrolling. */
function morph(old, next) {
  if (old.nodeType !== 1) {
    if (old.nodeValue !== next.nodeValue) old.nodeValue = next.nodeValue;
    return;
  }
  if (old.isEqualNode(next)) return;
  for (const { name } of [...old.attributes]) {
    // Only the visitor opens and closes details.
    if (!next.hasAttribute(name) && !(name === "open" && old.nodeName === "DETAILS")) {
      old.removeAttribute(name);
    }
  }
  for (const { name, value } of next.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  // What a script has drawn there stays.
  if (!next.hasAttribute("data-opaque")) morphChildren(old, next);
}

function morphChildren(old, next) {
  const keyed = new Map();
  for (const child of old.childNodes) {
    if (key(child)) keyed.set(key(child), child);
  }
  let at = old.firstChild;
  for (const wanted of [...next.childNodes]) {
    // The page has line breaks where a part of it has none: they must not make its elements new ones.
    while (at && isBlank(at) && wanted.nodeType === 1) {
      const following = at.nextSibling;
      at.remove();
      at = following;
    }
    const known = key(wanted) ? keyed.get(key(wanted)) : null;
    if (known && isSame(known, wanted)) {
      if (known === at) at = at.nextSibling;
      else old.insertBefore(known, at);
      morph(known, wanted);
    } else if (at && !key(at) && isSame(at, wanted)) {
      const next = at.nextSibling;
      morph(at, wanted);
      at = next;
    } else {
      old.insertBefore(wanted, at);
    }
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

/** Whether the visitor fills in a form there: it must not change under the hands. */
function isBeingEdited(part) {
  const active = document.activeElement;
  return part.contains(active) && active.matches("input:not([type=checkbox]), select, textarea");
}

const plots = new WeakMap();

/** Draws or redraws the plots in a part of the page. */
function draw(part) {
  if (!globalThis.uPlot) return;
  for (const element of part.querySelectorAll("[data-plot]")) {
    const data = JSON.parse(element.dataset.plot);
    const known = plots.get(element);
    if (known) {
      known.setData(data);
    } else {
      element.replaceChildren();
      plots.set(element, new uPlot(options(element), data, element));
    }
  }
}

const clock = (seconds) => new Date(seconds * 1000).toLocaleTimeString("en-GB");

function options(element) {
  const style = getComputedStyle(document.documentElement);
  const color = (name) => style.getPropertyValue(name).trim();
  const colors = [color("--late-cell"), color("--accent")];
  const axis = { stroke: color("--soft"), grid: { stroke: color("--line"), width: 1 }, ticks: { show: false } };
  return {
    width: element.clientWidth,
    height: 180,
    padding: [8, 28, 0, 0],
    series: [
      { label: "at", value: (_, seconds) => (seconds == null ? "" : clock(seconds)) },
      ...element.dataset.names.split(",").map((label, i) => ({
        label,
        stroke: colors[i % colors.length],
        width: 1.5,
        dash: i === 0 ? [4, 3] : undefined,
        points: { show: false },
        value: (_, value) => (value == null ? "" : String(Math.round(value * 100) / 100)),
      })),
    ],
    axes: [{ ...axis, space: 90, values: (_, times) => times.map(clock) }, { ...axis, size: 56 }],
    scales: { y: { range: (_, __, most) => [0, most > 0 ? most * 1.1 : 1] } },
    cursor: { drag: { x: false, y: false } },
  };
}

function redrawAll() {
  for (const element of document.querySelectorAll("[data-plot]")) {
    plots.get(element)?.destroy();
    plots.delete(element);
  }
  draw(document);
}

let resizing = 0;
addEventListener("resize", () => {
  clearTimeout(resizing);
  resizing = setTimeout(redrawAll, 200);
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redrawAll);
draw(document);

function follow(part) {
  const lost = document.getElementById("lost");
  let source = null;
  let timer = 0;
  let latest = null;

  /** Shows what came last, unless the visitor reads or writes there; then later. */
  function show() {
    if (latest === null) return;
    if (part.dataset.paused !== undefined || isBeingEdited(part)) {
      part.dataset.waiting = "";
      return;
    }
    delete part.dataset.waiting;
    morphChildren(part, parsed(latest));
    latest = null;
    draw(part);
  }

  function open() {
    clearTimeout(timer);
    source?.close();
    source = new EventSource(part.dataset.live);
    source.onopen = () => {
      lost.hidden = true;
    };
    source.onmessage = (event) => {
      lost.hidden = true;
      latest = event.data;
      show();
    };
    source.onerror = () => {
      lost.hidden = document.hidden;
      if (source.readyState === EventSource.CLOSED) timer = setTimeout(open, RETRY_MS);
    };
  }

  function close() {
    clearTimeout(timer);
    source?.close();
    source = null;
  }

  part.addEventListener("resumed", show);
  part.addEventListener("focusout", () => setTimeout(show));

  // A tab that nobody looks at costs the host nothing.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) close();
    else if (!source) open();
  });
  addEventListener("pagehide", close);
  addEventListener("pageshow", (event) => {
    if (event.persisted && !source) open();
  });
  if (!document.hidden) open();
}

for (const part of document.querySelectorAll("[data-live]")) follow(part);

// A list that is read from its top: new lines must not move the older ones under the eyes.
const pausedNote = document.getElementById("paused");
document.addEventListener("scroll", ({ target }) => {
  if (!(target instanceof Element) || !target.matches("[data-pauses]")) return;
  const part = target.closest("[data-live]");
  const paused = target.scrollTop > 8;
  if (paused === (part.dataset.paused !== undefined)) return;
  pausedNote.hidden = !paused;
  if (paused) {
    part.dataset.paused = "";
  } else {
    delete part.dataset.paused;
    part.dispatchEvent(new CustomEvent("resumed"));
  }
}, true);
pausedNote?.querySelector("button").addEventListener("click", () => {
  document.querySelector("[data-pauses]")?.scrollTo(0, 0);
});

// A reload must not look for a notice that was shown.
const here = new URL(location.href);
if (here.searchParams.has("notice")) {
  here.searchParams.delete("notice");
  history.replaceState(null, "", here);
}
