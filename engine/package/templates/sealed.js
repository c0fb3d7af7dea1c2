"use strict";
const head = JSON.parse(document.getElementById("head").textContent);
const [form, button, said] = ["form", "button", "#said"].map((one) => document.querySelector(one));
const passphrase = document.getElementById("passphrase");

function say(word, n, stop) {
  said.textContent = head.words[word].replace("{n}", n).replace("{count}", head.count);
  said.className = stop ? "stop" : "";
  passphrase.setAttribute("aria-invalid", word === "wrong");
}

function bytes(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const signs = atob(text);
  const found = new Uint8Array(signs.length);
  for (let at = 0; at < signs.length; at += 1) found[at] = signs.charCodeAt(at);
  return found;
}

// As it was made: groups of five capitals and digits.
const typed = () => passphrase.value.toUpperCase().replace(/[^A-Z0-9]/g, "").replace(/.{5}(?=.)/g, "$&-");

async function keyOf(text) {
  const raw = await crypto.subtle.importKey("raw", new TextEncoder().encode(text), "PBKDF2", false, ["deriveKey"]);
  const how = { name: "PBKDF2", hash: "SHA-256", salt: bytes(head.salt), iterations: head.iterations };
  return crypto.subtle.deriveKey(how, raw, { name: "AES-GCM", length: 256 }, false, ["decrypt"]);
}

function opened(key, n, sealed) {
  const iv = new Uint8Array(12);
  new DataView(iv.buffer).setUint32(8, n);
  const told = new TextEncoder().encode(`habeas page 1: ${n} of ${head.count}, ${head.size}`);
  return crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData: told }, key, sealed);
}

async function open() {
  const key = await keyOf(typed());
  try {
    await opened(key, 0, bytes(head.check));
  } catch {
    return say("wrong", 0, true);
  }
  const parts = [];
  for (let n = 1; n <= head.count; n += 1) {
    say("working", n, false);
    const chunk = document.getElementById(`c${n}`);
    const length = Math.min(head.chunk, head.size - (n - 1) * head.chunk) + 16;
    if (chunk === null || chunk.textContent.length < Math.ceil(length / 3) * 4) return say("cut", n, true);
    try {
      parts.push(new Blob([await opened(key, n, bytes(chunk.textContent))]));
    } catch {
      return say("changed", n, true);
    }
  }
  const link = document.querySelector("section a");
  link.href = URL.createObjectURL(new Blob(parts, { type: "application/zip" }));
  link.download = head.name;
  form.hidden = true;
  document.querySelector("section").hidden = false;
  document.querySelector("h2").focus();
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  button.disabled = true;
  await open();
  button.disabled = false;
});

document.addEventListener("DOMContentLoaded", () => {
  if (!globalThis.crypto?.subtle) return say("old", 0, true);
  button.disabled = false;
  said.textContent = "";
});
