// What pages do better with JavaScript; each works without it.

// Uploads: a progress bar, and errors without losing the file that was chosen.
for (const form of document.querySelectorAll("form[data-upload]")) {
  watch(form);
}

function watch(form) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form);
  });
}

function send(form) {
  const button = form.querySelector("button");
  if (button.getAttribute("aria-disabled") === "true") {
    return;
  }
  const bar = progress(form);
  const request = new XMLHttpRequest();
  const stop = () => {
    button.removeAttribute("aria-disabled");
    bar.box.remove();
  };
  button.setAttribute("aria-disabled", "true");
  request.upload.addEventListener("progress", (event) => {
    if (event.lengthComputable) {
      bar.show(event.loaded, event.total, form.dataset);
    }
  });
  request.addEventListener("load", () => {
    if (request.status < 400) {
      window.location.assign(request.responseURL);
      return;
    }
    stop();
    replace(form, request.responseText);
  });
  for (const name of ["error", "timeout", "abort"]) {
    request.addEventListener(name, () => {
      stop();
      say(form, form.dataset.failed);
    });
  }
  request.open("POST", form.action);
  request.send(new FormData(form));
}

function progress(form) {
  const box = document.createElement("div");
  const line = document.createElement("progress");
  const text = document.createElement("p");
  box.className = "upload-progress";
  line.max = 100;
  line.value = 0;
  line.setAttribute("role", "progressbar");
  line.setAttribute("aria-label", form.dataset.sending);
  text.setAttribute("aria-live", "polite");
  text.textContent = form.dataset.sending;
  box.append(text, line);
  form.append(box);
  let told = 0;
  return {
    box,
    show(loaded, total, words) {
      const percent = Math.floor((100 * loaded) / total);
      line.value = percent;
      if (percent === 100) {
        text.textContent = words.storing;
      } else if (percent >= told + 10) {
        // A screen reader that is told of every percent never gets to read anything else.
        told = percent;
        text.textContent = words.sent.replace("{percent}", String(percent));
      }
    },
  };
}

// The answer is the whole page again, with an error summary: take its summary and messages, keep this form's file.
function replace(form, html) {
  const answer = new DOMParser().parseFromString(html, "text/html");
  const summary = answer.querySelector(".govuk-error-summary");
  if (summary === null) {
    const main = answer.querySelector("main");
    if (main !== null) {
      document.querySelector("main").replaceWith(document.adoptNode(main));
      window.scrollTo(0, 0);
    } else {
      say(form, form.dataset.failed);
    }
    return;
  }
  document.querySelector(".govuk-error-summary")?.remove();
  for (const group of form.querySelectorAll("[data-field]")) {
    const other = answer.querySelector(`[data-field="${group.dataset.field}"]`);
    const chosen = group.querySelector("input[type=file]");
    if (other === null) {
      continue;
    }
    const taken = document.adoptNode(other);
    const asked = taken.querySelector("input[type=file]");
    if (chosen !== null && asked !== null) {
      // The same field with the same file, and the description of its answer: the error is read out with it.
      chosen.setAttribute("aria-describedby", asked.getAttribute("aria-describedby") ?? "");
      asked.replaceWith(chosen);
    }
    group.replaceWith(taken);
  }
  const shown = document.adoptNode(summary);
  document.querySelector("main").prepend(shown);
  document.title = answer.title;
  shown.tabIndex = -1;
  shown.focus();
}

function say(form, message) {
  form.querySelector(".upload-failed")?.remove();
  const text = document.createElement("p");
  text.className = "govuk-error-message upload-failed";
  text.setAttribute("role", "alert");
  text.textContent = message;
  form.append(text);
}

// Printing a receipt: the button does nothing without JavaScript, so it is made here.
for (const place of document.querySelectorAll("[data-print]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "govuk-button govuk-button--secondary";
  button.textContent = place.dataset.print;
  button.addEventListener("click", () => window.print());
  place.append(button);
}
