// Sends the answer on by itself; without this file the button does it.
document.getElementById("answer").submit();
