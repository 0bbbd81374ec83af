// What the page does beyond its forms: look at a dropped file, show the progress of an upload, follow an import, copy.
"use strict";

const SAMPLE = 4 * 1024 * 1024;
const WHOLE = 16 * 1024 * 1024;
const LINES = /\.(csv|tsv|tab|txt|jsonl|ndjson)$/i;

function chooser(form) {
  const file = form.elements.file, look = form.querySelector("#look"), drop = form.querySelector("#drop");
  let latest = 0;

  // The mapping that is chosen is the one whose columns are shown.
  function follow() {
    for (const part of look.querySelectorAll("[data-mapping]")) part.hidden = part.dataset.mapping !== form.elements.mapping.value;
  }

  // Files of lines may be cut behind a line; others are looked at whole or not at all.
  async function sample(chosen) {
    if (chosen.size <= SAMPLE || (chosen.size <= WHOLE && !LINES.test(chosen.name))) return [chosen, ""];
    if (!LINES.test(chosen.name)) return [null, ""];
    const bytes = new Uint8Array(await chosen.slice(0, SAMPLE).arrayBuffer());
    return [bytes.slice(0, bytes.lastIndexOf(10) + 1 || bytes.length), "&cut=1"];
  }

  async function show() {
    const chosen = file.files[0], turn = ++latest;
    tell(form, "");
    look.textContent = chosen ? form.dataset.looking : "";
    if (!chosen) return;
    const [body, cut] = await sample(chosen);
    if (!body) { look.textContent = form.dataset.tooLarge; return; }
    let answer;
    try {
      answer = await fetch(`/look?name=${encodeURIComponent(chosen.name)}${cut}`,
        { method: "POST", body, headers: { "Content-Type": "application/octet-stream" } });
    } catch {
      if (turn === latest) { look.textContent = ""; tell(form, form.dataset.lost); }
      return;
    }
    const text = await answer.text();
    if (turn !== latest) return;
    if (!answer.ok) { look.textContent = ""; tell(form, refusal(text)); return; }
    look.innerHTML = text;
    const best = look.querySelector("[data-best]");
    if (best) form.elements.mapping.value = best.dataset.mapping;
    follow();
  }

  file.addEventListener("change", show);
  form.elements.mapping.addEventListener("change", follow);
  for (const kind of ["dragenter", "dragover"])
    drop.addEventListener(kind, (event) => { event.preventDefault(); drop.classList.add("over"); });
  for (const kind of ["dragleave", "drop"])
    drop.addEventListener(kind, () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files.length) { file.files = event.dataTransfer.files; show(); }
  });
  form.addEventListener("submit", (event) => { event.preventDefault(); send(form); });
}

function refusal(text) {
  const alert = new DOMParser().parseFromString(text, "text/html").querySelector("[role=alert]:not([hidden])");
  return alert ? alert.textContent : text;
}

function tell(form, text) {
  const place = form.querySelector("#refusal");
  place.textContent = text;
  place.hidden = !text;
}

function send(form) {
  const request = new XMLHttpRequest(), bar = form.querySelector("#uploading"), button = form.querySelector("button");
  const done = (text) => { bar.hidden = true; button.removeAttribute("aria-busy"); button.disabled = false; tell(form, text); };
  request.upload.onprogress = (event) => { if (event.lengthComputable) bar.value = event.loaded / event.total; };
  request.onload = () => { if (request.status < 400) location.assign(request.responseURL); else done(refusal(request.responseText)); };
  request.onerror = () => done(form.dataset.lost);
  request.open("POST", form.action);
  tell(form, "");
  bar.hidden = false;
  button.disabled = true;
  button.setAttribute("aria-busy", "true");
  request.send(new FormData(form));
}

// Only parts that changed are replaced, so that nothing jumps under a hand or a screen reader.
function watch(live) {
  const shown = new Map();
  const stream = new EventSource(live.dataset.live);
  stream.addEventListener("live", (event) => {
    const fresh = new DOMParser().parseFromString(JSON.parse(event.data), "text/html");
    for (const part of fresh.querySelectorAll("[data-part]")) {
      const name = part.dataset.part, old = live.querySelector(`[data-part="${name}"]`);
      if (shown.get(name) === part.innerHTML) continue;
      shown.set(name, part.innerHTML);
      old.hidden = part.hidden;
      if (old.innerHTML !== part.innerHTML) old.innerHTML = part.innerHTML;
    }
  });
  stream.addEventListener("end", () => stream.close());
}

function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  const told = () => { button.textContent = button.dataset.done; };
  if (navigator.clipboard) { navigator.clipboard.writeText(source.textContent).then(told, () => select(source)); return; }
  select(source);
  if (document.execCommand("copy")) told();
}

function select(source) {
  getSelection().selectAllChildren(source);
}

for (const form of document.querySelectorAll("#upload")) chooser(form);
for (const live of document.querySelectorAll("[data-live]")) watch(live);
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
});
