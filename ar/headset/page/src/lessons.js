/** The guided tour and the quiz, on whatever heart is shown. */

import { Quiz, questionsOf, resultsToCsv } from './quiz.js';
import { text } from './marks.js';
import { TOLD, WORDS } from './strings.js';

export class Lessons {
  constructor(app) {
    this.app = app;
    this.tour = null;
    this.at = 0;
    this.quiz = null;
  }

  get isOn() {
    return this.tour !== null || this.quiz !== null;
  }

  get shown() {
    return this.app.shared.structures;
  }

  startTour() {
    const structures = this.shown.structures.filter((one) => one.is_visible);
    this.tour = [...structures, ...this.shown.found];
    this.goTo(0);
  }

  goTo(at) {
    this.at = Math.min(Math.max(at, 0), this.tour.length - 1);
    const stop = this.tour[this.at];
    if (!stop) {
      this.end();
      return;
    }
    this.emphasise(stop.position_mm ? null : stop.key);
    this.app.heart.showOwn(...(stop.position_mm ? [text(stop.title, stop.position_mm)] : []));
    const words = [stop.title, stop.spread ? `(${stop.spread})` : '', TOLD[stop.key] ?? ''];
    this.app.say(words.filter(Boolean).join(' – '));
    this.app.refresh();
  }

  emphasise(key) {
    const { heart } = this.app;
    heart.onlyKey = key;
    heart.showStructures(this.shown);
  }

  startQuiz() {
    const onResult = (result) => this.app.source.log?.(result);
    this.quiz = new Quiz(questionsOf(this.shown.structures, this.shown.found), { onResult });
    this.app.tools.use('quiz');
    this.ask('');
  }

  ask(before) {
    const { question, nRight, results } = this.quiz;
    const next = question ? WORDS.pointAt(question.title) : WORDS.score(nRight, results.length);
    this.app.say([before, next].filter(Boolean).join(' '));
    if (!question) this.app.tools.use('look');
    this.app.refresh();
  }

  /** Take a press as an answer; a press on nothing is none. */
  answer(pointer) {
    if (!this.quiz?.question) return false;
    const { heart } = this.app;
    const { origin, direction } = pointer.ray.ray;
    const hit = heart.hit(pointer.ray);
    if (!hit) {
      this.app.say(`${WORDS.nothingHit} ${WORDS.pointAt(this.quiz.question.title)}`);
      return false;
    }
    const from = heart.toPatient(origin);
    const result = this.quiz.answer(from, heart.directionToPatient(direction), hit.key);
    const isPlace = this.shown.found.some((mark) => mark.key === result.asked);
    const hitTitle = this.shown.structures.find((one) => one.key === hit.key)?.title ?? hit.key;
    this.ask(result.is_right ? WORDS.right : WORDS.wrong(hitTitle, isPlace ? result.distance_mm : null));
    return true;
  }

  end() {
    this.tour = null;
    this.quiz = null;
    this.emphasise(null);
    this.app.heart.showOwn();
    this.app.tools.mode = 'look';
    this.app.say('');
    this.app.refresh();
  }

  save() {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([resultsToCsv(this.quiz.results)], { type: 'text/csv' }));
    link.download = 'quiz.csv';
    link.click();
    URL.revokeObjectURL(link.href);
  }

  get buttons() {
    const end = { key: 'end', label: WORDS.end, run: () => this.end() };
    if (this.tour) {
      return [
        { key: 'back', label: WORDS.back, run: () => this.goTo(this.at - 1) },
        { key: 'next', label: WORDS.next, run: () => this.goTo(this.at + 1) },
        end,
      ];
    }
    const { question, results } = this.quiz;
    if (question) return [{ key: 'asked', label: WORDS.pointAt(question.title), run: () => {} }, end];
    return results.length ? [{ key: 'save', label: WORDS.saveResults, run: () => this.save() }, end] : [end];
  }
}
