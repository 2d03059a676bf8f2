/** Pairing: takes the one-time token out of the address, where no server and no history keeps it, and trades it in. */

const WORDS = {
  pairing: 'Pairing…',
  none: 'Scan the code that the workstation shows.',
  403: 'This code was used already or is too old. Scan the one that the workstation shows now.',
  429: 'Too many wrong codes. Wait a minute, then scan again.',
  503: 'There are too many viewers. Ask at the workstation.',
  other: 'The workstation did not answer. Scan its code again.',
};

const said = document.getElementById('said');
const token = location.hash.slice(1);
history.replaceState(null, '', '/');

async function pair() {
  if (!token) {
    said.textContent = WORDS.none;
    return;
  }
  said.textContent = WORDS.pairing;
  const answer = await fetch('/pair', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ token }),
  }).catch(() => null);
  if (answer?.ok) location.replace('/');
  else said.textContent = WORDS[answer?.status] ?? WORDS.other;
}

pair();
