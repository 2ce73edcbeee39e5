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
    return { answer, text: await answer.text() };
  };

  const show = (result, ...parts) => {
    const pre = document.createElement("pre");
    pre.append(...parts);
    result.replaceChildren(pre);
  };

  const showAnswer = (result, { answer, text }) => {
    const parts = [`HTTP ${answer.status} ${answer.statusText}`.trimEnd()];
    for (const [name, value] of answer.headers) {
      const field = document.createElement("b");
      field.textContent = `${fieldName(name)}:`;
      parts.push("\n", field, ` ${value}`);
    }
    show(result, ...parts, "\n\n", text);
  };

  for (const panel of document.querySelectorAll("[data-request]")) {
    const result = panel.querySelector(".result");
    const code = panel.closest("section").id;
    const button = addButton(panel, "Send the request", code, async () => {
      button.setAttribute("aria-busy", "true");
      try {
        showAnswer(result, await send(JSON.parse(panel.dataset.request)));
      } catch (error) {
        show(result, `There was no answer: ${error.message}`);
      }
      button.removeAttribute("aria-busy");
    });
    result.before(button);
  }
})();
