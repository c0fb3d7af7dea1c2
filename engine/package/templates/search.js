"use strict"
const data = JSON.parse(document.getElementById("data").textContent)
const text = document.getElementById("text"), told = document.getElementById("told"), rows = document.getElementById("rows")
const lower = data.rows.map(row => row.join("\n").toLowerCase())
const number = value => value.toLocaleString(data.language)
const cell = (name, role, label, ...inner) => {
  const made = document.createElement(name)
  made.setAttribute("role", role)
  if (label) made.dataset.l = label
  made.append(...inner)
  return made
}
const drawn = at => {
  const link = document.createElement("a")
  link.href = data.page.replace("*", Math.floor(at / data.size) + 1) + "#r" + (at + 1)
  link.textContent = number(at + 1)
  return cell("tr", "row", "", cell("th", "rowheader", data.heads[0], link), ...data.rows[at].map((one, n) => cell("td", "cell", data.heads[n + 1], one)))
}
const search = () => {
  const wanted = text.value.trim().toLowerCase(), found = []
  for (let at = 0; at < lower.length; at++) if (lower[at].includes(wanted)) found.push(at)
  const shown = found.slice(0, data.most)
  rows.replaceChildren(...shown.map(drawn))
  const values = { found: found.length, all: lower.length, drawn: shown.length }
  told.textContent = data.told.replace(/\{(\w+)\}/g, (_, name) => number(values[name]))
}
text.addEventListener("input", search)
search()
