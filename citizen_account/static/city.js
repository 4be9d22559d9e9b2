// Everything works without this file. It shows the "Show" button of passwords and keeps a form from being sent twice.
import { initAll } from "./govuk-frontend.js";

document.body.classList.add("js-enabled", "govuk-frontend-supported");
initAll();
