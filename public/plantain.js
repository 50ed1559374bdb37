// Optional: every form works without it. While a form is on its way, its button rests and says what is going on.
for (const form of document.querySelectorAll('form[data-busy]')) {
  form.addEventListener('submit', (event) => {
    if (form.dataset.sent === 'yes') {
      event.preventDefault();
      return;
    }
    form.dataset.sent = 'yes';
    const button = event.submitter ?? form.querySelector('button[type="submit"]');
    if (!button) return;
    button.dataset.label = button.textContent;
    // Not `disabled`: a disabled button loses the focus, and its own name and value would not be sent.
    button.setAttribute('aria-disabled', 'true');
    button.setAttribute('aria-live', 'polite');
    button.textContent = button.dataset.busy ?? form.dataset.busy;
  });
}

// Back from the gateway by the browser's back button: the page comes from memory as it was left.
addEventListener('pageshow', () => {
  for (const form of document.querySelectorAll('form[data-sent]')) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll('button[aria-disabled]')) {
      button.removeAttribute('aria-disabled');
      button.textContent = button.dataset.label;
    }
  }
});
