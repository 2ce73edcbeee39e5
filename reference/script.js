"use strict";
(() => {
  const announcement = document.createElement("p");
  announcement.className = "hidden";
  announcement.setAttribute("role", "status");
  document.body.append(announcement);

  const addButton = (parent, text, label, act) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = text;
    button.setAttribute("aria-label", `${text}: ${label}`);
    button.addEventListener("click", () => act(button));
    parent.append(button);
    return button;
  };

  const copy = async (button, code) => {
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(code);
      button.textContent = "Selected";
    }
    announcement.textContent = button.textContent;
    setTimeout(() => {
      button.textContent = "Copy";
      announcement.textContent = "";
    }, 2000);
  };

  for (const block of document.querySelectorAll("[data-copy]")) {
    block.classList.add("copies");
    addButton(block, "Copy", block.dataset.copy, (button) => copy(button, block.querySelector("code")));
  }

  const fieldName = (name) => name.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());

  const send = async ({ method, path, headers, body }) => {
    const answer = await fetch(path, {
      method,
      headers,
      body: body || undefined,
      credentials: "omit",
      cache: "no-store",
      redirect: "error",
    });
    const lines = [`HTTP ${answer.status} ${answer.statusText}`.trimEnd()];
    for (const [name, value] of answer.headers) lines.push(`${fieldName(name)}: ${value}`);
    return `${lines.join("\n")}\n\n${await answer.text()}`;
  };

  const show = (result, text) => {
    const pre = document.createElement("pre");
    pre.textContent = text;
    result.replaceChildren(pre);
  };

  for (const panel of document.querySelectorAll("[data-request]")) {
    const result = panel.querySelector(".result");
    const code = panel.closest("section").id;
    const button = addButton(panel, "Send the request", code, async () => {
      button.setAttribute("aria-busy", "true");
      try {
        show(result, await send(JSON.parse(panel.dataset.request)));
      } catch (error) {
        show(result, `There was no answer: ${error.message}`);
      }
      button.removeAttribute("aria-busy");
    });
    result.before(button);
  }
})();
