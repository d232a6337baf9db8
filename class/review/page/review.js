// A review: what is entered is sent at once, and keys do what links, buttons and fields do. Nothing is kept here alone.
"use strict";

const page = document.body.dataset;
const byId = id => document.getElementById(id);
const state = byId("state");
let saving = Promise.resolve(true); // one after the other, and in their order
let waiting = null; // a timer: something was typed that is not sent yet

const items = () => [...document.querySelectorAll("[data-item]")];
const comments = () => [...document.querySelectorAll("[data-comment]")];

function say(words, kind) {
  state.textContent = words;
  state.className = kind;
}

async function post(path, what) {
  const reply = await fetch(page.base + path, {
    method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(what), keepalive: true,
  });
  const said = (reply.headers.get("Content-Type") || "").startsWith("application/json") ? await reply.json() : {error: await reply.text()};
  if (!reply.ok) throw new Error(said.error);
  return said;
}

// ---- saving ----------------------------------------------------------------------------------------------------

function judgement() {
  const points = {};
  for (const field of items()) points[field.dataset.item] = field.value.trim() === "" ? null : Number(field.value);
  return {
    points, note: byId("note").value,
    comments: comments().filter(box => box.checked).map(box => Number(box.dataset.comment)),
  };
}

function wrongField() {
  return items().find(field => !field.checkValidity());
}

// Resolves to whether all that was entered is on the disk.
function save() {
  clearTimeout(waiting);
  waiting = null;
  const wrong = wrongField();
  if (wrong) {
    say(`Not saved: ${wrong.validity.badInput ? "that is no number" : `points are from 0 to ${wrong.max}`}.`, "failed");
    return Promise.resolve(false);
  }
  const what = judgement();
  say("Saving …", "");
  saving = saving.then(() => post(`check/${page.check}/${page.answer}`, what)).then(said => {
    byId("done").textContent = said.done;
    say(`Saved at ${new Date().toLocaleTimeString()}.`, "saved");
    return true;
  }).catch(error => {
    say(`NOT SAVED: ${error.message}. Is make review still running?`, "failed");
    return false;
  });
  return saving;
}

function saveSoon() {
  clearTimeout(waiting);
  waiting = setTimeout(save, 600);
}

// What could not be saved is tried again.
const isSaved = async () => !wrongField() && ((!waiting && await saving) || save());

// Leaves the page when all is saved; else stays, and says why.
async function go(link) {
  if (!link || !link.href) {
    say("There is none.", "");
    return;
  }
  if (await isSaved()) location.href = link.href;
  else if (wrongField()) wrongField().focus();
}

// ---- what is decided ---------------------------------------------------------------------------------------------

function setAll(value) {
  for (const field of items()) field.value = value(field);
  save();
}

function showComment(comment) {
  const row = document.createElement("li"), box = document.createElement("input"), label = document.createElement("label");
  const number = comments().length + 1;
  box.type = "checkbox";
  box.id = `comment-${comment.number}`;
  box.dataset.comment = comment.number;
  label.htmlFor = box.id;
  if (number <= 10) {
    const key = document.createElement("kbd");
    key.textContent = number % 10;
    label.append(key, " ");
  }
  label.append(comment.text);
  row.append(box, " ", label);
  byId("comments").append(row);
  return box;
}

async function addComment() {
  const field = byId("new"), text = field.value.trim();
  if (!text) return;
  try {
    const comment = await post(`comment/${page.check}`, {text});
    const box = byId(`comment-${comment.number}`) || showComment(comment);
    box.checked = true;
    field.value = "";
    save();
  } catch (error) {
    say(`NOT SAVED: ${error.message}`, "failed");
  }
}

function nextItem(field) {
  const all = items(), next = all[all.indexOf(field) + 1];
  save();
  if (next) next.select();
  else byId("answer").focus({preventScroll: true});
}

// ---- keys ----------------------------------------------------------------------------------------------------------

const actions = {
  j: () => go(byId("next")), k: () => go(byId("previous")), u: () => go(byId("open")), q: () => go(byId("all")),
  p: () => items()[0].select(), f: () => byId("full").click(), z: () => byId("zero").click(),
  c: () => byId("new").focus(), n: () => byId("note").focus(), a: () => byId("answer").focus(),
  "?": () => { byId("help").open = true; byId("help").querySelector("summary").focus(); },
};

function digit(key) {
  const box = comments()[key === "0" ? 9 : Number(key) - 1];
  if (!box) return;
  box.checked = !box.checked;
  say(`${box.checked ? "With" : "Without"}: ${box.labels[0].textContent}`, "");
  save();
}

function press(event) {
  const at = event.target, isNumber = at.type === "number";
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  if (event.key === "Escape") {
    at.blur();
    byId("answer").focus({preventScroll: true});
  } else if (event.key === "Enter" && isNumber) nextItem(at);
  else if (event.key === "Enter" && at.id === "new") addComment();
  else if (at.tagName === "TEXTAREA" || at.id === "new" || !byId("keys").checked) return;
  else if (/^[0-9]$/.test(event.key) && !isNumber) digit(event.key);
  else if (Object.hasOwn(actions, event.key)) actions[event.key]();
  else return;
  event.preventDefault();
}

// ---- the beginning ---------------------------------------------------------------------------------------------------

// Links of an answer lead away from here: in a tab of their own, which learns nothing of this page.
function holdLinks() {
  for (const link of document.querySelectorAll("#answer a[href]")) {
    link.target = "_blank";
    link.rel = "noopener noreferrer nofollow";
  }
}

function beginAnswer() {
  holdLinks();
  byId("keys").checked = sessionStorage.getItem("keys") !== "off";
  byId("keys").addEventListener("change", () => sessionStorage.setItem("keys", byId("keys").checked ? "on" : "off"));
  byId("full").addEventListener("click", () => setAll(field => field.max));
  byId("zero").addEventListener("click", () => setAll(() => "0"));
  byId("add").addEventListener("click", addComment);
  for (const part of [byId("items"), byId("note")]) {
    part.addEventListener("input", saveSoon);
    part.addEventListener("change", save);
  }
  byId("comments").addEventListener("change", save);
  document.addEventListener("keydown", press);
  for (const link of document.querySelectorAll("nav a")) {
    link.addEventListener("click", event => {
      event.preventDefault();
      go(link);
    });
  }
  addEventListener("pagehide", () => { if (waiting) save(); });
}

if (page.answer) beginAnswer();
else {
  byId("stop").addEventListener("click", () => post("stop", {})
    .then(() => say("The review has ended. This page can be closed.", "saved"))
    .catch(error => say(`It does not answer: ${error.message}`, "failed")));
}
