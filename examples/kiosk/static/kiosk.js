// Ask for this page again until it leads somewhere else; without scripts the buttons do.
setTimeout(async function ask() {
  const answer = await fetch(location.href, { redirect: 'manual' }).catch(() => ({}))
  if (answer.type === 'opaqueredirect') location.reload()
  else setTimeout(ask, 2000)
}, 2000)
