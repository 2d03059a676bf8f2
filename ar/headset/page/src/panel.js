/** The panel beside the plain view, and over the picture of a phone's or tablet's AR. It shows; `app` decides. */

import { WORDS } from './strings.js';

/** An element with properties and children. */
export function el(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

export class Panel {
  constructor(root, app) {
    this.app = app;
    this.status = el('div', { className: 'status', role: 'status' });
    this.placing = el('div', { className: 'placing' });
    this.title = el('h1');
    this.message = el('div', { className: 'message', role: 'alert', hidden: true });
    this.body = el('div', { className: 'body' });
    this.limits = el('div', { className: 'limits' });
    this.notice = el('div', { className: 'notice', textContent: WORDS.notice });
    root.append(this.title, this.status, this.placing, this.message, this.body, this.limits, this.notice);
    this.shown = '';
  }

  say(text) {
    this.message.textContent = text;
    this.message.hidden = !text;
  }

  showStatus(text, isAlarm, placing, limits) {
    if (this.status.textContent !== text) this.status.textContent = text;
    if (this.placing.textContent !== placing) this.placing.textContent = placing;
    if (this.limits.textContent !== limits) this.limits.textContent = limits;
    document.body.classList.toggle('alarm', isAlarm);
  }

  /** Build the sections anew, unless nothing in them has changed. */
  show(view) {
    const { onInput, ...told } = view;
    const key = JSON.stringify(told);
    if (key === this.shown) return;
    this.shown = key;
    this.title.textContent = view.title;
    this.body.replaceChildren(
      el('section', { className: 'bar' }, ...view.buttons.map((button, at) => this.button(button, () => onInput('button', at)))),
      this.section(WORDS.structures, view.structures.map((one) => this.structure(one, onInput))),
      this.section(WORDS.planes, view.planes.map((plane) => this.plane(plane, onInput))),
      this.section(WORDS.measures, view.items.map((item) => this.item(item))),
    );
  }

  section(title, rows) {
    return el('section', { hidden: !rows.length }, el('h2', { textContent: title }), ...rows);
  }

  button({ label, isOn = false, key = '' }, run) {
    const made = el('button', { textContent: label, onclick: run, type: 'button' });
    made.dataset.key = key;
    made.setAttribute('aria-pressed', String(isOn));
    return made;
  }

  structure({ key, title, colour, opacity, is_visible }, onInput) {
    const look = (changed) => onInput('look', { key, is_visible, opacity, ...changed });
    const box = el('input', { type: 'checkbox', checked: is_visible });
    box.onchange = () => look({ is_visible: box.checked });
    const slider = el('input', { type: 'range', min: 0.05, max: 1, step: 0.05, value: opacity });
    slider.setAttribute('aria-label', WORDS.opacity(title));
    slider.onchange = () => look({ opacity: Number(slider.value) });
    const swatch = el('span', { className: 'swatch' });
    swatch.style.background = `rgb(${colour.map((part) => Math.round(part * 255)).join(' ')})`;
    const row = el('div', { className: 'row' }, el('label', {}, box, swatch, title), slider);
    row.dataset.structure = key;
    return row;
  }

  plane({ item_id, name, is_active, is_locked }, onInput) {
    const box = el('input', { type: 'checkbox', checked: is_active });
    box.onchange = () => onInput('switch', { item_id, is_active: box.checked });
    const words = is_locked ? `${name} (${WORDS.locked})` : name;
    return el('div', { className: 'row' }, el('label', {}, box, words));
  }

  item({ name, measures }) {
    const values = measures.map(({ title, text, why_not }) =>
      el('div', { className: 'value', textContent: why_not ? `${title}: ${why_not}` : `${title}: ${text}` }),
    );
    return el('div', { className: 'item' }, el('div', { textContent: name }), ...values);
  }
}
