// Goes on to the service once every frame was opened, or takes too long; without this file the link does it.
const link = document.getElementById("go-on");
const goOn = () => location.replace(link.href);
if (document.readyState === "complete") goOn();
else addEventListener("load", goOn);
setTimeout(goOn, 5000);
